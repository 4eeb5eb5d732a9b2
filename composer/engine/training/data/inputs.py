"""The dataset of a design in the shapes of its inputs, and a network that takes its batches."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.dataset_file import dataset_declaration
from composer.core.errors import DesignError, UserError
from composer.core.extension_text import describe_reference
from composer.core.graph import Design, ExtensionRef
from composer.core.input_check import input_obstacle
from composer.core.training_inputs import IMAGE, field_shapes, input_fields, sample_shape
from composer.engine.training.datasets import LoadedDataset, load
from composer.engine.training.datasets.splits import Split

# Axes of a batch of images, and of the weights of a convolution over them.
IMAGES_DIM = 4

# The option and its value by which a dataset decodes files when samples are taken.
CACHE, STREAMED = "cache", "files"


class NamedInputs(nn.Module):
    """A network that takes a batch of named fields.

    Args:
        network: takes tensors in the order of the design's inputs.
        fields: the fields to pass, in that order.
        flat: those of them that the network takes as a row of values.
        channels_last: whether images are passed with their channels last in memory.

    Attributes:
        compiled: runs in place of the network; None if the network is not compiled.
    """

    def __init__(
        self,
        network: nn.Module,
        fields: tuple[str, ...],
        flat: frozenset[str] = frozenset(),
        *,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.network = network
        self.fields = fields
        self.flat = flat
        self.channels_last = channels_last
        self.compiled: Callable[..., Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy takes over: not the compiled code, which would go on using the weights of the original."""
        return {**self.__dict__, "compiled": None}

    @classmethod
    def of(cls, network: nn.Module, design: Design, *, channels_last: bool = False) -> "NamedInputs":
        """Return a network of a design with the fields that fill its inputs."""
        fields = input_fields(design)
        items = zip(fields, design.main.inputs.values(), strict=True)
        flat = frozenset(field for field, item in items if field == IMAGE and len(item.shape) == 1)
        return cls(network, fields, flat, channels_last=channels_last)

    def forward(self, batch: Mapping[str, Tensor]) -> object:
        """Run the network on its fields of the batch."""
        run = self.network if self.compiled is None else self.compiled
        return run(*self.values(batch))

    def values(self, batch: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the arguments of the network: its fields of the batch."""
        values = [batch[name].flatten(1) if name in self.flat else batch[name] for name in self.fields]
        if self.channels_last:
            values = [
                value.contiguous(memory_format=torch.channels_last) if value.dim() == IMAGES_DIM else value
                for value in values
            ]
        return values


def to_channels_last(network: nn.Module) -> None:
    """Store the weights of convolutions over images with their channels last."""
    for parameter in network.parameters():
        if parameter.dim() == IMAGES_DIM:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def load_for(design: Design, *, streamed: bool = False) -> LoadedDataset:
    """Load the dataset of a design's training settings in the shapes of its inputs.

    Args:
        design: the design.
        streamed: whether files are decoded when samples are taken, for callers that take few, or each once.

    Raises:
        UserError: if the dataset and the design do not fit each other.
    """
    reference = design.training.data
    data = load(_streamed(reference) if streamed else reference, field_shapes(design))
    data = replace(data, facts=replace(data.facts, source=describe_reference("data", reference)))
    if (obstacle := input_obstacle(design, data.facts)) is not None:
        raise UserError(obstacle.message)
    return data


def _streamed(reference: ExtensionRef) -> ExtensionRef:
    """Return a dataset whose decoded images do not stay in memory, if it has a choice."""
    declaration = dataset_declaration(reference)
    option = declaration.option(CACHE) if declaration is not None else None
    if option is None or STREAMED not in option.choices:
        return reference
    return ExtensionRef(reference.name, {**reference.options, CACHE: STREAMED})


def check_fields(design: Design, split: Split) -> None:
    """Compare shape and number format of the fields of a batch with the inputs that they fill.

    Raises:
        DesignError: naming the first input that a field does not fit.
    """
    batch = split.take(slice(1))
    name = design.training.data.name
    for field, item in zip(input_fields(design), design.main.inputs.values(), strict=True):
        if field not in batch:
            raise DesignError(f"a batch of {name} has no field {field!r}; its fields are: {', '.join(batch)}", item.id)
        value = batch[field]
        expected, shape = list(sample_shape(design, item)), list(value.shape[1:])
        if field == IMAGE and len(expected) == 1:
            shape = [math.prod(shape)]
        dtype = str(value.dtype).removeprefix("torch.")
        if shape != expected or value.dtype.is_floating_point != item.dtype.startswith("float"):
            raise DesignError(
                f"input {item.id!r} is {expected} {item.dtype}, but the field {field!r} of {name} is {shape} {dtype}; "
                f"give the input that shape and number format",
                item.id,
            )
