"""The data of a run as its settings recorded it: how images are normalized, and its classes, without the samples."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast, get_args

import torch

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets import LoadedDataset, Shapes
from composer.engine.training.datasets.image_fit import Fit
from composer.engine.training.datasets.image_folder.file_split import FileSplit
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit


def recorded_format(record: object, shapes: Shapes) -> ImageFormat | None:
    """Return how images became the input of the network of a run; None if the run recorded nothing of it.

    Args:
        record: ``data`` in the settings of the run.
        shapes: shape of one sample of each input.
    """
    shape = shapes.get(IMAGE)
    if not isinstance(record, Mapping) or shape is None or len(shape) != 3:
        return None
    mean, std = _numbers(record.get("mean")), _numbers(record.get("std"))
    if not mean or len(mean) != len(std) or len(mean) not in (1, shape[0]):
        return None
    fit = record.get("fit")
    return ImageFormat((shape[0], shape[1], shape[2]), mean, std, cast("Fit", fit) if fit in get_args(Fit) else "crop")


def recorded_data(record: object, shapes: Shapes) -> LoadedDataset | None:
    """Return the data of a run without samples, for files of the user's; None if the run recorded nothing of it."""
    image = recorded_format(record, shapes)
    if image is None or not isinstance(record, Mapping):
        return None
    empty = MemorySplit({IMAGE: torch.empty(0, *image.shape), LABEL: torch.empty(0, dtype=torch.int64)})
    classes = tuple(str(name) for name in record.get("classes") or ())
    name = str(record.get("source") or "the data").partition(":")[0]
    return LoadedDataset(name=name, train=empty, val=empty, classes=classes, image=image)


def with_recorded_format(data: LoadedDataset, record: object, shapes: Shapes) -> LoadedDataset:
    """Return data whose images are normalized as those of a run were, even if files have changed since."""
    image = recorded_format(record, shapes)
    if image is None or data.image is None or len(image.mean) != len(data.image.mean):
        return data
    parts: dict[str, Any] = {
        name: replace(split, image=image)
        for name, split in data.parts().items()
        if isinstance(split, MemorySplit | FileSplit) and split.image is not None
    }
    return replace(data, image=image, **parts) if len(parts) == len(data.parts()) else data


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        return ()
    return tuple(map(float, values))
