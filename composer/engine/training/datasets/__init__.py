"""Datasets: one file each, found by walking this folder.

::

    @dataset(title="Noise", fields=("image", "label"))
    class Noise(Dataset):
        # The docstring describes the options under ``Args``.

        def __init__(self, count: int = 1000) -> None: ...

        def load(self, shapes: Shapes) -> LoadedDataset: ...

A batch is a mapping of named fields, such as ``image`` and ``label``. Fields fill the inputs of a design by name.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import datasets
from composer.engine.training.datasets.images import ImageFormat
from composer.engine.training.datasets.splits import Split

T = TypeVar("T")
# Field name -> shape of one sample, as the design wants it.
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class LoadedDataset:
    """A dataset whose samples have the shapes that a design wants.

    Args:
        name: name of the dataset.
        train: the samples to learn from.
        val: the samples that metrics are measured on; never trained on.
        classes: names of the classes by number; empty if the samples have no classes.
        image: how a picture becomes the field ``image``.
    """

    name: str
    train: Split
    val: Split
    classes: tuple[str, ...]
    image: ImageFormat


class Dataset(ABC):
    """A source of samples; the parameters of its constructor are its options."""

    @abstractmethod
    def load(self, shapes: Shapes) -> LoadedDataset:
        """Load the samples.

        Args:
            shapes: the fields that the design takes in, with the shape of one sample of each.

        Raises:
            UserError: if the samples cannot be read or cannot have these shapes.
        """


def dataset(*, title: str, fields: tuple[str, ...], classes: int = 0) -> Callable[[type[T]], type[T]]:
    """Mark the class that a dataset file declares.

    Args:
        title: name for people.
        fields: names of the fields of a batch.
        classes: number of classes, so that a design with another number of scores is noticed before it is trained; 0 if
            it depends on the options or the samples have none.
    """
    del (
        title,
        fields,
        classes,
    )  # read from the source by `core.training_extensions`, so that they are known without torch
    return lambda marked: marked


def load(reference: ExtensionRef, shapes: Shapes) -> LoadedDataset:
    """Load a dataset; the last ones are cached.

    Args:
        reference: its name and options.
        shapes: see `Dataset.load`.

    Raises:
        UserError: if the dataset is unknown, its options do not fit, or it cannot be loaded.
    """
    if messages := training_settings.reference_problems("data", reference):
        raise UserError(messages[0])
    return _load(reference.name, tuple(reference.options.items()), tuple(shapes.items()))


@lru_cache(maxsize=2)
def _load(
    name: str, options: tuple[tuple[str, Any], ...], shapes: tuple[tuple[str, tuple[int, ...]], ...]
) -> LoadedDataset:
    module = importlib.import_module(f"{__name__}.{name}")
    source: Dataset = getattr(module, datasets()[name].attribute)(**dict(options))
    return source.load(dict(shapes))
