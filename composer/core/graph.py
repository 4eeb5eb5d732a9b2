"""The document: frozen dataclasses for a drawn network, never changed in place; `edits` returns new versions.

Ids are legal Python identifiers, unique within their graph: an id is the label, the YAML key, the attribute in the
generated model, the state_dict prefix and the hook path. Inputs, nodes and outputs of a graph share one namespace and
are joined by wires.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from composer.core.topology import find_cycle, reachable, topological_order

if TYPE_CHECKING:
    import networkx as nx

FORMAT = 1
SUBGRAPH = "graph:"
MAX_REPEAT = 10_000

Scalar: TypeAlias = int | float | bool | str | None
Literal: TypeAlias = Scalar | tuple["Literal", ...]


AND_SO_ON = "..."  # at the end of an `Each`


@dataclass(frozen=True, slots=True)
class Each:
    """A parameter with one value for each iteration of a repeat. A list shorter than the repeat starts over; one that
    ends with ``"..."`` goes on with the value before.
    """

    values: tuple[Literal, ...]

    def at(self, iteration: int) -> Literal:
        """Return the value of an iteration, counted from 0."""
        values = self.listed
        return values[min(iteration, len(values) - 1) if len(values) < len(self.values) else iteration % len(values)]

    @property
    def listed(self) -> tuple[Literal, ...]:
        """The values without the mark at the end."""
        return self.values[:-1] if len(self.values) > 1 and self.values[-1] == AND_SO_ON else self.values


@dataclass(frozen=True, slots=True)
class Ramp:
    """A parameter that grows linearly from the first to the last iteration of a repeat."""

    start: float | str
    stop: float | str


Value: TypeAlias = Literal | Each | Ramp
Point: TypeAlias = tuple[float, float]
K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Return a read-only copy with the same order."""
    return mapping if isinstance(mapping, MappingProxyType) else MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that enters a graph.

    Args:
        id: its name, also the argument of the generated `forward`.
        shape: sizes without the batch axis; empty in a sub-graph, where each instance takes them from its wires.
        dtype: torch dtype name.
        position: center on the canvas in pixels.
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
    """One instance of a block or of a sub-graph.

    Args:
        id: unique identifier within the graph.
        block: class name of the block, or ``graph:NAME`` for a sub-graph.
        params: values that the user set; all others are defaults or taken from the wires.
        position: center on the canvas in pixels.
        repeat: number of iterations in a row, each with its own weights; an integer or an expression.
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
        """Name of the sub-graph that this node is an instance of, or None."""
        return self.block.removeprefix(SUBGRAPH) if self.block.startswith(SUBGRAPH) else None


Item: TypeAlias = Input | Node | Output


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection from an output port to an input port; an empty port name is the first (usually the only) port.

    Args:
        source: id of the item it leaves.
        target: id of the item it enters.
        source_port: name of the output port.
        target_port: name of the input port.
        bends: points on the canvas that it passes through; part of the drawing only: wires that differ in nothing else
            are equal.
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
    """A titled area behind nodes; it has no effect on the network."""

    id: str
    title: str
    rect: tuple[float, float, float, float]
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Inputs, nodes and outputs joined by wires. `params` are what a sub-graph exposes to its instances, with defaults.

    Everything derived from the wires is computed on first use and cached.
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

    def item(self, id: str) -> Item | None:
        """Return the input, node or output with an id, or None."""
        return self.inputs.get(id) or self.nodes.get(id) or self.outputs.get(id)

    def ids(self) -> Iterator[str]:
        """Yield all ids in drawing order: inputs, nodes, outputs."""
        yield from self.inputs
        yield from self.nodes
        yield from self.outputs

    def in_wires(self, id: str) -> tuple[Wire, ...]:
        """Return the wires that end at an item, in their order."""
        return self._in_wires.get(id, ())

    @cached_property
    def _in_wires(self) -> dict[str, tuple[Wire, ...]]:
        by_target: dict[str, list[Wire]] = {}
        for wire in self.wires:
            by_target.setdefault(wire.target, []).append(wire)
        return {id: tuple(wires) for id, wires in by_target.items()}

    def out_wires(self, id: str) -> tuple[Wire, ...]:
        """Return the wires that start at an item, in their order."""
        return self._out_wires.get(id, ())

    @cached_property
    def _out_wires(self) -> dict[str, tuple[Wire, ...]]:
        by_source: dict[str, list[Wire]] = {}
        for wire in self.wires:
            by_source.setdefault(wire.source, []).append(wire)
        return {id: tuple(wires) for id, wires in by_source.items()}

    def to_networkx(self) -> "nx.MultiDiGraph[str]":
        """Return the topology, read-only. Nodes are in `order`; each edge has its Wire as attribute ``wire``."""
        return self._topology

    @cached_property
    def _topology(self) -> "nx.MultiDiGraph[str]":
        import networkx as nx  # imported here, because it would take a tenth of the time that the window needs to start

        topology: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        topology.add_nodes_from(self.ids() if self.cycle else self.order())
        topology.add_edges_from((wire.source, wire.target, {"wire": wire}) for wire in self.wires)
        return nx.freeze(topology)

    def share_caches_with(self, other: "Graph") -> "Graph":
        """Reuse what another graph derived from its wires, if both have the same wires and ids; return this graph."""
        # The same wires, not only equal ones: equal wires may have different bends.
        same = self.wires is other.wires and self.outputs.keys() == other.outputs.keys()
        if self is not other and same and all(a == b for a, b in zip_longest(self.ids(), other.ids())):
            derived = ("_in_wires", "_out_wires", "_topology", "_order", "_live_nodes", "cycle")
            self.__dict__.update({name: other.__dict__[name] for name in derived if name in other.__dict__})
        return self

    @cached_property
    def cycle(self) -> list[str] | None:
        """Ids along one cycle of the wires, or None; a network must have none."""
        return find_cycle((wire.source, wire.target) for wire in self.wires)

    def order(self) -> tuple[str, ...]:
        """Return the ids so that every wire points forward; ties follow the drawing order.

        Raises:
            graphlib.CycleError: if the graph has a cycle.
        """
        return self._order

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return topological_order(self.ids(), ((wire.source, wire.target) for wire in self.wires))

    def live_nodes(self) -> frozenset[str]:
        """Return the ids that an output depends on, outputs included; all ids while no output is wired."""
        return self._live_nodes

    @cached_property
    def _live_nodes(self) -> frozenset[str]:
        live = reachable(self.outputs, lambda id: (wire.source for wire in self.in_wires(id)))
        return frozenset(live if len(live) > len(self.outputs) else self.ids())


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
    """Training settings of a design; `training_table` holds their types, bounds and descriptions."""

    data: ExtensionRef = ExtensionRef("digits")
    objective: ExtensionRef = ExtensionRef("classification")
    epochs: int = 12
    batch_size: int = 64
    accumulate: int = 1
    optimizer: ExtensionRef = ExtensionRef("adamw")
    lr: float = 3e-3
    lr_factors: Mapping[str, float] = field(default_factory=dict)
    layer_decay: float = 1.0
    clip_norm: float = 0.0
    schedule: ExtensionRef = ExtensionRef("cosine")
    warmup_epochs: float = 1.0
    min_lr: float | None = None
    early_stopping: int = 0
    weight_decay: float = 0.05
    ema: float = 0.0
    precision: str = "32-true"
    channels_last: bool = False
    compile: bool = False
    augment: tuple[ExtensionRef, ...] = (ExtensionRef("affine"),)
    init: str | None = None
    freeze: tuple[str, ...] = ()
    seed: int = 0
    keep_every: int = 0
    samples: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr_factors", frozen(self.lr_factors))


@dataclass(frozen=True, slots=True)
class Variant:
    """A named setting of a design's variables, such as one size of a family.

    Args:
        values: the variables that it sets; the others keep the values of the design.
        title: name of the network with these values; empty: that of the design.
        expected: counts that the author states for it (``params``, ``macs``).
    """

    values: Mapping[str, Literal] = field(default_factory=dict)
    title: str = ""
    expected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("values", "expected"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Design:
    """The whole document.

    Args:
        name: title, free text.
        main: the graph that is the network.
        graphs: sub-graphs by name.
        variables: numbers, texts and lists of them that parameters use in expressions (``"=width * 2"``,
            ``"=depths[0]"``); may be expressions themselves.
        variants: named settings of the variables, such as the sizes of a family of networks.
        training: training settings.
        description: free text; for templates it states the source.
        expected: counts that the author states (``params``, ``macs``); `check` recomputes them.
    """

    name: str = "untitled"
    main: Graph = field(default_factory=Graph)
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    variables: Mapping[str, Literal] = field(default_factory=dict)
    training: Training = field(default_factory=Training)
    description: str = ""
    expected: Mapping[str, int] = field(default_factory=dict)
    variants: Mapping[str, Variant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("graphs", "variables", "expected", "variants"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def graph(self, name: str = "") -> Graph:
        """Return a graph by name; the empty name is the main graph.

        Raises:
            KeyError: if there is no such sub-graph.
        """
        return self.graphs[name] if name else self.main

    def with_graph(self, name: str, graph: Graph) -> "Design":
        """Return this design with one graph replaced, or added if it is a new sub-graph."""
        before = self.graphs.get(name) if name else self.main
        if before is not None:
            graph.share_caches_with(before)  # most edits do not change the wires
        if not name:
            return replace(self, main=graph)
        return replace(self, graphs=frozen({**self.graphs, name: graph}))

    def all_graphs(self) -> Iterator[tuple[str, Graph]]:
        """Yield the main graph under the empty name, then the sub-graphs."""
        yield "", self.main
        yield from self.graphs.items()

    def nested_graphs(self, starts: Iterable[str] = ("",)) -> dict[str, str | None]:
        """Find the graphs that some graphs contain, directly and through sub-graphs, breadth first.

        Args:
            starts: names of existing graphs; the empty name is the main graph.

        Returns:
            Their names, `starts` included, each with the graph in which it was first met; None for the starts.
        """

        def inner(name: str) -> Iterator[str]:
            names = (node.subgraph for node in self.graph(name).nodes.values())
            return (name for name in names if name is not None and name in self.graphs)

        return reachable(starts, inner)


def is_expression(value: object) -> bool:
    """Return whether a parameter value is an expression over variables."""
    return isinstance(value, str) and value.startswith("=")


def is_repeat(value: object) -> bool:
    """Return whether a value is a valid `Node.repeat`: an integer in range, or an expression that gives one."""
    return is_expression(value) or (type(value) is int and 1 <= value <= MAX_REPEAT)


def as_literal(value: object) -> Literal:
    """Return a value with its lists turned into tuples, so that it can be compared and hashed."""
    if isinstance(value, list | tuple):
        return tuple(as_literal(item) for item in value)
    return cast("Scalar", value)
