"""Images and labels in an archive of NumPy arrays."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.class_names import read_class_names
from composer.engine.training.datasets.file_stamp import file_stamp
from composer.engine.training.datasets.formats.arrays import Layout, number_labels, pixel_range, to_channels_last
from composer.engine.training.datasets.formats.npz import read_npz
from composer.engine.training.datasets.labelled_images import ImageArrays, ImagePart, load_images
from composer.engine.training.datasets.parts import complete_parts


@dataset(title="NumPy archive", fields=("image", "label"))
class NpzFile(Dataset):
    """Arrays ``images`` and ``labels`` (or ``x`` and ``y``) of a .npz file, perhaps once for each part.

    Names such as ``x_train``, ``y_train``, ``x_val`` and ``x_test`` make parts; parts that are missing are held out of
    the training samples. Labels are integers or texts; a file ``classes.txt`` beside the archive names the classes.

    Args:
        file: the archive.
        layout: the order of the axes; auto recognizes it by 1 or 3 channels.
        fit: how images of other proportions meet the input.
        val_share: share of the training samples that is held out for validation, where the file has no such part.
        test_share: share of the samples that is held out for the test, where the file has no such part.
        split_seed: seed of the division into parts; runs with other seeds cannot be compared.
    """

    def __init__(
        self,
        file: Path,
        layout: Literal["auto", "channels_last", "channels_first"] = "auto",
        fit: Literal["crop", "pad", "stretch"] = "crop",
        val_share: Annotated[float, (0.01, 0.5)] = 0.1,
        test_share: Annotated[float, (0, 0.5)] = 0.1,
        split_seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.file = Path(file)
        self.layout: Layout = layout
        self.fit: Literal["crop", "pad", "stretch"] = fit
        self.val_share, self.test_share = val_share, test_share
        self.split_seed = split_seed

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Read the file; images are resized batch by batch to the shape of the field ``image``."""
        return self._load(shapes["image"])

    def facts(self) -> DataFacts:
        """Return the facts of the images at their own size."""
        return self._load(None).facts

    def stamp(self) -> str:
        """Return the state of the file and of the names of the classes."""
        return f"{file_stamp(self.file)} {read_class_names(self.file.parent)}"

    def _load(self, shape: tuple[int, ...] | None) -> LoadedDataset:
        arrays = _read(self.file, self.layout, self.stamp())
        height, width, channels = arrays.parts["train"].images.shape[1:]
        parts = complete_parts(arrays.parts, self.val_share, self.test_share, self.split_seed)
        shape = shape or (channels, height, width)
        return load_images("npz", parts, arrays.classes, shape, self.fit, arrays.notes)


@lru_cache(maxsize=1)
def _read(file: Path, layout: Layout, _stamp: str) -> ImageArrays:
    """Read a file.

    Raises:
        UserError: if it is damaged, or its arrays do not fit each other.
    """
    pairs = read_npz(file)
    pairs = {"train" if part == "all" else part: pair for part, pair in pairs.items()}
    images = {
        part: to_channels_last(pair[0], f"{file}: the array of images ({part})", layout) for part, pair in pairs.items()
    }
    sizes = {part: " x ".join(map(str, array.shape[1:])) for part, array in images.items()}
    for part, size in sizes.items():
        if size != sizes["train"]:
            raise UserError(f"{file}: {part} has images of {size}, train of {sizes['train']}; save all in one size")
    ranges = {part: pixel_range(array, f"{file}: images of {part}") for part, array in images.items()}
    labels, classes = number_labels([pair[1] for pair in pairs.values()], str(file), read_class_names(file.parent))
    # The range of the training part holds for all, so that equal numbers are equal pixels.
    scale = ranges["train"]
    parts = {part: ImagePart(scale.apply(images[part]), numbers) for part, numbers in zip(images, labels, strict=True)}
    return ImageArrays(parts, classes, tuple(filter(None, [scale.note])))
