"""A module and its inputs for every block in three settings, for the contract test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.params import resolve_params
from composer.core.blocks.shapes import ELLIPSIS
from composer.core.graph import Node
from composer.engine.library import block_class

BATCH = 2
SIZES = {
    "c": (32, 64, 96),
    "h": (16, 14, 7),
    "w": (16, 10, 9),
    "n": (16, 50, 9),
    "m": (7, 12, 5),
    "l": (20, 15, 9),
    "t": (4, 6, 5),
    "dim": (32, 64, 96),
}
OTHER_SIZES = (24, 40, 16)  # widths of further inputs: context_dim, in_features, ...
# The axes of an ellipsis beside named axes, and alone (after the batch).
BESIDE = ((16, 16), (7,), ())
ALONE = ((32, 16, 16), (50, 64), (96,))


@dataclass(frozen=True)
class Case:
    """One setting of a block.

    Args:
        spec: the block.
        index: which of its three settings.
        sizes: size of every input axis.
        params: all constructor arguments.
        shapes: input shapes by port, None for an unconnected optional port; a variadic port has two inputs of its
            shape.
    """

    spec: BlockSpec
    index: int
    sizes: Mapping[str, int]
    params: Mapping[str, Any]
    shapes: tuple[tuple[int, ...] | None, ...]

    def module(self, device: str = "cpu", seed: int = 0) -> nn.Module:
        """Return a new instance in training mode."""
        torch.manual_seed(seed)
        with torch.device(device):
            return block_class(self.spec)(**self.params)

    def stirred(self) -> nn.Module:
        """Return a new instance whose parameters are perturbed, because special initial values such as gains of 0 would
        hide a branch.
        """
        module = self.module()
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.requires_grad:
                    parameter.add_(0.1 * torch.randn_like(parameter))
        return module

    def inputs(self, device: str = "cpu", batch: int = BATCH, grad: bool = False) -> tuple[Tensor | None, ...]:
        """Return its inputs, the same at every call."""
        generator = torch.Generator().manual_seed(1)
        tensors: list[Tensor | None] = []
        for port, shape in zip(self.spec.inputs, self.shapes, strict=True):
            dtype = getattr(torch, port.dtype or "float32")
            for _ in range(2 if port.variadic else 1):
                if shape is None:
                    tensors.append(None)
                    continue
                full = (batch, *shape[1:])
                if dtype.is_floating_point:
                    value = torch.randn(full, generator=generator, dtype=dtype)
                    tensors.append(value.to(device).requires_grad_(grad))
                elif dtype == torch.bool:  # a mask, in which every query has a key
                    value = torch.randint(0, 2, full, generator=generator).bool()
                    value[..., 0] = True
                    tensors.append(value.to(device))
                else:  # an index: of a class, a token, a task
                    tensors.append(torch.randint(0, 2, full, generator=generator, dtype=dtype).to(device))
        return tuple(tensors)


def case(spec: BlockSpec, index: int) -> Case:
    """Return setting `index` (0, 1, 2) of a block: its own example if it has any, else the usual sizes and its
    defaults.

    In the second setting optional inputs are not connected.
    """
    example = dict(spec.examples[index]) if spec.examples else {}
    sizes: dict[str, int] = {}
    shapes: list[tuple[int, ...] | None] = []
    for port, axes in zip(spec.inputs, spec.shapes.inputs, strict=True):
        shape: list[int] = []
        for place, axis in enumerate(axes):
            if axis == ELLIPSIS:
                named = [name for name in axes if name.isidentifier() and name != "b"]
                rest = example.get(ELLIPSIS, (BESIDE if named else ALONE)[index])
                shape.extend(rest if place else (BATCH, *rest))
            elif axis.isdigit():
                shape.append(int(axis))
            else:
                if port.optional and index == 1 and axis not in sizes and axis != "b":
                    continue  # nothing brings this size
                sizes.setdefault(axis, BATCH if axis == "b" else example.get(axis, SIZES.get(axis, OTHER_SIZES)[index]))
                shape.append(sizes[axis])
        shapes.append(None if port.optional and index == 1 else tuple(shape))
    params = {name: value for name, value in example.items() if spec.param(name) is not None and name not in sizes}
    resolved = resolve_params(spec, Node("node", spec.name, params), {}, sizes)
    return Case(spec, index, sizes, resolved.values, tuple(shapes))


def outputs_of(result: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the outputs of a forward as a tuple."""
    return result if isinstance(result, tuple) else (result,)
