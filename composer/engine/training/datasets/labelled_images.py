"""Datasets of labelled images of one size that are arrays: their parts, their channels, and how they meet an input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.facts import facts_of
from composer.engine.training.datasets.image_fit import Fit
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit

CHUNK = 1000  # images whose values are counted or converted at a time
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as `image_format.to_grey`


@dataclass(frozen=True)
class ImagePart:
    """A part of a dataset.

    Args:
        images: pixels (N, H, W, C) of 1 or 3 channels.
        labels: class numbers (N,).
        names: names of the samples, where they have any.
        extra: further fields (N, ...) by name.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: Sequence[str] = ()
    extra: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)

    def select(self, index: NDArray[np.int64]) -> "ImagePart":
        """Return some of the samples."""
        names = [self.names[number] for number in index.tolist()] if self.names else ()
        extra = {name: values[index] for name, values in self.extra.items()}
        return ImagePart(self.images[index], self.labels[index], names, extra)

    def first(self, count: int) -> "ImagePart":
        """Return at most `count` samples, mixed by a fixed shuffle; all of them for 0."""
        if not 0 < count < len(self.labels):
            return self
        return self.select(np.sort(np.random.RandomState(0).permutation(len(self.labels))[:count]))


@dataclass(frozen=True)
class ImageArrays:
    """What files of arrays hold.

    Args:
        parts: ``train`` and perhaps others.
        classes: names of the classes.
        notes: for the user.
    """

    parts: dict[str, ImagePart]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def load_images(
    name: str,
    parts: Mapping[str, ImagePart],
    classes: tuple[str, ...],
    shape: tuple[int, ...],
    fit: Fit = "crop",
    notes: tuple[str, ...] = (),
) -> LoadedDataset:
    """Return images as a network takes them.

    Args:
        name: name of the dataset.
        parts: ``train``, ``val`` and perhaps ``test``.
        classes: names of the classes.
        shape: channels, height and width of the input.
        fit: how images of other proportions meet it.
        notes: for the user.
    """
    channels, height, width = shape
    stored = parts["train"].images
    size, stored_channels = (stored.shape[2], stored.shape[1]), stored.shape[3]
    splits: dict[str, MemorySplit] = {}
    statistics: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    for part, content in parts.items():
        pixels = content.images if channels == 3 else to_grey(content.images)
        pixels = fit_proportions(pixels, (width, height), fit)
        if part == "train":
            statistics = byte_statistics(pixels)
        tensors = {
            IMAGE: torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))),
            LABEL: torch.from_numpy(content.labels.astype(np.int64)),
            **{key: torch.from_numpy(np.ascontiguousarray(values)) for key, values in content.extra.items()},
        }
        splits[part] = MemorySplit(tensors, part=part, names=content.names)
    image = ImageFormat((channels, height, width), *statistics, fit=fit)
    splits = {part: replace(split, image=image) for part, split in splits.items()}
    return LoadedDataset(
        name=name,
        train=splits["train"],
        val=splits["val"],
        test=splits.get("test"),
        classes=classes,
        image=image,
        facts=facts_of(splits, classes, image, channels=stored_channels, sizes=(size,) * 3, notes=notes),
    )


def fit_proportions(images: NDArray[np.uint8], size: tuple[int, int], fit: Fit) -> NDArray[np.uint8]:
    """Return images (N, H, W, C) with the proportions of an input, cropped to their centre or padded with black."""
    height, width = images.shape[1:3]
    if fit == "stretch" or width * size[1] == height * size[0]:
        return images
    scale = (min if fit == "crop" else max)(width / size[0], height / size[1])
    columns, rows = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    if fit == "crop":
        left, top = (width - columns) // 2, (height - rows) // 2
        return images[:, top : top + rows, left : left + columns]
    padded = np.zeros((len(images), rows, columns, images.shape[3]), np.uint8)
    left, top = (columns - width) // 2, (rows - height) // 2
    padded[:, top : top + height, left : left + width] = images
    return padded


def to_grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luminance (N, H, W, 1) of images."""
    if images.shape[3] != 3:
        return images
    grey = np.empty((*images.shape[:3], 1), np.uint8)
    for low in range(0, len(images), CHUNK):
        grey[low : low + CHUNK, ..., 0] = np.rint(images[low : low + CHUNK] @ GREY)
    return grey


def byte_statistics(images: NDArray[np.uint8]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel of images (N, H, W, C), of pixels in [0, 1]."""
    values = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(images.shape[3]):
        # Counted, because a copy in floating point would be eight times as large as the dataset.
        counts = np.zeros(256, np.int64)
        for low in range(0, len(images), CHUNK):
            counts += np.bincount(images[low : low + CHUNK, ..., channel].reshape(-1), minlength=256)
        mean = float((counts * values).sum() / counts.sum())
        means.append(mean)
        deviations.append(max(1e-6, float(np.sqrt((counts * (values - mean) ** 2).sum() / counts.sum()))))
    return tuple(means), tuple(deviations)
