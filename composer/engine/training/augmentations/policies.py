"""Policies: tables of operations, of which each image gets one, at a level from 0 (weak) to 1 (strong).

The operations of a table that move pixels are done in one call for all images that drew one of them; the corners that
enter from outside show the mean colour of the data.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from composer.engine.training.augmentations import colour_operations as colours
from composer.engine.training.augmentations.transfer import to_device
from composer.engine.training.augmentations.warping import warp
from composer.engine.training.datasets.image_format import per_channel

# From levels in [0, 1] and random signs to the amounts of an operation.
Amounts = Callable[[Tensor, Tensor], Tensor]
Policy = Mapping[str, Amounts]

COLOUR_OPERATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "autocontrast": colours.autocontrast,
    "equalize": colours.equalize,
    "invert": colours.invert,
    "posterize": colours.posterize,
    "solarize": colours.solarize,
    "solarize_add": colours.solarize_add,
    "saturation": colours.saturation,
    "contrast": colours.contrast,
    "brightness": colours.brightness,
    "sharpness": colours.sharpness,
}


def rotation(amounts: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the rows of matrices that rotate by an angle in degrees around the centre."""
    angles = torch.deg2rad(amounts)
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    # Both sides are measured from -1 to 1, so a rotation of a rectangle needs the ratio of its sides.
    return cos, -sin * height / width, zero, sin * width / height, cos, zero


def shear_x(amounts: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the rows of matrices that shift each row by its distance from the centre times an amount."""
    one, zero = torch.ones_like(amounts), torch.zeros_like(amounts)
    return one, amounts * height / width, zero, zero, one, zero


def shear_y(amounts: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the rows of matrices that shift each column by its distance from the centre times an amount."""
    one, zero = torch.ones_like(amounts), torch.zeros_like(amounts)
    return one, zero, zero, amounts * width / height, one, zero


def translate_x(amounts: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the rows of matrices that shift by a share of the width."""
    del height, width
    one, zero = torch.ones_like(amounts), torch.zeros_like(amounts)
    return one, zero, 2 * amounts, zero, one, zero


def translate_y(amounts: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Return the rows of matrices that shift by a share of the height."""
    del height, width
    one, zero = torch.ones_like(amounts), torch.zeros_like(amounts)
    return one, zero, zero, zero, one, 2 * amounts


MOVES: Mapping[str, Callable[[Tensor, int, int], tuple[Tensor, ...]]] = {
    "rotate": rotation,
    "shear_x": shear_x,
    "shear_y": shear_y,
    "translate_x": translate_x,
    "translate_y": translate_y,
}
IDENTITY = "identity"


def nothing(levels: Tensor, signs: Tensor) -> Tensor:
    """Return the amounts of an operation without a choice."""
    del signs
    return torch.zeros_like(levels)


def signed(limit: float) -> Amounts:
    """Return amounts up to a limit, in either direction."""
    return lambda levels, signs: limit * levels * signs


def around_one(limit: float) -> Amounts:
    """Return factors around 1, which differ from it by up to a limit in either direction."""
    return lambda levels, signs: 1 + limit * levels * signs


def between(weakest: float, strongest: float) -> Amounts:
    """Return amounts from that of the weakest level to that of the strongest."""
    return lambda levels, _: weakest + (strongest - weakest) * levels


def bits(weakest: int, strongest: int) -> Amounts:
    """Return numbers of bits from those of the weakest level to those of the strongest, rounded up."""
    return lambda levels, _: (weakest + (strongest - weakest) * levels).ceil()


def apply_policy(
    images: Tensor, policy: Policy, numbers: Tensor, levels: Tensor, signs: Tensor, mean: tuple[float, ...]
) -> Tensor:
    """Apply one operation of a policy to each image.

    Args:
        images: (N, C, H, W), pixels in [0, 1].
        policy: the operations.
        numbers: which operation each image gets (N), -1 for none; on the CPU, like all draws.
        levels: how strong (N), in [0, 1].
        signs: direction of operations that have two (N), -1 or 1.
        mean: mean of each channel of the data, which fills what enters from outside.
    """
    height, width = images.shape[2:]
    result = images.clone()
    moved: list[Tensor] = []
    matrices: list[Tensor] = []
    for number, (name, amounts_at) in enumerate(policy.items()):
        index = (numbers == number).nonzero()[:, 0]
        if name == IDENTITY or len(index) == 0:
            continue
        amounts = amounts_at(levels[index], signs[index])
        if name in MOVES:
            moved.append(index)
            matrices.append(torch.stack(MOVES[name](amounts, height, width), dim=1).view(-1, 2, 3))
        else:
            on_device = to_device(index, images)
            result.index_copy_(0, on_device, COLOUR_OPERATIONS[name](images[on_device], amounts))
    if moved:
        on_device = to_device(torch.cat(moved), images)
        centre = per_channel(mean, images)
        shifted = warp(images[on_device] - centre, torch.cat(matrices), outside="zeros") + centre
        result.index_copy_(0, on_device, shifted.clamp_(0, 1))
    return result


def random_operation(numbers: Tensor, policy: Policy) -> Tensor:
    """Return the number of an operation for each random number in [0, 1)."""
    return (numbers * len(policy)).long().clamp_(max=len(policy) - 1)


def random_sign(numbers: Tensor) -> Tensor:
    """Return -1 or 1 for each random number in [0, 1)."""
    return torch.where(numbers < 0.5, -1.0, 1.0)
