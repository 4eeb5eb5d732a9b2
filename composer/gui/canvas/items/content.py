"""The text of a card: title, block and changed parameters, costs, port names, error. Knows no Qt."""

from dataclasses import dataclass

from composer.core import units
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.blocks.roles import MERGE
from composer.core.facts import NodeFacts
from composer.core.graph import Design, Each, Graph, Input, Literal, Node, Output, Ramp, Value, is_expression

MAX_PARAMS = 3
# Abbreviations as papers use them; any other parameter is abbreviated to the first letters of its words.
ABBREVIATIONS = {
    "kernel_size": "k",
    "stride": "s",
    "expand_ratio": "e",
    "num_heads": "h",
    "heads": "h",
    "groups": "g",
    "dilation": "d",
    "padding": "p",
    "patch_size": "p",
    "window_size": "w",
    "reduction": "r",
    "mlp_ratio": "m",
    "out_channels": "c",
    "out_features": "c",
    "num_classes": "",
    "units": "",
    "depth": "n",
}


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that an item shows.

    Attributes:
        id: id of the item.
        shape: ``card``, ``merge`` (a circle) or ``end`` (an input or output of the graph).
        title: first line.
        badge: repeat, right-aligned in the first line.
        line: second line: the block and its changed parameters.
        detail: third line: costs.
        family: category that gives the color.
        sign: the sign of a merge.
        inputs: names of the input ports.
        outputs: names of the output ports.
        optional: number of input ports, the last ones, that need no wire.
        stacked: whether it is an instance of a sub-graph.
        error: what is wrong at this item; None if nothing is.
        waiting: id of the item whose error keeps the shapes of this one from being computed.
        warning: what it misreads although the shapes fit.
    """

    id: str
    shape: str
    title: str
    badge: str = ""
    line: str = ""
    detail: str = ""
    family: str = ""
    sign: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    optional: int = 0
    stacked: bool = False
    error: str | None = None
    waiting: str | None = None
    warning: str | None = None


def content(design: Design, catalog: Catalog, graph: str, id: str, facts: NodeFacts | None) -> Content:
    """Return what an item shows.

    Args:
        design: the design.
        catalog: the blocks.
        graph: name of the graph that contains the item.
        id: id of the item.
        facts: its inferred shapes and costs; None if there are none yet.
    """
    item = design.graph(graph).item(id)
    inputs = tuple(port.name for port in input_ports(design, catalog, graph, id))
    outputs = tuple(port.name for port in output_ports(design, catalog, graph, id))
    error = facts.error if facts else None
    waiting = facts.waits_for if facts else None
    if isinstance(item, Input):
        shape = facts.outputs[0].shape[1:] if facts and facts.outputs else item.shape
        line = units.sample_shape(shape) if shape else "input"
        return Content(id, "end", id, line=line, family="io", outputs=outputs, error=error, waiting=waiting)
    if isinstance(item, Output):
        line = units.shape(facts.outputs[0].shape) if facts and facts.outputs else "output"
        return Content(id, "end", id, line=line, family="io", inputs=inputs, error=error, waiting=waiting)
    assert isinstance(item, Node)
    spec = catalog.get(item.block)
    if spec is None and item.subgraph is None and error is None:
        error = f"{id}: block {item.block!r} is unknown; correct its name, or add the folder of your custom blocks"
    return Content(
        id,
        node_shape(spec) if item.repeat == 1 else "card",
        id,
        badge="" if item.repeat == 1 else f"×{repeat_count(item, facts)}",
        line="  ".join(part for part in (item.subgraph or item.block, changed_params(item, spec, facts)) if part),
        detail=f"waits for {waiting}" if waiting else costs(facts),
        family="graph" if item.subgraph is not None else spec.category if spec else "basic",
        sign=spec.sign if spec else "",
        inputs=inputs,
        outputs=outputs,
        optional=sum(port.optional for port in spec.inputs) if spec else 0,
        stacked=item.subgraph is not None,
        error=error,
        waiting=waiting,
        warning=f"{id}: {facts.warning}" if facts and facts.warning else None,
    )


def repeat_count(node: Node, facts: NodeFacts | None) -> str:
    """Return the number of iterations; its expression while the value is unknown."""
    if is_expression(node.repeat) and facts is not None and facts.repeat:
        return str(facts.repeat)
    return str(node.repeat).removeprefix("=").strip()


def node_shape(spec: BlockSpec | None) -> str:
    """Return the shape of a node: ``merge`` for blocks that only combine their inputs, else ``card``."""
    return "merge" if spec is not None and spec.role == MERGE else "card"


def costs(facts: NodeFacts | None) -> str:
    """Return parameters and MACs as the third line of a card."""
    if facts is None or not facts.ok:
        return ""
    parts = [f"{units.count(facts.params)} params"] if facts.params else []
    if facts.macs:
        parts.append(f"{units.count(facts.macs)} MACs")
    return " · ".join(parts) or "no weights"


def changed_params(node: Node, spec: BlockSpec | None, facts: NodeFacts | None = None) -> str:
    """Return the first few parameters that differ from their defaults, abbreviated: ``k5 s2 e4``."""
    parts: list[str] = []
    ordered = [param.name for param in spec.params if param.name in node.params] if spec else list(node.params)
    for name in ordered:
        param = spec.param(name) if spec else None
        value = node.params[name]
        if param is not None and not param.required and value == param.default:
            continue
        if facts is not None and name in facts.resolved and not isinstance(value, Each | Ramp):
            value = facts.resolved[name]
        parts.append(abbreviated(name, value))
    return " ".join(parts[:MAX_PARAMS]) + (" …" if len(parts) > MAX_PARAMS else "")


def abbreviated(name: str, value: Value) -> str:
    """Return one parameter, abbreviated.

    >>> abbreviated("kernel_size", 5), abbreviated("act", "gelu"), abbreviated("bias", False)
    ('k5', 'gelu', 'no bias')
    >>> abbreviated("mlp_ratio", 4.0)
    'm4'
    """
    if isinstance(value, bool):
        return name.replace("_", " ") if value else f"no {name.replace('_', ' ')}"
    if isinstance(value, str) and not value.startswith("="):
        return value
    letters = ABBREVIATIONS.get(name, "".join(word[:1] for word in name.split("_")))
    return f"{letters}{_value(value)}"


def _value(value: Value) -> str:
    match value:
        case Each(values=values):
            return "/".join(_value(v) for v in values[:3]) + ("/…" if len(values) > 3 else "")
        case Ramp(start=start, stop=stop):
            return f"{_value(start)}…{_value(stop)}"
        case tuple():
            return "×".join(_value(v) for v in value)
        case float():
            return f"{value:.3g}"  # the inspector shows all digits
        case str():
            return value.removeprefix("=").replace(" ", "")
    return str(value)


def output_shape(graph: Graph, source: str, port: int, facts: NodeFacts | None) -> tuple[int, ...] | None:
    """Return the shape that leaves an output port, batch axis first; None while it is unknown."""
    if facts is not None and facts.outputs:
        return facts.outputs[min(port, len(facts.outputs) - 1)].shape
    item = graph.item(source)
    if isinstance(item, Input) and item.shape and all(isinstance(size, int) for size in item.shape):
        return (1, *(int(size) for size in item.shape))
    return None


def literal(value: Literal) -> str:
    """Return a value as tooltips show it."""
    return "×".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def port_index(names: tuple[str, ...], name: str) -> int:
    """Return the index of a port by the name that a wire uses; a wire to an unknown name is drawn at the first port."""
    return names.index(name) if name and name in names else 0
