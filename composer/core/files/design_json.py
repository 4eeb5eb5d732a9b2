"""A Design as plain JSON values, for the pipe between the window and its workers; faster than YAML."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from composer.core import training_settings
from composer.core.graph import (
    Design,
    Each,
    Frame,
    Graph,
    Input,
    Literal,
    Node,
    Output,
    Ramp,
    Value,
    Variant,
    Wire,
    as_literal,
)


def write_value(value: Value) -> Any:
    """Return a parameter value as JSON values."""
    if isinstance(value, Each):
        return {"each": value.values}
    if isinstance(value, Ramp):
        return {"ramp": (value.start, value.stop)}
    return value


def read_value(value: Any) -> Value:
    """Read a parameter value from its JSON form; other values stay."""
    if isinstance(value, Each | Ramp):
        return value
    if isinstance(value, dict):
        if "each" in value:
            return Each(tuple(as_literal(item) for item in value["each"]))
        return Ramp(*value["ramp"])
    return as_literal(value)


def read_node(
    id: str, block: str, params: Mapping[str, Any], position: Sequence[float], repeat: int | str, note: str
) -> Node:
    """Read the node of a row."""
    x, y = position
    return Node(id, block, {name: read_value(value) for name, value in params.items()}, (x, y), repeat, note)


def _read_wire(
    source: str, target: str, source_port: str, target_port: str, bends: Sequence[Sequence[float]] = ()
) -> Wire:
    return Wire(source, target, source_port, target_port, tuple((x, y) for x, y in bends))


_WRITE: Mapping[str, Callable[[Graph], Any]] = {
    "inputs": lambda graph: [(i.id, i.shape, i.dtype, i.position) for i in graph.inputs.values()],
    "nodes": lambda graph: [write_node(node) for node in graph.nodes.values()],
    "outputs": lambda graph: [(o.id, o.position) for o in graph.outputs.values()],
    "wires": lambda graph: [
        (w.source, w.target, w.source_port, w.target_port, *((w.bends,) if w.bends else ())) for w in graph.wires
    ],
    "params": lambda graph: {name: write_value(value) for name, value in graph.params.items()},
    "frames": lambda graph: [(f.id, f.title, f.rect, f.nodes) for f in graph.frames],
}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "inputs": lambda rows: {row[0]: Input(row[0], tuple(row[1]), row[2], tuple(row[3])) for row in rows},
    "nodes": lambda rows: {row[0]: read_node(*row) for row in rows},
    "outputs": lambda rows: {row[0]: Output(row[0], tuple(row[1])) for row in rows},
    "wires": lambda rows: tuple(_read_wire(*row) for row in rows),
    "params": lambda data: {name: read_value(value) for name, value in data.items()},
    "frames": lambda rows: tuple(Frame(row[0], row[1], tuple(row[2]), tuple(row[3])) for row in rows),
}
PARTS = tuple(_WRITE)  # of a graph, by the names of its fields


def write_node(node: Node) -> Sequence[Any]:
    """Return a node as one row."""
    return (
        node.id,
        node.block,
        {k: write_value(v) for k, v in node.params.items()},
        node.position,
        node.repeat,
        node.note,
    )


def write_parts(graph: Graph, parts: Iterable[str] = PARTS) -> dict[str, Any]:
    """Return some parts of a graph, by name."""
    return {part: _WRITE[part](graph) for part in parts}


def read_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `write_parts` wrote, as values of a graph's fields."""
    return {part: _READ[part](rows) for part, rows in data.items()}


def write_head(design: Design) -> dict[str, Any]:
    """Return everything of a design except its graphs."""
    return {
        "name": design.name,
        "variables": dict(design.variables),
        "training": training_settings.to_plain(design.training),
        "description": design.description,
        "expected": dict(design.expected),
        "variants": [[name, dict(v.values), v.title, dict(v.expected)] for name, v in design.variants.items()],
    }


def read_design(data: Mapping[str, Any], main: Graph, graphs: Mapping[str, Graph]) -> Design:
    """Return the design with the fields that `write_head` wrote, and graphs."""
    training = training_settings.from_plain(data["training"])
    variants = {name: Variant(_literals(values), *other) for name, values, *other in data["variants"]}
    return Design(
        name=data["name"],
        main=main,
        graphs=graphs,
        variables=_literals(data["variables"]),
        training=training,
        description=data["description"],
        expected=data["expected"],
        variants=variants,
    )


def _literals(values: Mapping[str, Any]) -> dict[str, Literal]:
    """Return values in which lists are tuples."""
    return {name: as_literal(value) for name, value in values.items()}


def to_json(design: Design) -> dict[str, Any]:
    """Return a Design as values that `json` can write."""
    graphs = {name: write_parts(graph) for name, graph in design.graphs.items()}
    return {**write_head(design), "main": write_parts(design.main), "graphs": graphs}


def from_json(data: Mapping[str, Any]) -> Design:
    """Read what `to_json` wrote."""
    graphs = {name: Graph(**read_parts(graph)) for name, graph in data["graphs"].items()}
    return read_design(data, Graph(**read_parts(data["main"])), graphs)
