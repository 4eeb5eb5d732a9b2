"""A half cosine from the peak to the minimum."""

import math
from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="Cosine")
def cosine(progress: float, epochs: float, cycles: Annotated[int, (1, 100)] = 1) -> float:
    """A half cosine from the peak to the minimum.

    Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, arXiv:1608.03983.

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        cycles: how often it starts again at the peak.
    """
    del epochs
    position = 1.0 if progress >= 1 else progress * cycles % 1.0
    return 0.5 * (1 + math.cos(math.pi * position))
