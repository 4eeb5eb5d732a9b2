"""The inverse square root of the epochs, which needs no last epoch."""

import math
from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="Inverse square root")
def inverse_sqrt(progress: float, epochs: float, timescale: Annotated[float, (0.01, 100000.0)] = 1.0) -> float:
    """Fall with the inverse square root of the epochs, so that a run can be made longer at any time.

    Zhai et al., "Scaling Vision Transformers", CVPR 2022, arXiv:2106.04560.

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        timescale: epochs over which the rate stays at the peak.
    """
    del progress
    return math.sqrt(timescale / max(epochs, timescale))
