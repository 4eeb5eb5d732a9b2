"""Mean and standard deviation of each channel over training images, computed once and cached on the disk."""

import contextlib
import hashlib

import torch
from torch import Tensor

from composer.engine.training.datasets.image_folder.file_split import FileSplit
from composer.engine.training.datasets.image_folder.json_cache import cache_file, read_cache, write_cache
from composer.engine.training.datasets.image_format import histogram_statistics
from composer.engine.training.datasets.progress import report_progress

# Of more training images than this, a seeded sample is measured.
MAX_IMAGES = 2000
CHUNK = 64
Statistics = tuple[tuple[float, ...], tuple[float, ...]]


def statistics_sample(count: int) -> Tensor:
    """Return the numbers of the training images that are measured, in order."""
    if count <= MAX_IMAGES:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(0))[:MAX_IMAGES].sort().values


def sample_note(count: int) -> tuple[str, ...]:
    """Return a note if not all images are measured."""
    if count <= MAX_IMAGES:
        return ()
    return (f"mean and standard deviation are those of {MAX_IMAGES:,} of {count:,} training images, drawn with seed 0",)


def measure(split: FileSplit, digest: str, pixels: Tensor | None = None) -> Statistics:
    """Return mean and standard deviation of each stored channel of the training images, of pixels in [0, 1].

    Args:
        split: the training images.
        digest: of the images; with the size of the input it names the cached result.
        pixels: the decoded images (N, C, H, W), if they are in memory.
    """
    text = f"{digest} {split.image.shape} {split.image.fit} {split.stored} {MAX_IMAGES}"
    cache = cache_file("statistics", hashlib.blake2b(text.encode(), digest_size=8).hexdigest())
    with contextlib.suppress(TypeError, ValueError):  # damaged: measured again
        match read_cache(cache):
            case {"mean": [*means], "std": [*stds]} if len(means) == len(stds) == split.stored:
                return tuple(map(float, means)), tuple(map(float, stds))
    counts = torch.zeros(split.stored, 256, dtype=torch.float64)
    sample = statistics_sample(len(split))
    for low in range(0, len(sample), CHUNK):
        index = sample[low : low + CHUNK]
        add_counts(counts, split.pixels(index) if pixels is None else pixels[index])
        report_progress(low / len(sample), f"measuring colours: {low:,} of {len(sample):,} images")
    mean, std = histogram_statistics(counts)
    write_cache(cache, {"mean": mean, "std": std})
    return mean, std


def add_counts(counts: Tensor, pixels: Tensor) -> None:
    """Count the values of each channel of pixels (N, C, H, W) of 8 bits."""
    for channel, plane in zip(counts, pixels.unbind(1), strict=True):
        channel += torch.bincount(plane.reshape(-1), minlength=256)
