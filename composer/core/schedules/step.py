"""Steps: the rate is multiplied by a factor every few epochs."""

import math
from typing import Annotated

from composer.core.schedules import schedule

# Epochs are counted in fractions, and 3 * (1 / 3) must be the first epoch, not the last moment before it.
TOLERANCE = 1e-9


@schedule(title="Steps")
def step(
    progress: float,
    epochs: float,
    every: Annotated[float, (0.01, 100000.0)] = 30.0,
    factor: Annotated[float, (0.0, 1.0)] = 0.1,
) -> float:
    """Multiply the rate by a factor every few epochs, the warm-up included.

    He et al., "Deep Residual Learning for Image Recognition", 2016 (a tenth every 30 epochs); Tan, Le, "EfficientNet",
    2019 (0.97 every 2.4 epochs).

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        every: epochs from one step to the next.
        factor: what a step multiplies the rate by.
    """
    del progress
    return float(factor ** math.floor(epochs / every + TOLERANCE))
