"""What inference finds, as data: values on wires, costs of blocks, nodes and graphs. No torch in here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import NamedTuple, TypeAlias

from composer.core.facts import NodeFacts
from composer.core.graph import Graph, Literal, Node


@cache
def itemsize(dtype: str) -> int:
    """Bytes of one element, by torch's name of its dtype.

    >>> itemsize("bfloat16"), itemsize("complex64"), itemsize("bool")
    (2, 8, 1)
    """
    bits = re.search(r"\d+", dtype)
    return int(bits[0]) // 8 if bits else 1


# Shape, dtype, whether a gradient flows back, strides.
Spec: TypeAlias = tuple[tuple[int, ...], str, bool, tuple[int, ...]]


class TensorSpec(NamedTuple):
    """What a wire carries: a spec, whether gradients flow back into it, and whose storage it is (for counting saved bytes once).

    The strides decide which operations copy, and with that what is saved for backward; empty ones are those of rows without gaps.
    `stored` are the bytes of the storage, which is larger than the tensor if that is a part of another.
    """

    shape: tuple[int, ...]
    dtype: str
    grad: bool
    storage: int
    stored: int
    strides: tuple[int, ...] = ()

    @property
    def spec(self) -> "Spec":
        """All that a block can tell about it."""
        return self.shape, self.dtype, self.grad, self.strides

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor."""
        return itemsize(self.dtype) * prod(self.shape)


@dataclass(frozen=True, slots=True)
class BlockCost:
    """What one instance of a block with given parameters and inputs gives and costs; `error` when it cannot run."""

    outputs: tuple[Spec, ...] = ()
    params: int = 0
    params_trainable: int = 0
    buffers: int = 0
    macs: int = 0
    saved_bytes: int = 0
    saved_inputs: tuple[bool, ...] = ()
    saved_outputs: tuple[bool, ...] = ()
    aliases: tuple[int | None, ...] = ()
    stored: tuple[int, ...] = ()
    uncounted: Mapping[str, int] = field(default_factory=dict)
    moved_bytes: int = 0
    working_bytes: int = 0
    error: str | None = None


@dataclass(slots=True)
class NodeResult:
    """One node of one use of a graph; `rounds` holds one entry for each round of its repeat."""

    node: Node
    facts: NodeFacts
    rounds: "list[dict[str, Literal] | GraphResult]"


@dataclass(slots=True)
class GraphResult:
    """One use of a graph: its nodes in topological order, and the values at its outputs."""

    name: str
    graph: Graph
    nodes: dict[str, NodeResult] = field(default_factory=dict)
    values: dict[tuple[str, str], TensorSpec] = field(default_factory=dict)
    outputs: list[TensorSpec] = field(default_factory=list)
    problem: str | None = None
