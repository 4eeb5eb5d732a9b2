"""The samples of a dataset for looking at: names, classes and stored images, without a design."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from composer.engine.training.datasets.image_file import UserImage


@dataclass(frozen=True)
class GalleryPart:
    """The samples of one part.

    Args:
        count: number of samples.
        labels: class of each sample (N,); None if the samples have no classes.
        name: returns the name of a sample.
        image: returns the stored image of a sample, from its number and the pixels of the shorter side that suffice;
            None if there are no images.
    """

    count: int
    labels: Tensor | None
    name: Callable[[int], str]
    image: Callable[[int, int], UserImage] | None


@dataclass(frozen=True)
class DataGallery:
    """The samples of a dataset.

    Args:
        classes: names of the classes by number.
        parts: the samples of each part.
    """

    classes: tuple[str, ...]
    parts: Mapping[str, GalleryPart]

    def label(self, part: str, index: int) -> str:
        """Return the name of the class of a sample; empty if it has none."""
        labels = self.parts[part].labels
        return self.classes[int(labels[index])] if labels is not None and self.classes else ""
