"""A Design as plain JSON values, for the pipe between the window and its workers: faster than YAML, never shown to a user."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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


def _read_graph(data: Mapping[str, Any]) -> Graph:
    return Graph(
        inputs={row[0]: Input(row[0], tuple(row[1]), row[2], tuple(row[3])) for row in data["inputs"]},
        nodes={
            row[0]: Node(row[0], row[1], {k: read_value(v) for k, v in row[2].items()}, tuple(row[3]), row[4], row[5])
            for row in data["nodes"]
        },
        outputs={row[0]: Output(row[0], tuple(row[1])) for row in data["outputs"]},
        wires=tuple(_read_wire(*row) for row in data["wires"]),
        params={name: read_value(value) for name, value in data["params"].items()},
        frames=tuple(Frame(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in data["frames"]),
    )


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


def from_json(data: Mapping[str, Any]) -> Design:
    """The inverse of `to_json`."""
    return Design(
        name=data["name"],
        main=_read_graph(data["main"]),
        graphs={name: _read_graph(graph) for name, graph in data["graphs"].items()},
        variables=data["variables"],
        training=Training(**data["training"]),
        description=data["description"],
        expected=data["expected"],
    )
