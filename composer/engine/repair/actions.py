"""Repairs and edits that several kinds of repair use."""

import re
from collections.abc import Iterable

from composer.core import edits, names
from composer.core.facts import EditCall, Repair
from composer.core.graph import Graph, Input, Literal, Node, Scalar, Value, Wire, is_expression
from composer.core.repairs import call
from composer.core.value_text import to_text
from composer.engine.repair.context import ErrorContext

LABEL_LENGTH = 40


def set_param(label: str, id: str, param: str, value: Value, graph: str | None = None) -> Repair:
    """Return the repair that sets one parameter of a node.

    Args:
        label: text of the button.
        id: the node.
        param: name of the parameter.
        value: its new value.
        graph: graph that holds the node; that of the error by default.
    """
    return Repair(label, (call(edits.set_params, id=id, params={param: value}, **_in_graph(graph)),))


def reset_params(label: str, id: str, params: Iterable[str], graph: str | None = None) -> Repair:
    """Return the repair that removes values of parameters; their wires or defaults determine them then."""
    return Repair(label, (call(edits.reset_params, id=id, params=list(params), **_in_graph(graph)),))


def reset_label(name: str, value: Value, default: object) -> str:
    """Return the label of a reset, which names both values: a person wrote the one that goes.

    Args:
        name: name of the parameter.
        value: the value that goes.
        default: the value that takes its place; None if the wires determine it.
    """
    new = "what the wires determine" if default is None else f"its default {short_text(default)}"
    return f"Reset {name} from {short_text(value)} to {new}"


def short_text(value: object) -> str:
    """Return a value for a label, with the quotes of a text."""
    text = repr(value) if isinstance(value, str) and not is_expression(value) else to_text(value)  # type: ignore[arg-type]
    return text if len(text) <= LABEL_LENGTH else f"{text[:LABEL_LENGTH]}…"


def _in_graph(graph: str | None) -> dict[str, str]:
    return {} if graph is None else {"graph": graph}


def update(label: str, id: str, **changes: object) -> Repair:
    """Return the repair that changes fields of an item, such as ``block`` or ``repeat``."""
    return Repair(label, (call(edits.update_item, id=id, **changes),))


def set_shape(item: Input, shape: tuple[int | str, ...]) -> Repair:
    """Return the repair that sets the shape of a main input."""
    label = f"Set the shape of {item.id} to {' x '.join(map(str, shape))}"
    return Repair(label, (call(edits.update_item, id=item.id, shape=shape, graph=""),))


def set_variable(label: str, name: str, value: Scalar) -> Repair:
    """Return the repair that adds or changes a variable."""
    return Repair(label, (call(edits.set_variable, name=name, value=value),))


def reconnect(label: str, old: Iterable[Wire], new: Iterable[Wire] = ()) -> Repair:
    """Return the repair that removes wires and adds others."""
    return Repair(label, (call(edits.disconnect, wires=list(old)), *(call(edits.connect, wire=wire) for wire in new)))


def insert(error: ErrorContext, label: str, wire: Wire, block: str, **params: Literal) -> Repair:
    """Return the repair that inserts a block on a wire."""
    return Repair(label, (insert_edit(error.graph, wire, block, **params),))


def insert_edit(graph: Graph, wire: Wire, block: str, **params: Literal) -> EditCall:
    """Return the edit that inserts a block on a wire, halfway between its ends on the canvas."""
    ends = [item.position for item in (graph.item(wire.source), graph.item(wire.target)) if item is not None]
    x, y = (sum(axis) / len(axis) for axis in zip(*ends, strict=True))
    node = Node(new_id(graph, block), block, params, (x, y))
    return call(edits.insert_on_wire, wire=wire, node=node)


def new_id(graph: Graph, block: str) -> str:
    """Return an id for a new node."""
    return names.fresh(names.snake(block), set(graph.ids()))


def numbers_in(text: str) -> list[int]:
    """Return the integers in a message, in its order."""
    return [int(digits) for digits in re.findall(r"\b\d+\b", text)]
