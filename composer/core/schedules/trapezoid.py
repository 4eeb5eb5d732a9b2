"""The peak for most of the run, then a straight line to the minimum."""

from typing import Annotated

from composer.core.schedules import schedule


@schedule(title="Constant, then linear")
def trapezoid(progress: float, epochs: float, decay: Annotated[float, (0.0, 1.0)] = 0.2) -> float:
    """Keep the peak for most of the run, then fall in a straight line.

    Zhai et al., "Scaling Vision Transformers", CVPR 2022 (a linear cooldown); Haegele et al., "Scaling Laws and
    Compute-Optimal Training Beyond Fixed Training Durations", 2024, arXiv:2405.18392 (a fifth of the run).

    Args:
        progress: share of the run after the warm-up.
        epochs: epochs since the start.
        decay: share of the run at its end over which the rate falls.
    """
    del epochs
    return 1.0 if progress < 1 - decay or not decay else (1 - progress) / decay
