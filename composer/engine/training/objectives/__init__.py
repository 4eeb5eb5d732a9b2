"""Objectives: one file each, found by walking this folder. An objective defines loss, metrics and the best epoch.

::

    @objective(title="Regression", metrics={"error": {"title": "Mean error", "direction": "min"}}, primary="error")
    class Regression(Objective):
        ...

``metrics`` names the values that `Metrics.compute` returns, with ``title``, ``unit`` (``%`` for shares) and
``direction``; the window plots the ``primary`` one and compares runs by it. The loss is always recorded; an entry
``loss`` describes it.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import objectives
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.splits import Batch

T = TypeVar("T")
# What an objective trains: it takes a batch and passes the right fields to the network.
Model = Callable[[Batch], Any]


class Metrics(nn.Module, ABC):
    """Accumulates the metrics of one pass over a split.

    It is a module whose buffers hold the sums, so that it moves between devices and goes into checkpoints.
    """

    @abstractmethod
    def update(self, outputs: Any, batch: Batch) -> None:
        """Add a batch. This runs in every step, so it must not read a value back from the device."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Return the metrics by name."""

    def measured(self) -> Collection[str] | None:
        """Return the names of the declared metrics that `compute` returns for this dataset; None for all of them."""
        return None

    def reset(self) -> None:
        """Set all sums to zero."""
        for buffer in self.buffers():
            buffer.zero_()


class Objective(ABC):
    """What a network learns; the parameters of the constructor are the objective's options."""

    @abstractmethod
    def prepare(self, data: LoadedDataset) -> None:
        """Take over what the objective needs of the dataset, before anything else is called.

        Raises:
            UserError: if the dataset does not fit the objective.
        """

    @abstractmethod
    def check(self, outputs: Any, batch: Batch) -> None:
        """Refuse outputs that the objective cannot learn from.

        Args:
            outputs: result of the network for a small batch.
            batch: that batch.

        Raises:
            UserError: saying what the design has to end with.
        """

    @abstractmethod
    def loss(self, model: Model, batch: Batch, step: int | None) -> tuple[Tensor, Any]:
        """Run the model as often as the objective needs it.

        Args:
            model: the network.
            batch: all fields of a batch.
            step: number of the optimizer step; None in validation, which omits regularization such as label smoothing.

        Returns:
            The mean loss of the samples and the outputs for `Metrics.update`.
        """

    @abstractmethod
    def metrics(self) -> Metrics:
        """Return fresh metrics."""

    def per_sample(self, outputs: Any, batch: Batch) -> Mapping[str, Tensor]:
        """Return what the run stores of each sample of a validation batch; by default nothing.

        ``logits`` (N, classes) and ``labels`` (N,) together are predictions: the window shows their confusion matrix,
        and the samples behind each cell. Other names are stored as they are; a few numbers a sample are enough.

        Args:
            outputs: what `loss` returned beside the loss.
            batch: the batch.
        """
        return {}


def objective(
    *,
    title: str,
    metrics: Mapping[str, Mapping[str, str]],
    primary: str,
    scores_per_class: bool = False,
    soft_labels: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Mark the class that an objective file declares.

    Args:
        title: name for people.
        metrics: ``title``, ``unit`` and ``direction`` (``max`` or ``min``) of each metric by name.
        primary: the metric that decides which epoch is best; ``loss`` is allowed too.
        scores_per_class: whether the design must end with one output of one score per class.
        soft_labels: whether the field ``label`` may hold probabilities of the classes, as MixUp makes them.
    """
    # Read from the source by `core.training_extensions`, so that they are known without torch.
    del title, metrics, primary, scores_per_class, soft_labels
    return lambda marked: marked


def make_objective(reference: ExtensionRef, data: LoadedDataset) -> Objective:
    """Return an objective that is prepared for a dataset.

    Raises:
        UserError: if it is unknown, its options do not fit, or the dataset does not fit it.
    """
    if messages := training_settings.reference_problems("objective", reference):
        raise UserError(messages[0])
    module = importlib.import_module(f"{__name__}.{reference.name}")
    prepared: Objective = getattr(module, objectives()[reference.name].attribute)(**reference.options)
    prepared.prepare(data)
    return prepared
