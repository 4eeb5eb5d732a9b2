"""Small rotations, shifts and zooms: the augmentation of handwriting.

All samples of an epoch are drawn together, after its order, because runs have always done so and stay reproducible.
"""

import math
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.warping import warp


@augmentation(title="Rotate, shift, zoom", order=30, stage="geometry")
class Affine(ImageAugmentation):
    """Rotate, shift and zoom each image a little; what enters from outside repeats the border.

    Args:
        rotation: largest angle in degrees, in either direction.
        shift: largest shift as a share of the side.
        zoom: largest change of size, as a share of it.
    """

    once_per_epoch: ClassVar[bool] = True

    def __init__(
        self,
        rotation: Annotated[float, (0.0, 180.0)] = 10.0,
        shift: Annotated[float, (0.0, 0.5)] = 0.08,
        zoom: Annotated[float, (0.0, 0.9)] = 0.1,
    ) -> None:
        self.rotation = math.radians(rotation)
        self.shift = shift
        self.zoom = zoom

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return affine matrices (count, 2, 3) for `warp`."""
        angle, zoom, right, down = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
        angle, zoom = angle * self.rotation, 1 + zoom * self.zoom
        cos, sin = angle.cos() * zoom, angle.sin() * zoom
        # grid_sample measures in half sides, hence the factor 2.
        return torch.stack([cos, -sin, right * self.shift * 2, sin, cos, down * self.shift * 2], dim=1).view(
            count, 2, 3
        )

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the moved images."""
        return warp(images, draws)
