"""The batches of an epoch: shuffled, and augmented for many batches at a time.

Because an epoch's order and augmentation depend on nothing but (seed, epoch), a resumed run sees the very batches of an
uninterrupted one without any state to save.
"""

from collections.abc import Iterator

import torch

from composer.engine.training.data.augmenter import Augmenter
from composer.engine.training.datasets.splits import Batch, Split

# Of samples prepared together: a few large calls instead of many small ones, in bounded memory.
CHUNK_BYTES = 2**25
# Epochs of different seeds draw from different streams as long as a run has fewer epochs than this.
SEED_STRIDE = 1_000_003


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of everything random in an epoch."""
    return seed * SEED_STRIDE + epoch


def epoch_order(count: int, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Generator]:
    """Return the order of the samples of an epoch, and the generator that has drawn it and draws all else.

    Args:
        count: number of samples.
        seed: seed of the run.
        epoch: number of the epoch.
    """
    generator = torch.Generator().manual_seed(epoch_seed(seed, epoch))
    return torch.randperm(count, generator=generator), generator


def epoch_batches(
    split: Split, batch_size: int, seed: int, epoch: int, augmenter: Augmenter | None, *, start: int = 0
) -> Iterator[Batch]:
    """Yield the shuffled batches of one epoch, on the device of the split.

    Args:
        split: the samples.
        batch_size: samples per batch; the last batch may be smaller, but never a single sample, which would break
            batch norm.
        seed: seed of the run.
        epoch: number of the epoch; with the seed it determines every batch.
        augmenter: the augmentations; None for none.
        start: batches to skip, for a run that resumes in the middle of an epoch.
    """
    # 1. Draw the order of the whole epoch.
    order, generator = epoch_order(len(split), seed, epoch)
    augmentation = (augmenter or Augmenter()).start_epoch(seed, epoch, len(split), generator)
    bounds = batch_bounds(len(split), batch_size)
    chunk_size = max(1, CHUNK_BYTES // (batch_size * split.sample_bytes()))
    # Chunks begin at the same batches wherever the epoch is resumed: sums over other chunks differ in the last digits.
    first = start - start % chunk_size
    chunks = [bounds[low : low + chunk_size] for low in range(first, len(bounds), chunk_size)]
    # 2. Gather and augment the samples of several batches in one call each.
    for number, chunk, samples in augmentation.read(split, order, chunks, first):
        # 3. Cut them into batches; slices are views, so nothing is copied.
        for batch_number, (begin, end) in enumerate(chunk, number):
            if batch_number >= start:
                low = chunk[0][0]
                batch = {name: field[begin - low : end - low] for name, field in samples.items()}
                yield augmentation.apply_to_batch(batch, batch_number)


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
