"""3-Augment: each image becomes grey, solarized or blurred.

Touvron et al., "DeiT III: Revenge of the ViT", ECCV 2022, arXiv:2204.07118, section 3.2.
"""

from functools import partial
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations import colour_operations as colours
from composer.engine.training.augmentations.subsets import apply_where

THRESHOLD = 0.5
MIN_SIGMA, MAX_SIGMA = 0.1, 2.0


@augmentation(title="3-Augment", order=38, stage="pixels", colour=True)
class ThreeAugment(ImageAugmentation):
    """Make each image grey, solarize it or blur it, one of the three at random.

    Args:
        probability: share of the images that are changed.
    """

    numbers: ClassVar[int] = 3
    keeps_boxes: ClassVar[bool] = True

    def __init__(self, probability: Annotated[float, (0.0, 1.0)] = 1.0) -> None:
        self.probability = probability

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the changed images."""
        operation = (draws[:, 1] * 3).floor().where(draws[:, 0] < self.probability, -1)
        sigmas = MIN_SIGMA + (MAX_SIGMA - MIN_SIGMA) * draws[:, 2]
        images = apply_where(images, operation == 0, colours.saturation, torch.zeros_like(sigmas))
        images = apply_where(images, operation == 1, colours.solarize, torch.full_like(sigmas, THRESHOLD))
        return apply_where(images, operation == 2, partial(colours.gaussian_blur, largest=MAX_SIGMA), sigmas)
