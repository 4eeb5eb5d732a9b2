"""Affine maps of images, and of the boxes in them."""

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.engine.training.augmentations.transfer import as_images


def warp(images: Tensor, matrices: Tensor, outside: str = "border") -> Tensor:
    """Apply affine matrices (N, 2, 3) to images (N, C, H, W).

    Args:
        images: the images.
        matrices: map a position in the result to one in the image; both sides are measured from -1 to 1.
        outside: what enters from outside: ``border`` repeats the border, ``zeros`` is 0, which is the mean of
            normalized images.
    """
    grid = F.affine_grid(as_images(matrices, images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode=outside, align_corners=False)


def crop_matrices(left: Tensor, top: Tensor, width: Tensor, height: Tensor) -> Tensor:
    """Return the matrices (N, 2, 3) that enlarge a part of each image to the whole.

    Args:
        left: left edge of the part as a share of the image's width (N).
        top: upper edge as a share of the height (N).
        width: as a share of the image's width (N).
        height: as a share of the image's height (N).
    """
    zero = torch.zeros_like(left)
    rows = [width, zero, 2 * left + width - 1, zero, height, 2 * top + height - 1]
    return torch.stack(rows, dim=1).view(-1, 2, 3)
