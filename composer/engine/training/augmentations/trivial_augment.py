"""TrivialAugment: one operation per image, of a strength drawn for each, with nothing to tune.

Müller, Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", ICCV 2021, arXiv:2103.10158.
"""

from typing import ClassVar

from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.policies import (
    IDENTITY,
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

# The wide space of the paper: 31 levels. Shifts of up to 32 of 224 pixels are measured in sides.
LEVELS = 31
POLICY: Policy = {
    IDENTITY: nothing,
    "shear_x": signed(0.99),
    "shear_y": signed(0.99),
    "translate_x": signed(32 / 224),
    "translate_y": signed(32 / 224),
    "rotate": signed(135.0),
    "brightness": around_one(0.99),
    "saturation": around_one(0.99),
    "contrast": around_one(0.99),
    "sharpness": around_one(0.99),
    "posterize": bits(8, 2),
    "solarize": between(256 / 255, 0.0),
    "autocontrast": nothing,
    "equalize": nothing,
}


@augmentation(title="TrivialAugment", order=42, stage="pixels", colour=True)
class TrivialAugment(ImageAugmentation):
    """Apply one random operation of random strength to each image; there is nothing to tune."""

    numbers: ClassVar[int] = 3

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the changed images."""
        operation, level, sign = draws.unbind(1)
        levels = (level * LEVELS).floor() / (LEVELS - 1)
        return apply_policy(
            images, POLICY, random_operation(operation, POLICY), levels, random_sign(sign), self.statistics.mean
        )
