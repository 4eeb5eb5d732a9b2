"""Repairs as calls of edits by name, so that they travel as JSON and are applied in any process.

Every public function of `core.edits` and `core.subgraphs` that returns a Design can be called. A repair of a new kind
needs no code here: it is written with `call` and whatever edits it takes::

    Repair("Remove the node", (call(edits.remove, ids=["conv"], reconnect=True),))
"""

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from composer.core import edits, subgraphs
from composer.core.errors import DesignError
from composer.core.facts import EditCall, Repair
from composer.core.files.design_json import read_node, write_node
from composer.core.graph import Design, Each, Input, Node, Output, Ramp, Wire, frozen

Edit = Callable[..., Design]


def _edits_of(module: ModuleType) -> dict[str, Edit]:
    """Return the public functions of a module that return a Design, by name."""
    return {
        name: function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and not name.startswith("_")
        and function.__module__ == module.__name__
        and function.__annotations__.get("return") is Design
    }


EDITS: Mapping[str, Edit] = _edits_of(edits) | _edits_of(subgraphs)


def call(edit: Edit, **arguments: object) -> EditCall:
    """Return the call of an edit as plain values.

    Args:
        edit: one of `EDITS`.
        arguments: its arguments without the design. Without `graph` the edit applies to the graph of the error.
    """
    return EditCall(edit.__name__, {name: _encode(value) for name, value in arguments.items()})


def apply_repair(design: Design, repair: Repair, *, graph: str = "") -> Design:
    """Apply the edits of a repair, one after the other.

    Args:
        design: the design with the error.
        repair: one of those offered for an item of `graph`.
        graph: name of the graph that holds the item.

    Returns:
        The repaired design.

    Raises:
        DesignError: if an edit is unknown, or no longer applies because the design has changed.
    """
    for edit in repair.edits:
        function = EDITS.get(edit.edit)
        if function is None:
            raise DesignError(f"edit {edit.edit!r} is unknown; expected one of: {', '.join(EDITS)}")
        signature = inspect.signature(function)
        arguments = {name: _decode(value) for name, value in edit.arguments.items()}
        if "graph" in signature.parameters:
            arguments.setdefault("graph", graph)
        try:
            signature.bind(design, **arguments)
        except TypeError as error:
            raise DesignError(f"edit {edit.edit!r} cannot be called: {error}") from None
        try:
            design = function(design, **arguments)
        except KeyError as error:
            raise DesignError(f"{error} does not exist any more") from None
    return design


def _encode(value: object) -> Any:
    """Return a value as plain JSON values; types that JSON lacks become a mapping with their name as its only key."""
    match value:
        case Wire():
            return {"$wire": [value.source, value.target, value.source_port, value.target_port]}
        case Node():
            return {"$node": list(write_node(value))}
        case Input():
            return {"$input": [value.id, list(value.shape), value.dtype, list(value.position)]}
        case Output():
            return {"$output": [value.id, list(value.position)]}
        case Each():
            return {"$each": list(value.values)}
        case Ramp():
            return {"$ramp": [value.start, value.stop]}
        case Mapping():
            return {key: _encode(item) for key, item in value.items()}
        case list() | tuple():
            return [_encode(item) for item in value]
    return value


def _decode(value: Any) -> Any:
    """Return the value that `_encode` encoded; a list becomes a tuple."""
    match value:
        case {"$wire": row}:
            return Wire(*row)
        case {"$node": row}:
            return read_node(*row)
        case {"$input": [id, shape, dtype, position]}:
            return Input(id, tuple(shape), dtype, tuple(position))
        case {"$output": [id, position]}:
            return Output(id, tuple(position))
        case {"$each": values}:
            return Each(_decode(values))
        case {"$ramp": [start, stop]}:
            return Ramp(start, stop)
        case dict():
            return frozen({key: _decode(item) for key, item in value.items()})
        case list() | tuple():
            return tuple(_decode(item) for item in value)
    return value
