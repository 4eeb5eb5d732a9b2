"""RandAugment: random operations of one strength.

Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", NeurIPS 2020,
arXiv:1909.13719, with the levels that grow with the magnitude (timm's ``rand-m9-mstd0.5-inc1``).
"""

from typing import Annotated

import torch
from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.policies import (
    Policy,
    apply_policy,
    around_one,
    between,
    bits,
    nothing,
    random_operation,
    random_sign,
    signed,
)

MAX_MAGNITUDE = 10.0
POLICY: Policy = {
    "autocontrast": nothing,
    "equalize": nothing,
    "invert": nothing,
    "rotate": signed(30.0),
    "posterize": bits(4, 0),
    "solarize": between(256 / 255, 0.0),
    "solarize_add": between(0.0, 110 / 255),
    "saturation": around_one(0.9),
    "contrast": around_one(0.9),
    "brightness": around_one(0.9),
    "sharpness": around_one(0.9),
    "shear_x": signed(0.3),
    "shear_y": signed(0.3),
    "translate_x": signed(0.45),
    "translate_y": signed(0.45),
}


@augmentation(title="RandAugment", order=42, stage="pixels", colour=True)
class RandAugment(ImageAugmentation):
    """Apply random operations to each image: rotate, shear, shift, solarize, posterize and others.

    Args:
        magnitude: strength from 0 to 10; the recipes of DeiT, Swin and ConvNeXt use 9.
        operations: rounds; in each, an image gets one operation or none.
        spread: standard deviation of the magnitude between operations.
        probability: share of the images that get an operation in a round.
    """

    def __init__(
        self,
        magnitude: Annotated[float, (0.0, 10.0)] = 9.0,
        operations: Annotated[int, (1, 10)] = 2,
        spread: Annotated[float, (0.0, 10.0)] = 0.5,
        probability: Annotated[float, (0.0, 1.0)] = 0.5,
    ) -> None:
        self.magnitude = magnitude
        self.operations = operations
        self.spread = spread
        self.probability = probability

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return the number of the operation, its level and its sign (count, operations, 3)."""
        numbers = torch.rand(count, self.operations, 3, generator=generator)
        noise = torch.randn(count, self.operations, generator=generator)
        active = numbers[..., 0] < self.probability
        operation = torch.where(active, random_operation(numbers[..., 1], POLICY), -1)
        levels = (self.magnitude + self.spread * noise).clamp(0, MAX_MAGNITUDE) / MAX_MAGNITUDE
        return torch.stack([operation.float(), levels, random_sign(numbers[..., 2])], dim=2)

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the changed images."""
        for step in range(self.operations):
            operation, levels, signs = draws[:, step].unbind(1)
            images = apply_policy(images, POLICY, operation, levels, signs, self.statistics.mean)
        return images
