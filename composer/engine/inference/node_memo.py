"""Nodes of blocks, on their way through a walk: about to be computed, known, and as they were walked last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from composer.core.blocks.block_file import BlockSpec
from composer.core.facts import NodeFacts
from composer.core.graph import Literal, Node, Scalar, Wire
from composer.engine.inference.results import BlockCost, Spec, TensorSpec


@dataclass(frozen=True, slots=True)
class Known:
    """Memo entry of a whole node: parameters and cost of each round, and its facts, whose activation bytes are those of its last use."""

    rounds: tuple[tuple[dict[str, Literal], BlockCost], ...]
    facts: NodeFacts


class Instance(NamedTuple):
    """A node of a block as it is about to be computed.

    Args:
        node: the node.
        spec: its block.
        inputs: what arrives at its ports; None stands for an optional one without a wire.
        firsts: the first value at each port, which for a variadic one stands for all.
        variables: what its expressions may use.
        rounds: how often it is repeated.
    """

    node: Node
    spec: BlockSpec
    inputs: Sequence[TensorSpec | None]
    firsts: Sequence[TensorSpec | None]
    variables: Mapping[str, Scalar]
    rounds: int


class Step(NamedTuple):
    """How one node was walked last, for when it comes again unchanged: where its inputs are, what arrived, what it became."""

    node: Node
    wires: tuple[Wire, ...]
    sources: tuple[tuple[str, str] | None, ...]
    arrived: tuple[Spec | None, ...]
    ports: tuple[str, ...]
    known: Known
