"""A Design as plain JSON values, for the pipe between the window and its workers: faster than YAML, never shown to a user."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
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


def _read_graph(data: Mapping[str, Any], last: tuple[Mapping[str, Any], Graph] | None = None) -> Graph:
    known, nodes = {}, {}
    if last is not None:
        known = {row[0]: row for row in last[0]["nodes"]}
        nodes = dict(last[1].nodes)
    return Graph(
        inputs={row[0]: Input(row[0], tuple(row[1]), row[2], tuple(row[3])) for row in data["inputs"]},
        nodes={row[0]: nodes[row[0]] if known.get(row[0]) == row else _read_node(*row) for row in data["nodes"]},
        outputs={row[0]: Output(row[0], tuple(row[1])) for row in data["outputs"]},
        wires=last[1].wires if last is not None and last[0]["wires"] == data["wires"] else tuple(_read_wire(*row) for row in data["wires"]),
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
        self._last: dict[str, tuple[Mapping[str, Any], Graph]] = {}

    def read(self, data: Mapping[str, Any]) -> Design:
        """The design that `to_json` wrote."""
        design = from_json(data, self._last)
        for name, graph in design.all_graphs():
            if name in self._last:
                graph.knowing(self._last[name][1])
        self._last = {name: (data["graphs"][name] if name else data["main"], graph) for name, graph in design.all_graphs()}
        return design


def from_json(data: Mapping[str, Any], last: Mapping[str, tuple[Mapping[str, Any], Graph]] = MappingProxyType({})) -> Design:
    """The inverse of `to_json`.

    Args:
        data: what `to_json` gave.
        last: graphs of an earlier version by name, each with what it was read from; their parts are used again.
    """
    return Design(
        name=data["name"],
        main=_read_graph(data["main"], last.get("")),
        graphs={name: _read_graph(graph, last.get(name)) for name, graph in data["graphs"].items()},
        variables=data["variables"],
        training=Training(**data["training"]),
        description=data["description"],
        expected=data["expected"],
    )
