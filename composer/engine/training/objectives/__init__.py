"""What a run learns: the loss, the metric and the check that a network's output fits the data. One file an objective."""

from composer.engine.training.objectives.classification import Classification

__all__ = ["Classification"]
