"""Image files as the parts of a dataset: decoded once into memory, or batch by batch, as far as the memory allows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import psutil
import torch
from torch import Tensor

from composer.core.data_facts import DataFacts
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_folder.file_split import FileSplit
from composer.engine.training.datasets.image_folder.statistics import measure, sample_note
from composer.engine.training.datasets.progress import report_progress
from composer.engine.training.datasets.splits import MemorySplit, Split

# Decoded images up to this size, and up to this share of the free memory, are kept in memory.
MEMORY_BYTES = 2**30
MEMORY_SHARE = 0.25
CHUNK = 256  # images that are decoded between two reports of progress
Cache = Literal["auto", "memory", "files"]


def load_decoded(
    name: str, splits: Mapping[str, FileSplit], classes: tuple[str, ...], facts: DataFacts, cache: Cache
) -> LoadedDataset:
    """Return files as a dataset, with the statistics of its training part.

    Args:
        name: name of the dataset.
        splits: its parts, with images that are not normalized yet.
        classes: names of the classes.
        facts: what is known of the files.
        cache: whether decoded images stay in memory; auto does so if they are few.
    """
    train = splits["train"]
    parts: dict[str, Split] = {}
    tensors = {part: _decode_all(split) for part, split in splits.items()} if _fits_memory(splits, cache) else {}
    mean, std = measure(train, facts.digest, tensors.get("train"))
    image = replace(train.image, mean=mean, std=std)
    for part, split in splits.items():
        if part in tensors:
            fields = {IMAGE: tensors[part], LABEL: split.labels}
            parts[part] = MemorySplit(fields, image, part, split.paths)
        else:
            parts[part] = replace(split, image=image)
    return LoadedDataset(
        name=name,
        train=parts["train"],
        val=parts["val"],
        test=parts.get("test"),
        classes=classes,
        image=image,
        facts=replace(facts, mean=mean, std=std, notes=(*facts.notes, *sample_note(len(train)))),
    )


def _fits_memory(splits: Mapping[str, FileSplit], cache: Cache) -> bool:
    if cache != "auto":
        return cache == "memory"
    train = splits["train"]
    size = sum(map(len, splits.values())) * train.stored * train.image.shape[1] * train.image.shape[2]
    return size <= min(MEMORY_BYTES, MEMORY_SHARE * psutil.virtual_memory().available)


def _decode_all(split: FileSplit) -> Tensor:
    """Return all images of a split as pixels (N, c, H, W) of 8 bits."""
    _, height, width = split.image.shape
    # Channels last, as files hold them.
    pixels = torch.empty(len(split), height, width, split.stored, dtype=torch.uint8).permute(0, 3, 1, 2)
    for low in range(0, len(split), CHUNK):
        index = torch.arange(low, min(low + CHUNK, len(split)))
        pixels[low : low + CHUNK] = split.pixels(index)
        report_progress(low / len(split), f"decoding images: {low:,} of {len(split):,}")
    return pixels
