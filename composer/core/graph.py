"""The document: frozen dataclasses for a drawn network. Nothing here is ever changed in place; see `edits` for new versions.

Ids are legal Python identifiers, unique within their graph: an id is the label, the YAML key, the attribute in the generated
model, the state_dict prefix and the hook path. Inputs, nodes and outputs of a graph share one namespace and are joined by wires.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from composer.core.topology import find_cycle, ordered

if TYPE_CHECKING:
    import networkx as nx

FORMAT = 1
SUBGRAPH = "graph:"
MAX_REPEAT = 10_000

Scalar: TypeAlias = int | float | bool | str | None
Literal: TypeAlias = Scalar | tuple["Literal", ...]


@dataclass(frozen=True, slots=True)
class Each:
    """A parameter that takes one value for each round of a repeat; the list is walked again when it is shorter than the repeat."""

    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Ramp:
    """A parameter that grows linearly from the first to the last round of a repeat."""

    start: float | str
    stop: float | str


Value: TypeAlias = Literal | Each | Ramp
Point: TypeAlias = tuple[float, float]
K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A read-only copy that keeps the order."""
    return mapping if isinstance(mapping, MappingProxyType) else MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that enters a graph.

    Args:
        id: its name, also the argument of the generated `forward`.
        shape: sizes without the batch axis; empty inside a sub-graph, where the wires of each use say them.
        dtype: torch dtype name.
        position: place on the canvas in pixels.
    """

    id: str
    shape: tuple[int | str, ...] = ()
    dtype: str = "float32"
    position: Point = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that leaves a graph."""

    id: str
    position: Point = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Node:
    """One use of a block or of a sub-graph.

    Args:
        id: unique identifier within the graph.
        block: class name of the block, or ``graph:NAME`` for a sub-graph.
        params: what the user set; everything else is a default or taken from the wires.
        position: place on the canvas in pixels.
        repeat: how many times in a row, each with its own weights; an integer or an expression.
        note: free text of the user.
    """

    id: str
    block: str
    params: Mapping[str, Value] = field(default_factory=dict)
    position: Point = (0.0, 0.0)
    repeat: int | str = 1
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", frozen(self.params))

    @property
    def subgraph(self) -> str | None:
        """Name of the sub-graph this node uses, or None."""
        return self.block.removeprefix(SUBGRAPH) if self.block.startswith(SUBGRAPH) else None


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection from an output port to an input port; an empty port name is the first (mostly the only) port.

    Args:
        source: id of the item it leaves.
        target: id of the item it enters.
        source_port: name of the output port.
        target_port: name of the input port.
        bends: places on the canvas that it is led through; drawing only, so that wires that differ in nothing else are equal.
    """

    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    bends: tuple[Point, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        source = f"{self.source}.{self.source_port}" if self.source_port else self.source
        target = f"{self.target}.{self.target_port}" if self.target_port else self.target
        return f"{source} -> {target}"


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled area behind nodes, for the reader's eye only."""

    id: str
    title: str
    rect: tuple[float, float, float, float]
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Inputs, nodes and outputs joined by wires. `params` are what a sub-graph exposes to its uses, with defaults.

    What is derived from the wires is worked out once, when it is first asked for.
    """

    inputs: Mapping[str, Input] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()
    params: Mapping[str, Value] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()

    def __post_init__(self) -> None:
        for name in ("inputs", "nodes", "outputs", "params"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def item(self, id: str) -> Input | Node | Output | None:
        """Whatever bears this id."""
        return self.inputs.get(id) or self.nodes.get(id) or self.outputs.get(id)

    def ids(self) -> Iterator[str]:
        """All ids in drawing order: inputs, nodes, outputs."""
        yield from self.inputs
        yield from self.nodes
        yield from self.outputs

    def in_wires(self, id: str) -> tuple[Wire, ...]:
        """Wires that end at an item, in their order."""
        return self._arriving.get(id, ())

    @cached_property
    def _arriving(self) -> dict[str, tuple[Wire, ...]]:
        found: dict[str, list[Wire]] = {}
        for wire in self.wires:
            found.setdefault(wire.target, []).append(wire)
        return {id: tuple(wires) for id, wires in found.items()}

    def out_wires(self, id: str) -> tuple[Wire, ...]:
        """Wires that begin at an item, in their order."""
        return self._leaving.get(id, ())

    @cached_property
    def _leaving(self) -> dict[str, tuple[Wire, ...]]:
        found: dict[str, list[Wire]] = {}
        for wire in self.wires:
            found.setdefault(wire.source, []).append(wire)
        return {id: tuple(wires) for id, wires in found.items()}

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """The topology, read-only: this very graph is what is compiled. Nodes come in `order`, each edge carries its Wire."""
        return self._topology

    @cached_property
    def _topology(self) -> "nx.MultiDiGraph[str]":
        import networkx as nx  # not at the top of this file: it would be a tenth of the time that the window takes to start

        topology: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        topology.add_nodes_from(self.ids() if self.cycle else self.order())
        topology.add_edges_from((wire.source, wire.target, {"wire": wire}) for wire in self.wires)
        return nx.freeze(topology)

    def share_caches_with(self, other: "Graph") -> "Graph":
        """This graph, told what another worked out from its wires, if the two have the very same wires and the same ids."""
        # Not merely equal ones: equal wires may be bent in different places.
        same = self.wires is other.wires and self.outputs.keys() == other.outputs.keys()
        if self is not other and same and all(a == b for a, b in zip_longest(self.ids(), other.ids())):
            derived = ("_arriving", "_topology", "_order", "_leading", "cycle")
            self.__dict__.update({name: other.__dict__[name] for name in derived if name in other.__dict__})
        return self

    @cached_property
    def cycle(self) -> list[str] | None:
        """Ids along one circle of the wires, or None; a network must have none."""
        return find_cycle((wire.source, wire.target) for wire in self.wires)

    def order(self) -> tuple[str, ...]:
        """Ids in an order in which every wire points forward; ties follow the drawing order.

        Raises:
            graphlib.CycleError: if the graph has a cycle.
        """
        return self._order

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return ordered(self.ids(), ((wire.source, wire.target) for wire in self.wires))

    def live_nodes(self) -> frozenset[str]:
        """Ids of the items that an output depends on, outputs included; all ids while no output is wired."""
        return self._leading

    @cached_property
    def _leading(self) -> frozenset[str]:
        found = set(self.outputs)
        queue = list(found)
        while queue:
            new = {wire.source for wire in self.in_wires(queue.pop())} - found
            found |= new
            queue.extend(new)
        return frozenset(found if found != set(self.outputs) else self.ids())


@dataclass(frozen=True, slots=True)
class ExtensionRef:
    """An extension selected by name, such as a dataset or an objective, with the options that differ from its defaults.

    Args:
        name: name of the extension: its file name without the suffix.
        options: option values by name.
    """

    name: str
    options: Mapping[str, Literal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", frozen(self.options))

    def __str__(self) -> str:
        options = ", ".join(f"{name}: {value}" for name, value in self.options.items())
        return f"{self.name} ({options})" if options else self.name


@dataclass(frozen=True, slots=True)
class Training:
    """Training settings of a design; `training_settings` holds their types, bounds and descriptions."""

    data: ExtensionRef = ExtensionRef("digits")
    objective: ExtensionRef = ExtensionRef("classification")
    epochs: int = 12
    batch_size: int = 64
    optimizer: str = "adamw"
    lr: float = 3e-3
    weight_decay: float = 0.05
    schedule: str = "cosine"
    warmup_epochs: float = 1.0
    augment: bool = True
    seed: int = 0
    precision: str = "32-true"


@dataclass(frozen=True, slots=True)
class Design:
    """The whole document.

    Args:
        name: title, free text.
        main: the graph that is the network.
        graphs: sub-graphs by name.
        variables: numbers and texts that parameters may use in expressions (``"=width * 2"``); values may be expressions too.
        training: training settings.
        description: free text; for templates it states the source.
        expected: counts the author vouches for (``params``, ``macs``), recomputed by `check`.
    """

    name: str = "untitled"
    main: Graph = field(default_factory=Graph)
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    description: str = ""
    expected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("graphs", "variables", "expected"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def graph(self, name: str = "") -> Graph:
        """A graph by name; the empty name is the main graph.

        Raises:
            KeyError: if there is no such sub-graph.
        """
        return self.graphs[name] if name else self.main

    def with_graph(self, name: str, graph: Graph) -> "Design":
        """This design with one graph put in the place of another (or added, if it is a new sub-graph)."""
        before = self.graphs.get(name) if name else self.main
        if before is not None:
            graph.share_caches_with(before)  # most edits leave the wires as they are
        if not name:
            return replace(self, main=graph)
        return replace(self, graphs=frozen({**self.graphs, name: graph}))

    def all_graphs(self) -> Iterator[tuple[str, Graph]]:
        """Main graph first (under the empty name), then the sub-graphs."""
        yield "", self.main
        yield from self.graphs.items()


def is_expression(value: object) -> bool:
    """Whether a parameter value is an expression over variables."""
    return isinstance(value, str) and value.startswith("=")


def is_repeat(value: object) -> bool:
    """Whether a node may be repeated so: a whole number of rounds, or an expression that gives one."""
    return is_expression(value) or (type(value) is int and 1 <= value <= MAX_REPEAT)


def as_literal(value: object) -> Literal:
    """A value with lists turned into tuples, so that it can be frozen and compared."""
    if isinstance(value, list | tuple):
        return tuple(as_literal(item) for item in value)
    return cast("Scalar", value)
