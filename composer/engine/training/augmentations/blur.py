"""Blur some images with a Gaussian, as SimCLR, BYOL and DINO do.

Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020, arXiv:2002.05709.
"""

from functools import partial
from typing import Annotated, ClassVar

from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.colour_operations import gaussian_blur
from composer.engine.training.augmentations.subsets import apply_where


@augmentation(title="Blur", order=54, stage="pixels")
class Blur(ImageAugmentation):
    """Blur some of the images with a Gaussian of random width.

    Args:
        probability: share of the images that are blurred.
        min_sigma: smallest standard deviation in pixels.
        max_sigma: largest standard deviation in pixels.
    """

    numbers: ClassVar[int] = 2
    keeps_boxes: ClassVar[bool] = True

    def __init__(
        self,
        probability: Annotated[float, (0.0, 1.0)] = 0.5,
        min_sigma: Annotated[float, (0.01, 50.0)] = 0.1,
        max_sigma: Annotated[float, (0.01, 50.0)] = 2.0,
    ) -> None:
        self.probability = probability
        self.min_sigma, self.max_sigma = sorted((min_sigma, max_sigma))

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the images, some of them blurred."""
        sigmas = self.min_sigma + (self.max_sigma - self.min_sigma) * draws[:, 1]
        blurred = partial(gaussian_blur, largest=self.max_sigma)
        return apply_where(images, draws[:, 0] < self.probability, blurred, sigmas)
