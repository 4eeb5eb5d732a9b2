"""Light augmentation on tensors, drawn for a whole epoch at once.

Because an epoch's order and jitter depend on nothing but (seed, epoch), a resumed run sees the very batches of an unbroken one
without any state to save, and drawing them costs one call an epoch instead of one a step.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.engine.training.data import Split

MAX_TURN = math.radians(10)
MAX_SHIFT = 0.08  # of the side
MAX_ZOOM = 0.1
CHUNK_BYTES = 2**25  # of images made ready together: a few large calls instead of many small ones, in bounded memory


def jitter(count: int, generator: torch.Generator) -> Tensor:
    """Random small turns, zooms and shifts.

    Args:
        count: how many.
        generator: where the randomness comes from (on the CPU, so that every device sees the same).

    Returns:
        Affine matrices (count, 2, 3) for `warp`.
    """
    turn, zoom, right, down = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
    turn, zoom = turn * MAX_TURN, 1 + zoom * MAX_ZOOM
    cos, sin = turn.cos() * zoom, turn.sin() * zoom
    # grid_sample measures in half sides, hence the factor 2.
    return torch.stack([cos, -sin, right * MAX_SHIFT * 2, sin, cos, down * MAX_SHIFT * 2], dim=1).view(count, 2, 3)


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Apply affine matrices (N, 2, 3) to `images` (N, C, H, W); what comes in from outside repeats the border."""
    grid = F.affine_grid(matrices.to(images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def epoch_batches(
    data: Split, batch_size: int, seed: int, epoch: int, *, augment: bool, start: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """The shuffled batches of one epoch, on the device where `data` lies.

    Args:
        data: images and labels.
        batch_size: images a batch; the last batch may be smaller, but never a single image, which batch norm cannot take.
        seed: seed of the run.
        epoch: number of the epoch; with the seed it decides everything.
        augment: whether images are jittered.
        start: batches to leave out, for a run that goes on in the middle of an epoch.

    Yields:
        Images and labels of a batch.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(data), generator=generator)
    matrices = jitter(len(data), generator) if augment else None
    bounds = batch_bounds(len(data), batch_size)
    batches = max(1, CHUNK_BYTES // (batch_size * math.prod(data.shape) * 4))
    for first in range(start, len(bounds), batches):
        chunk = bounds[first : first + batches]
        low, high = chunk[0][0], chunk[-1][1]
        index = order[low:high].to(data.labels.device)
        images, labels = data.take(index), data.labels[index]
        if matrices is not None:
            images = warp(images, matrices[low:high])
        for begin, end in chunk:
            yield images[begin - low : end - low], labels[begin - low : end - low]


def batch_bounds(count: int, batch_size: int) -> list[tuple[int, int]]:
    """First and last+1 index of each batch; a single image left over joins the batch before it."""
    bounds = [(low, min(low + batch_size, count)) for low in range(0, count, batch_size)]
    if len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], count)]
    return bounds
