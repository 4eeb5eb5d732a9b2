"""The batches of an epoch: shuffled, and with light augmentation of the images, drawn for many batches at a time.

Because an epoch's order and augmentation depend on nothing but (seed, epoch), a resumed run sees the very batches of an
uninterrupted one without any state to save, and drawing them costs one call per epoch instead of one per step.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.core.training_inputs import IMAGE
from composer.engine.training.datasets.splits import Batch, Split

MAX_ROTATION = math.radians(10)
MAX_SHIFT = 0.08  # of the side
MAX_ZOOM = 0.1
# Of samples prepared together: a few large calls instead of many small ones, in bounded memory.
CHUNK_BYTES = 2**25
# Epochs of different seeds draw from different streams as long as a run has fewer epochs than this.
SEED_STRIDE = 1_000_003


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of everything random in an epoch."""
    return seed * SEED_STRIDE + epoch


def draw_affine(count: int, generator: torch.Generator) -> Tensor:
    """Draw small random rotations, zooms and shifts.

    Args:
        count: how many.
        generator: source of randomness (on the CPU, so that every device sees the same).

    Returns:
        Affine matrices (count, 2, 3) for `warp`.
    """
    angle, zoom, right, down = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
    angle, zoom = angle * MAX_ROTATION, 1 + zoom * MAX_ZOOM
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    # grid_sample measures in half sides, hence the factor 2.
    return torch.stack([cos, -sin, right * MAX_SHIFT * 2, sin, cos, down * MAX_SHIFT * 2], dim=1).view(count, 2, 3)


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Apply affine matrices (N, 2, 3) to images (N, C, H, W); what enters from outside repeats the border."""
    grid = F.affine_grid(matrices.to(images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def epoch_batches(
    split: Split, batch_size: int, seed: int, epoch: int, *, augment: bool, start: int = 0
) -> Iterator[Batch]:
    """Yield the shuffled batches of one epoch, on the device of the split.

    Args:
        split: the samples.
        batch_size: samples per batch; the last batch may be smaller, but never a single sample, which would break
            batch norm.
        seed: seed of the run.
        epoch: number of the epoch; with the seed it determines every batch.
        augment: whether images are augmented.
        start: batches to skip, for a run that resumes in the middle of an epoch.
    """
    # 1. Draw the order and the augmentation of the whole epoch.
    generator = torch.Generator().manual_seed(epoch_seed(seed, epoch))
    order = torch.randperm(len(split), generator=generator)
    matrices = draw_affine(len(split), generator) if augment else None
    bounds = batch_bounds(len(split), batch_size)
    chunk_size = max(1, CHUNK_BYTES // (batch_size * split.sample_bytes()))
    chunks = [bounds[first : first + chunk_size] for first in range(start, len(bounds), chunk_size)]
    samples = split.batches(order, [(chunk[0][0], chunk[-1][1]) for chunk in chunks])
    for bounds_of_chunk, chunk in zip(chunks, samples, strict=True):
        # 2. Gather and augment the samples of several batches in one call each.
        low, high = bounds_of_chunk[0][0], bounds_of_chunk[-1][1]
        if matrices is not None and IMAGE in chunk:
            chunk[IMAGE] = warp(chunk[IMAGE], matrices[low:high])
        # 3. Cut the chunk into batches; slices are views, so nothing is copied.
        for begin, end in bounds_of_chunk:
            yield {name: tensor[begin - low : end - low] for name, tensor in chunk.items()}


def ordered_batches(split: Split, batch_size: int) -> Iterator[Batch]:
    """Yield all samples in their order, for validation."""
    bounds = [(low, min(low + batch_size, len(split))) for low in range(0, len(split), batch_size)]
    yield from split.batches(torch.arange(len(split)), bounds)


def batch_bounds(count: int, batch_size: int) -> list[tuple[int, int]]:
    """Return first and last+1 index of each batch; a single sample left over joins the batch before it."""
    bounds = [(low, min(low + batch_size, count)) for low in range(0, count, batch_size)]
    if len(bounds) > 1 and bounds[-1][1] - bounds[-1][0] == 1:
        bounds[-2:] = [(bounds[-2][0], count)]
    return bounds
