"""A folder of the user's images, with a sub-folder for each class, or a list of images in CSV or JSONL."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.core.training_inputs import IMAGE
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.gallery import DataGallery, GalleryPart
from composer.engine.training.datasets.image_file import UserImage, read_image
from composer.engine.training.datasets.image_folder import label_file
from composer.engine.training.datasets.image_folder.file_split import FileSplit, default_workers
from composer.engine.training.datasets.image_folder.listing import ListedImage, Listing, list_folder
from composer.engine.training.datasets.image_folder.loading import Cache, load_decoded
from composer.engine.training.datasets.image_folder.samples import Division, Samples, usable_samples
from composer.engine.training.datasets.image_folder.scan import scan
from composer.engine.training.datasets.image_format import ImageFormat, Shape


@dataset(title="Image folder", fields=("image", "label"))
class ImageFolder(Dataset):
    """Images of any format and size in a folder, with a sub-folder for each class; or folders train, val and test that
    hold such sub-folders; or a CSV or JSONL file with the columns path and label.

    Args:
        folder: the folder, or the CSV or JSONL file.
        fit: how an image of other proportions meets the input: crop keeps its centre, pad adds black bars, stretch
            changes its proportions.
        val_share: part of each class that is held out for validation, where there is no folder for it.
        test_share: part of each class that is held out for the test, where there are no folders for parts.
        split_seed: seed of this division; runs with other seeds cannot be compared.
        cache: whether decoded images stay in memory; auto does so for small folders.
        workers: threads that decode files; 0 takes one for each core, at most 8.
    """

    def __init__(
        self,
        folder: Path,
        fit: Literal["crop", "pad", "stretch"] = "crop",
        val_share: Annotated[float, (0.01, 0.9)] = 0.2,
        test_share: Annotated[float, (0, 0.9)] = 0.0,
        split_seed: Annotated[int, (0, 2147483647)] = 0,
        cache: Literal["auto", "memory", "files"] = "auto",
        workers: Annotated[int, (0, 64)] = 0,
    ) -> None:
        self.folder = Path(folder)
        self.fit = fit
        self.val_share = val_share
        self.test_share = test_share
        self.split_seed = split_seed
        self.cache: Cache = cache
        self.workers = workers or default_workers()

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of change of the files."""
        return self.listing.stamp()

    def facts(self) -> DataFacts:
        """Return classes, counts, sizes and broken files."""
        return self.samples.facts

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Load the images in the size of the field ``image``, or prepare to decode them batch by batch."""
        shape = self._check_shape(shapes)
        samples = self.samples
        stored = 3 if shape[0] == 3 else 1
        image = ImageFormat(shape, (0.0,) * stored, (1.0,) * stored, self.fit)
        splits = {
            name: FileSplit(
                samples.listing.root,
                tuple(item.path for item in items),
                samples.labels(name),
                image,
                stored,
                self.workers,
            )
            for name, items in samples.parts.items()
        }
        return load_decoded("images", splits, samples.classes, samples.facts, self.cache)

    def gallery(self) -> DataGallery:
        """Return the images as they are in their files."""
        samples = self.samples

        def part(name: str, items: tuple[ListedImage, ...]) -> GalleryPart:
            def read(index: int, at_least: int) -> UserImage:
                return read_image(samples.listing.file(items[index]), at_least)

            return GalleryPart(len(items), samples.labels(name), lambda index: items[index].path, read)

        return DataGallery(samples.classes, {name: part(name, items) for name, items in samples.parts.items()})

    @cached_property
    def listing(self) -> Listing:
        """The files, not opened."""
        folder = self.folder
        try:
            if folder.is_file():
                if folder.suffix.lower() in label_file.SUFFIXES:
                    return label_file.list_file(folder)
                raise UserError(f"{folder}: is a file; expected a folder, or a list in CSV or JSONL")
            if not folder.is_dir():
                what = "is neither a file nor a folder" if folder.exists() else "there is no such folder"
                raise UserError(f"{folder}: {what}; expected a folder with a sub-folder of images for each class")
            listed = label_file.find_list(folder)
        except (OSError, ValueError) as error:
            raise UserError(f"{folder}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
        return list_folder(folder) if listed is None else label_file.list_file(listed)

    @cached_property
    def samples(self) -> Samples:
        """The usable images, divided into parts."""
        division = Division(self.val_share, self.test_share, self.split_seed)
        return usable_samples(self.folder, self.listing, scan(self.listing), division, self.fit)

    def _check_shape(self, shapes: Shapes) -> Shape:
        if IMAGE not in shapes or len(shapes[IMAGE]) != 3:
            raise UserError(f"images needs an input {IMAGE} of the shape [channels, height, width]")
        channels, height, width = shapes[IMAGE]
        stored = self.samples.facts.channels
        if channels not in (1, 3) and stored != 1:
            raise UserError(
                f"the input takes {channels} channels, but the images of {self.folder} have {stored}; "
                f"make the input 3 x {height} x {width}, or 1 x {height} x {width} for grey images"
            )
        return channels, height, width
