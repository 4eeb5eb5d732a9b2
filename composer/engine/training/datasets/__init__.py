"""Datasets: one file each, found by walking this folder.

::

    @dataset(title="Noise", fields=("image", "label"))
    class Noise(Dataset):
        # The docstring describes the options under ``Args``.

        def __init__(self, count: int = 1000) -> None: ...

        def load(self, shapes: Shapes) -> LoadedDataset: ...

A batch is a mapping of named fields, such as ``image`` and ``label``. Fields fill the inputs of a design by name.
An option of the type `Path` names a file or folder, one of the type `Source` another dataset, such as ``digits``.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from composer.core import training_settings
from composer.core.data_facts import DataFacts, FieldFacts
from composer.core.errors import UserError
from composer.core.extension_text import describe_reference, parse_reference
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import datasets
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets.facts import facts_of
from composer.engine.training.datasets.gallery import DataGallery
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import Batch, Split

T = TypeVar("T")
V = TypeVar("V")
MAX_LOADED, MAX_FACTS = 2, 16  # datasets that stay in memory, facts that do
_loaded: dict[Any, "LoadedDataset"] = {}
_facts: dict[Any, DataFacts] = {}
# Field name -> shape of one sample, as the design wants it.
Shapes = Mapping[str, tuple[int, ...]]
# The text of another dataset, as `extension_text` reads it.
Source = str


@dataclass(frozen=True, kw_only=True)
class LoadedDataset:
    """A dataset whose samples have the shapes that a design wants.

    Args:
        name: name of the dataset.
        train: the samples to learn from.
        val: the samples that metrics are measured on and the best epoch is chosen by; never trained on.
        test: the samples that the best epoch is measured on in the end; None if there are none.
        classes: names of the classes by number; empty if the samples have no classes.
        image: how a picture becomes the field ``image``; None if there is no such field.
        facts: what is known of the samples; those that the splits tell by default.
    """

    name: str
    train: Split
    val: Split
    test: Split | None = None
    classes: tuple[str, ...] = ()
    image: ImageFormat | None = None
    facts: DataFacts = field(default_factory=lambda: DataFacts(""))

    def __post_init__(self) -> None:
        if not self.facts.parts:
            object.__setattr__(self, "facts", facts_of(self.parts(), self.classes, self.image))

    def parts(self) -> dict[str, Split]:
        """Return the splits by name."""
        parts = {"train": self.train, "val": self.val, "test": self.test}
        return {name: split for name, split in parts.items() if split is not None}

    def label(self, batch: Batch, index: int) -> str:
        """Return the name of the class of a sample in a batch; empty if it has none."""
        labels = batch.get(LABEL)
        return self.classes[int(labels[index])] if labels is not None and self.classes else ""

    def image_format(self) -> ImageFormat:
        """Return how a picture becomes the field ``image``.

        Raises:
            UserError: if there is no such field.
        """
        if self.image is None:
            raise UserError(f"{self.name} has no images; its fields are: {', '.join(self.train.fields)}")
        return self.image


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

    def facts(self) -> DataFacts:
        """Return what is known without a design; by default what the declaration states.

        Raises:
            UserError: if the samples cannot be read.
        """
        declaration = datasets().get(type(self).__module__.rpartition(".")[2])
        return declared_facts(declaration.values.get("fields", ()) if declaration is not None else ())

    def gallery(self) -> DataGallery | None:
        """Return the samples for looking at; None if they have to be loaded for that."""
        return None

    def stamp(self) -> str:
        """Return a text that changes with the files of the dataset, so that nothing outdated is cached."""
        return ""


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


def declared_facts(fields: tuple[str, ...]) -> DataFacts:
    """Return what is known of samples from the names of their fields."""
    kinds = {IMAGE: FieldFacts(IMAGE), LABEL: FieldFacts(LABEL, (), "int64")}
    return DataFacts("", {name: kinds.get(name, FieldFacts("vector")) for name in fields})


def load(reference: ExtensionRef, shapes: Shapes) -> LoadedDataset:
    """Load a dataset; the last ones are cached.

    Args:
        reference: its name and options.
        shapes: see `Dataset.load`.

    Raises:
        UserError: if the dataset is unknown, its options do not fit, or it cannot be loaded.
    """
    source = make_dataset(reference)
    key = (reference.name, tuple(reference.options.items()), tuple(shapes.items()), source.stamp())
    if key not in _loaded:
        loaded = source.load(dict(shapes))
        facts = replace(loaded.facts, source=describe_reference("data", reference))
        _store(_loaded, key, replace(loaded, facts=facts), MAX_LOADED)
    return _loaded[key]


def load_facts(reference: ExtensionRef) -> DataFacts:
    """Return what is known of a dataset without a design; the last ones are cached.

    Raises:
        UserError: if the dataset is unknown, its options do not fit, or it cannot be read.
    """
    source = make_dataset(reference)
    key = (reference.name, tuple(reference.options.items()), source.stamp())
    if key not in _facts:
        _store(_facts, key, replace(source.facts(), source=describe_reference("data", reference)), MAX_FACTS)
    return _facts[key]


def _store(cache: dict[Any, V], key: object, value: V, limit: int) -> None:
    """Add a value, and drop the oldest ones beyond a number."""
    cache[key] = value
    while len(cache) > limit:
        del cache[next(iter(cache))]


def make_dataset(reference: ExtensionRef) -> Dataset:
    """Return a dataset with its options, not loaded.

    Raises:
        UserError: if it is unknown or its options do not fit.
    """
    if messages := training_settings.reference_problems("data", reference):
        raise UserError(messages[0])
    module = importlib.import_module(f"{__name__}.{reference.name}")
    source: Dataset = getattr(module, datasets()[reference.name].attribute)(**reference.options)
    return source


def make_source(text: Source) -> Dataset:
    """Return the dataset that another one names as its source; see `make_dataset`."""
    return make_dataset(parse_reference("data", text))
