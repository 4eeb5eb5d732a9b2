"""A sequence of tasks from one dataset of images: each task permutes the pixels in its own fixed way.

Kirkpatrick et al., "Overcoming Catastrophic Forgetting in Neural Networks", PNAS 2017, arXiv:1612.00796; with a context
that states the task: Iyer et al., "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic
Environments", 2021, arXiv:2201.00042.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from composer.core.data_facts import DataFacts, FieldFacts, PartFacts
from composer.core.dataset_file import dataset_declaration
from composer.core.errors import UserError
from composer.core.extension_text import parse_reference
from composer.core.training_inputs import IMAGE
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, Source, dataset, make_source
from composer.engine.training.datasets.splits import Split

CONTEXT, TASK = "context", "task"
AUGMENTATION_NOTE = "augmentations see permuted pixels, so those that move pixels do not help; leave them out"
MEAN_BATCH = 512  # images whose mean is taken at a time


@dataset(title="Permuted pixels", fields=("image", "label", "context", "task"))
class Permuted(Dataset):
    """Each task is the whole dataset with its pixels in another order; the classes stay.

    The field ``context`` states the task as the input of the design takes it: one value for each task, of which one is
    1, or as many values as an image has: the mean training image of the task.

    Args:
        source: the dataset of images.
        tasks: number of tasks.
        seed: seed of the permutations.
        in_turn: whether an epoch goes through the tasks one after the other, instead of mixing them.
    """

    def __init__(
        self,
        source: Source = "digits",
        tasks: Annotated[int, (1, 1000)] = 10,
        seed: Annotated[int, (0, 2147483647)] = 0,
        in_turn: bool = False,
    ) -> None:
        self.source = source
        self.tasks = tasks
        self.seed = seed
        self.in_turn = in_turn

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Load the source and draw the permutations."""
        if IMAGE not in shapes:
            raise UserError(f"permuted: no input of the design takes the field {IMAGE!r}, but {', '.join(shapes)}")
        declaration = dataset_declaration(parse_reference("data", self.source))
        if declaration is not None and IMAGE not in declaration.values.get("fields", (IMAGE,)):
            raise UserError(f"permuted: {self.source} has no images, whose pixels could be permuted")
        source = make_source(self.source).load({IMAGE: shapes[IMAGE]})
        pixels = math.prod(source.image_format().shape[1:])
        # RandomState: numpy promises that its stream never changes.
        random = np.random.RandomState(self.seed)
        order = torch.from_numpy(np.stack([random.permutation(pixels) for _ in range(self.tasks)]))
        context = self._contexts(shapes.get(CONTEXT, (self.tasks,)), source, order)
        train, val = (PermutedSplit(part, order, context, in_turn=self.in_turn) for part in (source.train, source.val))
        test = None if source.test is None else PermutedSplit(source.test, order, context)
        facts = self._facts(source.facts, tuple(context.shape[1:]))
        return replace(source, name="permuted", train=train, val=val, test=test, facts=facts)

    def facts(self) -> DataFacts:
        """Return the facts of the source for all tasks."""
        return self._facts(make_source(self.source).facts(), None)  # the context follows the input of the design

    def stamp(self) -> str:
        """Return the stamp of the source."""
        return make_source(self.source).stamp()

    def _contexts(self, shape: tuple[int, ...], source: LoadedDataset, order: Tensor) -> Tensor:
        """Return the context of each task (tasks, ...)."""
        sizes = source.image_format().shape
        if math.prod(shape) == self.tasks:
            return torch.eye(self.tasks).view(-1, *shape)
        if math.prod(shape) == math.prod(sizes):
            total = torch.zeros(sizes)
            for low in range(0, len(source.train), MEAN_BATCH):
                total += source.train.take(slice(low, low + MEAN_BATCH))[IMAGE].float().sum(0)
            mean = (total / len(source.train)).flatten(1)
            return mean[:, order].transpose(0, 1).reshape(-1, *shape)
        raise UserError(
            f"permuted: the input {CONTEXT!r} is {list(shape)}, expected [{self.tasks}] (one value for each task) or "
            f"[{math.prod(sizes)}] (the mean image of the task); change the input or the option tasks"
        )

    def _facts(self, facts: DataFacts, context: tuple[int, ...] | None) -> DataFacts:
        """Return the facts of the source with the fields and samples of all tasks."""
        digest = hashlib.blake2b(f"{facts.digest} {self.tasks} {self.seed}".encode(), digest_size=8).hexdigest()
        parts = {
            name: PartFacts(part.count * self.tasks, tuple(count * self.tasks for count in part.class_counts))
            for name, part in facts.parts.items()
        }
        fields = {**facts.fields, CONTEXT: FieldFacts("vector", context), TASK: FieldFacts("label", (), "int64")}
        notes = (*facts.notes, AUGMENTATION_NOTE)
        return replace(facts, fields=fields, parts=parts, notes=notes, digest=digest if facts.digest else "")


@dataclass(frozen=True)
class PermutedSplit(Split):
    """The samples of a split once for each task; those of a task follow each other.

    Args:
        source: the split.
        order: the order of the pixels in each task (tasks, pixels).
        context: the context of each task (tasks, ...).
        in_turn: whether batches go through the tasks one after the other.
    """

    source: Split
    order: Tensor
    context: Tensor
    in_turn: bool = False

    def __len__(self) -> int:
        return len(self.source) * len(self.order)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of a batch."""
        return (*self.source.fields, CONTEXT, TASK)

    @property
    def device(self) -> torch.device:
        """Where the batches are."""
        return self.source.device

    @property
    def labels(self) -> Tensor | None:
        """The class of each sample (N,)."""
        labels = self.source.labels
        return None if labels is None else labels.repeat(len(self.order))

    def take(self, index: Tensor | slice) -> dict[str, Tensor]:
        """Return some of the samples as a batch, their pixels in the order of their task."""
        numbers = torch.arange(len(self))[index] if isinstance(index, slice) else index
        task = (numbers // len(self.source)).to(self.device)
        batch = self.source.take(numbers % len(self.source))
        images = batch[IMAGE]
        order = self.order[task][:, None, :].expand(-1, images.shape[1], -1)
        batch[IMAGE] = images.flatten(2).gather(2, order).view_as(images)
        return {**batch, CONTEXT: self.context[task], TASK: task}

    def batches(self, order: Tensor, bounds: Sequence[tuple[int, int]]) -> Iterator[dict[str, Tensor]]:
        """Yield a batch for each pair of bounds, the tasks one after the other if they are taken in turn."""
        if self.in_turn:
            order = order[torch.argsort(order // len(self.source), stable=True)]
        return super().batches(order.to(self.device), bounds)

    def name(self, index: int) -> str:
        """Return the name of a sample and its task."""
        return f"{self.source.name(index % len(self.source))}, task {index // len(self.source) + 1}"

    def to(self, device: torch.device) -> "PermutedSplit":
        """Return the same samples as batches on a device."""
        source = self.source.to(device)
        return replace(self, source=source, order=self.order.to(device), context=self.context.to(device))
