"""Shift each image by whole pixels: pad, then crop at a random position, the augmentation of CIFAR.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385, section 4.2.
"""

from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.transfer import as_images, to_device
from composer.engine.training.datasets.image_format import per_channel


@augmentation(title="Padded crop", order=20, stage="geometry")
class PadCrop(ImageAugmentation):
    """Pad each image on all sides and cut out its size at a random position.

    Args:
        padding: width of the padding as a share of the side; 4 of 32 pixels is 0.125.
        fill: what the padding shows: the image mirrored at its border, or black.
    """

    numbers: ClassVar[int] = 2

    def __init__(
        self,
        padding: Annotated[float, (0.0, 0.5)] = 0.125,
        fill: Literal["reflect", "black"] = "reflect",
    ) -> None:
        self.padding = padding
        self.fill = fill

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return shifts down and right (count, 2) in whole pixels."""
        numbers = torch.rand(count, self.numbers, generator=generator)
        # A mirror image has no more than side - 1 pixels beside the border.
        limits = torch.tensor([min(round(self.padding * side), side - 1) for side in self.statistics.size])
        return (numbers * (2 * limits + 1)).floor().long() - limits

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the shifted images."""
        result = images
        inside = torch.ones(len(images), 1, 1, 1, dtype=torch.bool, device=images.device)
        for axis, shifts in ((2, draws[:, 0]), (3, draws[:, 1])):
            side = images.shape[axis]
            source = torch.arange(side, device=images.device) - to_device(shifts, images)[:, None]
            view = (len(images), 1, side, 1) if axis == 2 else (len(images), 1, 1, side)
            inside = inside & ((source >= 0) & (source < side)).view(view)
            mirrored = (side - 1 - (side - 1 - source.abs()).abs()).view(view)
            result = result.gather(axis, mirrored.expand(images.shape))
        if self.fill == "black":
            black = tuple(-mean / std for mean, std in zip(self.statistics.mean, self.statistics.std, strict=True))
            return torch.where(inside, result, per_channel(black, images))
        return result

    def move_boxes(self, boxes: Tensor, draws: Tensor) -> Tensor:
        """Return the shifted boxes, clipped to the image."""
        shifts = as_images(draws / torch.tensor(self.statistics.size), boxes)
        return (boxes + shifts.flip(1).repeat(1, 2)).clamp(0, 1)
