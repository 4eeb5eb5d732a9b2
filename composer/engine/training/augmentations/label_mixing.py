"""What MixUp and CutMix share: the part of an image that stays, and labels that are probabilities."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

MAX_SEED = 2**31 - 1


def random_share(alpha: float, generator: torch.Generator) -> float:
    """Draw a number in [0, 1] from the Beta distribution whose parameters are both `alpha`."""
    seed = int(torch.randint(MAX_SEED, (), generator=generator))
    # RandomState: numpy promises that its stream never changes.
    return float(np.random.RandomState(seed).beta(alpha, alpha))


def mix_labels(labels: Tensor, classes: int, share: float) -> Tensor:
    """Return the class probabilities (N, classes) of samples that are mixed with those in reverse order.

    Args:
        labels: class numbers (N), or probabilities (N, classes).
        classes: number of classes.
        share: part of its own label that each sample keeps.
    """
    probabilities = F.one_hot(labels, classes).float() if labels.ndim == 1 else labels
    return probabilities * share + probabilities.flip(0) * (1 - share)
