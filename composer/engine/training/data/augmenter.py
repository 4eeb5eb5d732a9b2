"""The augmentations of a run, applied to the batches of its epochs.

Everything random depends on (seed, epoch, batch, augmentation) alone: a resumed run draws what an uninterrupted one
draws, another augmentation does not change what the others draw, and no state has to be saved.
"""

import hashlib
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from composer.core import training_settings
from composer.core.augmentation_check import MIX, augmentation_problem
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.training_extensions import augmentations
from composer.core.training_inputs import BOX, IMAGE
from composer.engine.training import augmentations as folder
from composer.engine.training.augmentations import (
    Augmentation,
    BatchAugmentation,
    ImageAugmentation,
    ImageStatistics,
)
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import Split

# First and last+1 sample of each batch, in the order of the epoch.
Bounds = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Augmenter:
    """The augmentations of a run, in the order in which they are applied.

    Args:
        format: how pixels become the field ``image``; only needed if there is an augmentation.
        geometry: move pixels of normalized images.
        pixels: work on pixels in [0, 1].
        batch: work on the normalized samples of a batch.
        mix: of these, each batch uses one.
    """

    format: ImageFormat | None = None
    geometry: dict[str, ImageAugmentation] = field(default_factory=dict)
    pixels: dict[str, ImageAugmentation] = field(default_factory=dict)
    batch: dict[str, BatchAugmentation] = field(default_factory=dict)
    mix: dict[str, BatchAugmentation] = field(default_factory=dict)

    def start_epoch(self, seed: int, epoch: int, count: int, generator: torch.Generator) -> "EpochAugmentation":
        """Return what augments the batches of one epoch.

        Args:
            seed: seed of the run.
            epoch: number of the epoch.
            count: samples of the epoch.
            generator: the epoch's source of randomness, after its order was drawn.
        """
        drawn = {
            name: augmentation.draw(count, generator)
            for name, augmentation in {**self.geometry, **self.pixels}.items()
            if augmentation.once_per_epoch
        }
        return EpochAugmentation(self, seed, epoch, drawn)

    @property
    def crop(self) -> str | None:
        """Name of the augmentation that cuts out a part of each image before anything else; None if there is none."""
        return next((name for name, augmentation in list(self.geometry.items())[:1] if augmentation.is_crop), None)

    def names(self) -> tuple[str, ...]:
        """Return the names of the augmentations, in the order in which they are applied."""
        return (*self.geometry, *self.pixels, *self.batch, *self.mix)

    def without_boxes(self) -> str | None:
        """Return the name of an augmentation after which the boxes are unknown; None if there is none."""
        boxes, draws = torch.zeros(1, 4), torch.Generator().manual_seed(0)
        moving = {**self.geometry, **self.pixels}
        for name, augmentation in moving.items():
            if not augmentation.keeps_boxes and augmentation.move_boxes(boxes, augmentation.draw(1, draws)) is None:
                return name
        return next(iter(self.mix), None)


@dataclass(frozen=True)
class EpochAugmentation:
    """Augments the batches of one epoch.

    Args:
        augmenter: the augmentations.
        seed: seed of the run.
        epoch: number of the epoch.
        drawn: the draws of those augmentations that draw once per epoch, for all samples in the order of the epoch.
        done: name of an augmentation whose images the split has changed already; None if there is none.
    """

    augmenter: Augmenter
    seed: int
    epoch: int
    drawn: dict[str, Tensor]
    done: str | None = None

    def read(
        self, split: Split, order: Tensor, chunks: Sequence[Bounds], first: int
    ) -> Iterator[tuple[int, Bounds, dict[str, Tensor]]]:
        """Read the samples of some batches, and change each image on its own.

        Args:
            split: the samples.
            order: their numbers in the order of the epoch.
            chunks: consecutive batches, in groups that are read together.
            first: number of the first batch in the epoch.

        Yields:
            The number of the first batch of a group, its batches, and all their samples.
        """
        crop, augmentation = self.augmenter.crop, self
        if crop is not None:
            groups = {chunk[0][0]: (chunk, number) for number, chunk in _numbered(chunks, first)}
            cropping = split.with_parts(lambda low: self._draws(crop, self.augmenter.geometry[crop], *groups[low]))
            if cropping is not None:
                split, augmentation = cropping, replace(self, done=crop)
        samples = split.batches(order, [(chunk[0][0], chunk[-1][1]) for chunk in chunks])
        for (number, chunk), group in zip(_numbered(chunks, first), samples, strict=True):
            yield number, chunk, augmentation.apply_to_images(group, chunk, number)

    def apply_to_images(self, samples: dict[str, Tensor], bounds: Bounds, first: int) -> dict[str, Tensor]:
        """Return the samples of consecutive batches with each image changed on its own.

        Args:
            samples: the fields of all samples of these batches.
            bounds: the batches.
            first: number of the first of them in the epoch.
        """
        samples = dict(samples)
        self._change_images(samples, self.augmenter.geometry, bounds, first)
        if self.augmenter.pixels and (form := self.augmenter.format) is not None:
            samples[IMAGE] = form.denormalize(samples[IMAGE])
            self._change_images(samples, self.augmenter.pixels, bounds, first)
            samples[IMAGE] = form.normalize(samples[IMAGE])
        return samples

    def apply_to_batch(self, batch: dict[str, Tensor], number: int) -> dict[str, Tensor]:
        """Return a batch whose samples are changed together.

        Args:
            batch: its fields.
            number: number of the batch in the epoch.
        """
        for name, augmentation in self.augmenter.batch.items():
            batch = augmentation.apply(batch, random_stream(self.seed, self.epoch, number, name))
        if self.augmenter.mix:
            generator = random_stream(self.seed, self.epoch, number, "mix")
            mixes = list(self.augmenter.mix.values())
            batch = mixes[int(torch.randint(len(mixes), (), generator=generator))].apply(batch, generator)
            batch.pop(BOX, None)
        return batch

    def _change_images(
        self, samples: dict[str, Tensor], changes: dict[str, ImageAugmentation], bounds: Bounds, first: int
    ) -> None:
        """Apply augmentations to the field of images, and move the boxes with them."""
        for name, augmentation in changes.items():
            draws = self._draws(name, augmentation, bounds, first)
            if name != self.done:
                samples[IMAGE] = augmentation.apply(samples[IMAGE], draws)
            if BOX in samples and not augmentation.keeps_boxes:
                boxes = augmentation.move_boxes(samples.pop(BOX), draws)
                if boxes is not None:
                    samples[BOX] = boxes

    def _draws(self, name: str, augmentation: ImageAugmentation, bounds: Bounds, first: int) -> Tensor:
        """Return the draws of one augmentation for the samples of consecutive batches."""
        if name in self.drawn:
            return self.drawn[name][bounds[0][0] : bounds[-1][1]]
        draws = [
            augmentation.draw(end - begin, random_stream(self.seed, self.epoch, number, name))
            for number, (begin, end) in enumerate(bounds, first)
        ]
        return torch.cat(draws)


def _numbered(chunks: Sequence[Bounds], first: int) -> Iterator[tuple[int, Bounds]]:
    """Yield groups of batches, each with the number of its first batch."""
    for chunk in chunks:
        yield first, chunk
        first += len(chunk)


def random_stream(*key: int | str) -> torch.Generator:
    """Return a source of randomness on the CPU that depends on a key alone."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest))


def make_augmenter(training: Training, data: LoadedDataset, inputs: tuple[str, ...]) -> Augmenter | None:
    """Return the augmentations of a run; None if nothing is augmented.

    Args:
        training: the settings.
        data: the dataset.
        inputs: the fields that the design takes in.

    Raises:
        UserError: if one is unknown, or does not fit its options, the images, the design or the objective.
    """
    if not training.augment or IMAGE not in inputs or data.image is None:
        return None
    for reference in training.augment:
        if messages := training_settings.reference_problems("augment", reference):
            raise UserError(messages[0])
    if problem := augmentation_problem(training, inputs, data.image.shape[0], len(data.classes)):
        raise UserError(problem.message)
    statistics = ImageStatistics(data.image.shape, data.image.mean, data.image.std, len(data.classes))
    stages: dict[str, dict[str, Any]] = {"geometry": {}, "pixels": {}, "batch": {}, MIX: {}}
    for name, stage, augmentation in _sorted_instances(training.augment):
        augmentation.statistics = statistics
        stages[stage][name] = augmentation
    augmenter = Augmenter(data.image, **stages)
    if BOX in inputs and (moving := augmenter.without_boxes()):
        raise UserError(
            f"the design takes in the boxes of objects, which are unknown after augmentation {moving}; "
            f"remove {moving} from augment"
        )
    return augmenter


def _sorted_instances(references: Sequence[ExtensionRef]) -> Iterator[tuple[str, str, Augmentation]]:
    """Yield name, stage and instance of each augmentation, in the order of their application."""
    declared = augmentations()
    for reference in sorted(references, key=lambda item: (declared[item.name].values["order"], item.name)):
        declaration = declared[reference.name]
        module = importlib.import_module(f"{folder.__name__}.{reference.name}")
        yield reference.name, declaration.values["stage"], getattr(module, declaration.attribute)(**reference.options)
