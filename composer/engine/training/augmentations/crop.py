"""A random part of each image, enlarged to the whole: random resized crop.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, arXiv:1409.4842, section 6.
"""

import math
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.transfer import as_images
from composer.engine.training.augmentations.warping import crop_matrices, warp

# Tries of an area and a proportion whose part fits into the image, as in torchvision and timm.
TRIES = 10


@augmentation(title="Random resized crop", order=5, stage="geometry")
class Crop(ImageAugmentation):
    """Cut out a random part of each image and enlarge it to the whole.

    Args:
        min_scale: smallest area of the part as a share of the image; ImageNet recipes use 0.08, small data more.
        max_scale: largest area of the part as a share of the image.
        max_ratio: largest ratio between the part's sides, in either direction.
    """

    numbers: ClassVar[int] = 2 * TRIES + 2
    is_crop: ClassVar[bool] = True

    def __init__(
        self,
        min_scale: Annotated[float, (0.01, 1.0)] = 0.35,
        max_scale: Annotated[float, (0.01, 1.0)] = 1.0,
        max_ratio: Annotated[float, (1.0, 10.0)] = 1.3333,
    ) -> None:
        self.min_scale, self.max_scale = sorted((min_scale, max_scale))
        self.max_ratio = max_ratio

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return left, top, width and height (count, 4) of each part as shares of the image's sides."""
        numbers = torch.rand(count, self.numbers, generator=generator)
        height, width = self.statistics.size
        # 1. Areas and proportions; the logarithm makes a proportion as likely as its inverse.
        scales = self.min_scale + (self.max_scale - self.min_scale) * numbers[:, :TRIES]
        ratios = torch.exp(math.log(self.max_ratio) * (2 * numbers[:, TRIES : 2 * TRIES] - 1))
        widths = (scales * ratios * height / width).sqrt()
        heights = (scales / ratios * width / height).sqrt()
        # 2. The first try that fits; if none does, the largest part of an allowed proportion.
        fits = (widths <= 1) & (heights <= 1)
        first = fits.int().argmax(dim=1, keepdim=True)
        ratio = min(max(width / height, 1 / self.max_ratio), self.max_ratio)
        largest = min(1.0, ratio * height / width), min(1.0, width / height / ratio)
        fit = fits.any(dim=1)
        part_width = torch.where(fit, widths.gather(1, first)[:, 0], largest[0])
        part_height = torch.where(fit, heights.gather(1, first)[:, 0], largest[1])
        # 3. A position where the part lies inside.
        left, top = (1 - part_width) * numbers[:, -2], (1 - part_height) * numbers[:, -1]
        return torch.stack([left, top, part_width, part_height], dim=1)

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the enlarged parts."""
        return warp(images, crop_matrices(*draws.unbind(1)))

    def move_boxes(self, boxes: Tensor, draws: Tensor) -> Tensor:
        """Return the boxes in the enlarged parts, clipped to them."""
        draws = as_images(draws, boxes)
        return ((boxes - draws[:, :2].repeat(1, 2)) / draws[:, 2:].repeat(1, 2)).clamp(0, 1)
