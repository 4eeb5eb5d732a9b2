"""A Design as plain JSON values, for the pipe between the window and its workers: faster than YAML, never shown to a user."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from composer.core.graph import Design, Each, Frame, Graph, Input, Node, Output, Ramp, Training, Value, Wire, as_literal


def write_value(value: Value) -> Any:
    """A parameter value as JSON can hold it."""
    if isinstance(value, Each):
        return {"each": value.values}
    if isinstance(value, Ramp):
        return {"ramp": (value.start, value.stop)}
    return value


def read_value(value: Any) -> Value:
    """A parameter value from its JSON form, or as it is."""
    if isinstance(value, Each | Ramp):
        return value
    if isinstance(value, dict):
        if "each" in value:
            return Each(tuple(as_literal(item) for item in value["each"]))
        return Ramp(*value["ramp"])
    return as_literal(value)


def _graph(graph: Graph) -> dict[str, Any]:
    return {
        "inputs": [(i.id, i.shape, i.dtype, i.position) for i in graph.inputs.values()],
        "nodes": [
            (n.id, n.block, {k: write_value(v) for k, v in n.params.items()}, n.position, n.repeat, n.note) for n in graph.nodes.values()
        ],
        "outputs": [(o.id, o.position) for o in graph.outputs.values()],
        "wires": [(w.source, w.target, w.source_port, w.target_port, *((w.bends,) if w.bends else ())) for w in graph.wires],
        "params": {name: write_value(value) for name, value in graph.params.items()},
        "frames": [(f.id, f.title, f.rect, f.nodes) for f in graph.frames],
    }


@dataclass(frozen=True, slots=True)
class _Seen:
    """A graph that was read, with the texts of what it was read from: as values, 1, 1.0 and True would be equal."""

    graph: Graph
    nodes: Mapping[str, str]
    wires: str


def _seen(graph: Graph, data: Mapping[str, Any]) -> _Seen:
    return _Seen(graph, {row[0]: repr(row) for row in data["nodes"]}, repr(data["wires"]))


def _read_graph(data: Mapping[str, Any], last: _Seen | None = None) -> Graph:
    nodes: Mapping[str, Node] = last.graph.nodes if last is not None else {}
    texts: Mapping[str, str] = last.nodes if last is not None else {}
    same_wires = last is not None and last.wires == repr(data["wires"])
    return Graph(
        inputs={row[0]: Input(row[0], tuple(row[1]), row[2], tuple(row[3])) for row in data["inputs"]},
        nodes={row[0]: nodes[row[0]] if row[0] in texts and texts[row[0]] == repr(row) else _read_node(*row) for row in data["nodes"]},
        outputs={row[0]: Output(row[0], tuple(row[1])) for row in data["outputs"]},
        wires=last.graph.wires if last is not None and same_wires else tuple(_read_wire(*row) for row in data["wires"]),
        params={name: read_value(value) for name, value in data["params"].items()},
        frames=tuple(Frame(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in data["frames"]),
    )


def _read_node(id: str, block: str, params: Mapping[str, Any], position: Sequence[float], repeat: int | str, note: str) -> Node:
    x, y = position
    return Node(id, block, {name: read_value(value) for name, value in params.items()}, (x, y), repeat, note)


def _read_wire(source: str, target: str, source_port: str, target_port: str, bends: Sequence[Sequence[float]] = ()) -> Wire:
    return Wire(source, target, source_port, target_port, tuple((x, y) for x, y in bends))


def to_json(design: Design) -> dict[str, Any]:
    """A Design as values that `json` can write."""
    return {
        "name": design.name,
        "main": _graph(design.main),
        "graphs": {name: _graph(graph) for name, graph in design.graphs.items()},
        "variables": dict(design.variables),
        "training": asdict(design.training),
        "description": design.description,
        "expected": dict(design.expected),
    }


class Reader:
    """Reads versions of one design as they come: what did not change stays the same object, with what was worked out from it."""

    def __init__(self) -> None:
        self._last: dict[str, _Seen] = {}

    def read(self, data: Mapping[str, Any]) -> Design:
        """The design that `to_json` wrote."""
        design = _design(data, self._last)
        for name, graph in design.all_graphs():
            if name in self._last:
                graph.knowing(self._last[name].graph)
        self._last = {name: _seen(graph, data["graphs"][name] if name else data["main"]) for name, graph in design.all_graphs()}
        return design


def from_json(data: Mapping[str, Any]) -> Design:
    """The inverse of `to_json`."""
    return _design(data, {})


def _design(data: Mapping[str, Any], last: Mapping[str, _Seen]) -> Design:
    return Design(
        name=data["name"],
        main=_read_graph(data["main"], last.get("")),
        graphs={name: _read_graph(graph, last.get(name)) for name, graph in data["graphs"].items()},
        variables=data["variables"],
        training=Training(**data["training"]),
        description=data["description"],
        expected=data["expected"],
    )
