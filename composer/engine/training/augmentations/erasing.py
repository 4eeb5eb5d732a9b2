"""Erase a random rectangle of some images.

Zhong et al., "Random Erasing Data Augmentation", AAAI 2020, arXiv:1708.04896.
"""

import math
from typing import Annotated, Literal

import torch
from torch import Tensor

from composer.core.training_inputs import IMAGE
from composer.engine.training.augmentations import BatchAugmentation, augmentation
from composer.engine.training.augmentations.transfer import to_device

# Tries of an area and a proportion whose rectangle fits into the image, as in timm.
TRIES = 10
MAX_RATIO = 1 / 0.3


@augmentation(title="Random erasing", order=80, stage="batch")
class Erasing(BatchAugmentation):
    """Erase a random rectangle of some of the images, after they are normalized.

    Args:
        probability: share of the images that lose a rectangle.
        min_area: smallest rectangle as a share of the image.
        max_area: largest rectangle as a share of the image.
        fill: what the rectangle shows: noise, or the mean colour of the data.
    """

    def __init__(
        self,
        probability: Annotated[float, (0.0, 1.0)] = 0.25,
        min_area: Annotated[float, (0.0, 1.0)] = 0.02,
        max_area: Annotated[float, (0.0, 1.0)] = 0.3333,
        fill: Literal["noise", "mean"] = "noise",
    ) -> None:
        self.probability = probability
        self.min_area, self.max_area = sorted((min_area, max_area))
        self.fill = fill

    def draw(self, count: int, size: tuple[int, int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw which images lose which rectangle.

        Args:
            count: number of images.
            size: height and width of the images.
            generator: source of randomness on the CPU.

        Returns:
            The numbers of the images (n), and top, left, height and width of their rectangles (n, 4) in pixels.
        """
        numbers = torch.rand(count, 2 * TRIES + 3, generator=generator)
        height, width = size
        areas = (self.min_area + (self.max_area - self.min_area) * numbers[:, :TRIES]) * height * width
        ratios = torch.exp(math.log(MAX_RATIO) * (2 * numbers[:, TRIES : 2 * TRIES] - 1))
        heights, widths = (areas * ratios).sqrt().round(), (areas / ratios).sqrt().round()
        fits = (heights < height) & (widths < width) & (heights > 0) & (widths > 0)
        first = fits.int().argmax(dim=1, keepdim=True)
        part_height, part_width = heights.gather(1, first)[:, 0], widths.gather(1, first)[:, 0]
        top = ((height - part_height + 1) * numbers[:, -3]).floor()
        left = ((width - part_width + 1) * numbers[:, -2]).floor()
        index = ((numbers[:, -1] < self.probability) & fits.any(dim=1)).nonzero()[:, 0]
        return index, torch.stack([top, left, part_height, part_width], dim=1)[index].long()

    def apply(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the batch, some of its images with an erased rectangle."""
        images = batch[IMAGE]
        height, width = images.shape[2:]
        index, rectangles = self.draw(len(images), (height, width), generator)
        if len(index) == 0:
            return batch
        index = to_device(index, images)
        top, left, part_height, part_width = to_device(rectangles, images).view(-1, 4, 1, 1).unbind(1)
        rows = torch.arange(height, device=images.device).view(1, -1, 1)
        columns = torch.arange(width, device=images.device).view(1, 1, -1)
        erased = (rows >= top) & (rows < top + part_height) & (columns >= left) & (columns < left + part_width)
        parts = torch.where(erased[:, None], self._filling(images[index], generator), images[index])
        return {**batch, IMAGE: images.index_copy(0, index, parts)}

    def _filling(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return what the rectangles of normalized images show."""
        if self.fill == "mean":
            return images.new_zeros(())
        # Noise for every pixel is drawn on the device: transferring it would take longer than the step.
        seed = int(torch.randint(2**31 - 1, (), generator=generator))
        noise = torch.Generator(images.device).manual_seed(seed)
        return torch.randn(images.shape, generator=noise, device=images.device, dtype=images.dtype)
