"""A constant factor for each epoch."""

from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="Exponential")
def exponential(progress: float, epochs: float, factor: Annotated[float, (0.0, 1.0)] = 0.95) -> float:
    """Multiply the rate by a constant factor for each epoch, in every step a little.

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        factor: what is left of the rate after an epoch.
    """
    del progress
    return float(factor**epochs)
