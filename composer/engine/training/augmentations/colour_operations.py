"""Operations on the colours of images (N, C, H, W) with pixels in [0, 1], each with one amount per image.

They follow Pillow's ImageEnhance and ImageOps, whose definitions RandAugment and its relatives use. kornia, which takes
a moment to import, is imported where an operation needs it.
"""

import math

import torch
from torch import Tensor

from composer.engine.training.augmentations.transfer import as_images
from composer.engine.training.datasets.image_format import per_channel

# ITU-R 601: how much of each of red, green and blue is in the grey of a colour.
LUMA = (0.299, 0.587, 0.114)


def per_image(amounts: Tensor, images: Tensor) -> Tensor:
    """Return one amount per image (N) in a shape that broadcasts over images."""
    return as_images(amounts, images).view(-1, 1, 1, 1)


def to_grey(images: Tensor) -> Tensor:
    """Return the grey images (N, 1, H, W)."""
    if images.shape[1] == 1:
        return images
    return (images * per_channel(LUMA, images)).sum(dim=1, keepdim=True)


def blend(images: Tensor, others: Tensor, factors: Tensor) -> Tensor:
    """Return images between others (factor 0) and themselves (factor 1), or beyond, as pixels in [0, 1]."""
    return torch.lerp(others.expand_as(images), images, per_image(factors, images)).clamp_(0, 1)


def brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Multiply the pixels: 0 is black, 1 changes nothing."""
    return (images * per_image(factors, images)).clamp_(0, 1)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Change the distance from the mean grey of the image: 0 is that grey, 1 changes nothing."""
    return blend(images, to_grey(images).mean(dim=(2, 3), keepdim=True), factors)


def saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Change the distance from the grey image: 0 is grey, 1 changes nothing. Grey images stay as they are."""
    return blend(images, to_grey(images), factors) if images.shape[1] == 3 else images


def hue(images: Tensor, turns: Tensor) -> Tensor:
    """Turn the circle of colours: 0.5 is half a turn, to the complementary colours. Grey images stay as they are."""
    if images.shape[1] != 3:
        return images
    from kornia.color import hsv_to_rgb, rgb_to_hsv

    hsv = rgb_to_hsv(images)
    angle = (hsv[:, :1] + per_image(turns, images) * 2 * math.pi) % (2 * math.pi)
    return hsv_to_rgb(torch.cat([angle, hsv[:, 1:]], dim=1)).clamp_(0, 1)


def sharpness(images: Tensor, factors: Tensor) -> Tensor:
    """Change the distance from the smoothed image: 0 is smooth, 1 changes nothing."""
    from kornia.enhance import sharpness as kornia_sharpness

    if min(images.shape[2:]) < 3:  # there is nothing but a border, which is never smoothed
        return images
    return kornia_sharpness(images, as_images(factors, images))


def posterize(images: Tensor, bits: Tensor) -> Tensor:
    """Keep the highest bits of 8: 8 changes nothing, 0 is black."""
    step = 2 ** (8 - per_image(bits, images).round())
    return (images * 255).round().div(step, rounding_mode="floor") * step / 255


def solarize(images: Tensor, thresholds: Tensor) -> Tensor:
    """Invert the pixels from a threshold on: 0 inverts all, above 1 nothing is inverted."""
    return torch.where(images < per_image(thresholds, images), images, 1 - images)


def solarize_add(images: Tensor, amounts: Tensor) -> Tensor:
    """Add an amount to the pixels below one half."""
    return torch.where(images < 0.5, (images + per_image(amounts, images)).clamp(max=1), images)


def autocontrast(images: Tensor, amounts: Tensor) -> Tensor:
    """Stretch each channel to the whole range; a channel of a single value stays. There is nothing to choose."""
    del amounts
    low, high = images.amin(dim=(2, 3), keepdim=True), images.amax(dim=(2, 3), keepdim=True)
    stretched = (images - low) / (high - low).clamp_min(1e-6)
    return torch.where(high - low > 1e-6, stretched, images)


def equalize(images: Tensor, amounts: Tensor) -> Tensor:
    """Spread the values of each channel evenly over the range. There is nothing to choose."""
    from kornia.enhance import equalize as kornia_equalize

    del amounts
    # kornia truncates to 256 levels; pixels are in the middle of their level, so that rounding errors change none.
    return kornia_equalize(((images * 255).round() + 0.25) / 255.5)


def invert(images: Tensor, amounts: Tensor) -> Tensor:
    """Return the negative. There is nothing to choose."""
    del amounts
    return 1 - images


def gaussian_blur(images: Tensor, sigmas: Tensor, largest: float) -> Tensor:
    """Blur with a Gaussian.

    Args:
        images: the images.
        sigmas: standard deviation in pixels per image (N).
        largest: upper bound of `sigmas`, which determines the size of the kernel.
    """
    from kornia.filters import gaussian_blur2d

    # Beyond three standard deviations there is less than 0.3 %; a reflection is shorter than a side.
    radius = min(max(1, math.ceil(3 * largest)), min(images.shape[2:]) - 1)
    if radius < 1:
        return images
    return gaussian_blur2d(images, 2 * radius + 1, as_images(sigmas, images)[:, None].expand(-1, 2))
