"""The results of inference as data: tensors on wires, costs of blocks, nodes and graphs. Nothing here needs torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import NamedTuple, TypeAlias

from composer.core.binding import PortKey
from composer.core.facts import NodeFacts
from composer.core.graph import Graph, Literal, Node
from composer.core.token_layout import TokenLayout


@cache
def itemsize(dtype: str) -> int:
    """Return the bytes of one element, by torch's name of its dtype.

    >>> itemsize("bfloat16"), itemsize("complex64"), itemsize("bool")
    (2, 8, 1)
    """
    bits = re.search(r"\d+", dtype)
    return int(bits[0]) // 8 if bits else 1


# Shape, dtype, requires_grad, strides: all that a block can observe of a tensor without data.
Signature: TypeAlias = tuple[tuple[int, ...], str, bool, tuple[int, ...]]


class TensorSpec(NamedTuple):
    """A tensor on a wire, without its data.

    Attributes:
        shape: its sizes, the batch first.
        dtype: torch's name of its dtype, such as ``float32``.
        grad: whether a gradient flows back into it.
        storage: number of its storage within one walk, so that a storage that two nodes save is counted once.
        stored: bytes of that storage, more than `nbytes` if the tensor is a part of a larger one.
        strides: decide which operations copy, and so what is saved for backward; empty for a contiguous tensor.
        layout: where its tokens are in the image; None if it has none, or that is unknown. It decides no cost.
    """

    shape: tuple[int, ...]
    dtype: str
    grad: bool
    storage: int
    stored: int
    strides: tuple[int, ...] = ()
    layout: TokenLayout | None = None

    @property
    def signature(self) -> Signature:
        """All that a block can observe of it: the key under which costs are memoized."""
        return self.shape, self.dtype, self.grad, self.strides

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor."""
        return itemsize(self.dtype) * prod(self.shape)


@dataclass(frozen=True, slots=True)
class BlockCost:
    """Outputs and costs of a block with certain parameters and inputs.

    Attributes:
        outputs: signature of each output.
        params: number of parameters.
        params_trainable: those of them that require a gradient.
        buffers: number of elements in buffers.
        macs: multiply-adds of the whole batch.
        saved_bytes: bytes saved for backward that are neither an input nor an output.
        saved_inputs: for each input, whether its storage is saved for backward.
        saved_outputs: for each output, whether its storage is saved for backward.
        aliases: for each output, the index of the input whose storage it shares, or None.
        stored: for each output, the bytes of its storage.
        uncounted: operations without a formula for their MACs, by name, with their number of calls.
        moved_bytes: bytes that the operations read and write.
        working_bytes: inputs and outputs of the largest single operation.
        error: why the block cannot run; nothing else is set then.
    """

    outputs: tuple[Signature, ...] = ()
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
    """One node of one instance of a graph.

    Attributes:
        node: the node.
        facts: its facts, all iterations together.
        iterations: for each iteration of its repeat the resolved parameters of its block, or the results of its
            sub-graph.
    """

    node: Node
    facts: NodeFacts
    iterations: "list[dict[str, Literal] | GraphResult]"


@dataclass(slots=True)
class GraphResult:
    """One instance of a graph.

    Attributes:
        name: name of the graph; empty for the main graph.
        graph: the graph.
        nodes: results by id, in topological order.
        values: tensors by port.
        outputs: tensors at the graph's outputs.
        problem: the first error in it, if there is one.
    """

    name: str
    graph: Graph
    nodes: dict[str, NodeResult] = field(default_factory=dict)
    values: dict[PortKey, TensorSpec] = field(default_factory=dict)
    outputs: list[TensorSpec] = field(default_factory=list)
    problem: str | None = None
