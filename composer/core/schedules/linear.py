"""A straight line from the peak to the minimum."""

from composer.core.schedules import schedule


@schedule(title="Straight line")
def linear(progress: float, epochs: float) -> float:
    """A straight line from the peak to the minimum."""
    del epochs
    return 1 - progress
