"""A node of a block as inference handles it: a call to compute, the memo of its result, and its last visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from composer.core.binding import PortKey
from composer.core.blocks.block_file import BlockSpec
from composer.core.facts import NodeFacts
from composer.core.graph import Literal, Node, Wire
from composer.core.token_layout import TokenLayout
from composer.engine.inference.results import BlockCost, Signature, TensorSpec


class NodeCall(NamedTuple):
    """A node of a block with everything that decides its result.

    Attributes:
        node: the node.
        spec: its block.
        inputs: tensors at its ports; None for an optional port without a wire.
        first_inputs: the first tensor at each port, which stands for all tensors of a variadic one.
        variables: values that its expressions may refer to; empty if it has no expressions.
        repeat: its number of iterations.
    """

    node: Node
    spec: BlockSpec
    inputs: Sequence[TensorSpec | None]
    first_inputs: Sequence[TensorSpec | None]
    variables: Mapping[str, Literal]
    repeat: int


@dataclass(frozen=True, slots=True)
class NodeMemo:
    """The result of a call.

    Attributes:
        iterations: resolved parameters and cost of each iteration.
        facts: its facts; their activation bytes are those of the node that was replayed last.
        layouts: the token layouts of its outputs.
    """

    iterations: tuple[tuple[dict[str, Literal], BlockCost], ...]
    facts: NodeFacts
    layouts: tuple[TokenLayout | None, ...] = ()


class CachedVisit(NamedTuple):
    """The last visit of a walk to a node; replayed if the next walk finds the node, its wires and its inputs unchanged.

    Attributes:
        node: the node.
        wires: the wires that end at it.
        sources: the ports that feed it, in the order of its inputs; None for an input without a wire.
        signatures: signatures and token layouts of the tensors at those ports.
        ports: names of its output ports.
        memo: its result.
    """

    node: Node
    wires: tuple[Wire, ...]
    sources: tuple[PortKey | None, ...]
    signatures: tuple[tuple[Signature, TokenLayout | None] | None, ...]
    ports: tuple[str, ...]
    memo: NodeMemo
