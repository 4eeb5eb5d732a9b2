"""One cycle: up to the peak, then down to the minimum."""

import math
from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="One cycle", own_warmup=True)
def one_cycle(
    progress: float,
    epochs: float,
    rise: Annotated[float, (0.0, 0.99)] = 0.3,
    start: Annotated[float, (0.0, 1.0)] = 0.04,
) -> float:
    """Rise along a half cosine, then fall along one; it takes the place of the warm-up.

    Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2019,
    arXiv:1708.07120, with the cosines of fast.ai and torch.

    Args:
        progress: share of the run.
        epochs: epochs since the start.
        rise: share of the run over which the rate rises.
        start: what it starts at, as a share of the peak.
    """
    del epochs
    if progress < rise:
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * progress / rise))
    return 0.5 * (1 + math.cos(math.pi * (progress - rise) / (1 - rise)))
