"""Mirror images."""

from typing import Annotated, ClassVar

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.transfer import to_device


@augmentation(title="Flip", order=10, stage="geometry")
class Flip(ImageAugmentation):
    """Mirror some of the images; leave it out where left and right differ in meaning, as for digits.

    Args:
        horizontal: share of the images whose left and right are exchanged.
        vertical: share of the images whose top and bottom are exchanged.
    """

    numbers: ClassVar[int] = 2

    def __init__(
        self, horizontal: Annotated[float, (0.0, 1.0)] = 0.5, vertical: Annotated[float, (0.0, 1.0)] = 0.0
    ) -> None:
        self.horizontal = horizontal
        self.vertical = vertical

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the images, some of them mirrored."""
        for share, draw, axis in ((self.horizontal, draws[:, 0], 3), (self.vertical, draws[:, 1], 2)):
            if share > 0:
                mirrored = to_device(draw < share, images).view(-1, 1, 1, 1)
                images = torch.where(mirrored, images.flip(axis), images)
        return images

    def move_boxes(self, boxes: Tensor, draws: Tensor) -> Tensor:
        """Return the boxes, some of them mirrored."""
        for share, draw, axis in ((self.horizontal, draws[:, 0], 0), (self.vertical, draws[:, 1], 1)):
            mirrored = boxes.clone()
            mirrored[:, axis], mirrored[:, axis + 2] = 1 - boxes[:, axis + 2], 1 - boxes[:, axis]
            boxes = torch.where(to_device(draw < share, boxes)[:, None], mirrored, boxes)
        return boxes
