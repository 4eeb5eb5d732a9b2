"""The peak learning rate until the end."""

from composer.core.schedules import schedule


@schedule(title="Constant")
def constant(progress: float, epochs: float) -> float:
    """The peak learning rate until the end."""
    del progress, epochs
    return 1.0
