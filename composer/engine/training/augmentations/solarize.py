"""Invert the bright pixels of some images."""

from typing import Annotated, ClassVar

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations import colour_operations as colours
from composer.engine.training.augmentations.subsets import apply_where


@augmentation(title="Solarize", order=56, stage="pixels", colour=True)
class Solarize(ImageAugmentation):
    """Invert the bright pixels of some of the images.

    Args:
        probability: share of the images that are changed.
        threshold: pixels from this value in [0, 1] on are inverted.
    """

    keeps_boxes: ClassVar[bool] = True

    def __init__(
        self, probability: Annotated[float, (0.0, 1.0)] = 0.2, threshold: Annotated[float, (0.0, 1.0)] = 0.5
    ) -> None:
        self.probability = probability
        self.threshold = threshold

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the images, some of them solarized."""
        thresholds = torch.full((len(images),), self.threshold)
        return apply_where(images, draws[:, 0] < self.probability, colours.solarize, thresholds)
