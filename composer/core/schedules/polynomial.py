"""A power of the share of the run that is left."""

from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="Polynomial")
def polynomial(progress: float, epochs: float, power: Annotated[float, (0.1, 10.0)] = 0.9) -> float:
    """A power of the share of the run that is left, as customary for segmentation.

    Liu, Rabinovich, Berg, "ParseNet: Looking Wider to See Better", 2015, arXiv:1506.04579.

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        power: the exponent; 1 is a straight line.
    """
    del epochs
    return float((1 - progress) ** power)
