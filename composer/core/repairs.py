"""Repairs as edits: a `Repair` names one of these actions, so that it can travel as JSON and be applied in the window or a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from composer.core import edits, names, subgraphs
from composer.core.errors import DesignError
from composer.core.facts import Repair
from composer.core.files.design_json import read_value as as_value
from composer.core.graph import Design, Input, Node, Output, Wire, as_literal, frozen


def apply_repair(design: Design, repair: Repair, graph: str = "") -> Design:
    """Carry a repair out.

    Args:
        design: the design with the error.
        repair: one of those offered for a node of `graph`.
        graph: name of the graph that holds the node.

    Returns:
        The repaired design.

    Raises:
        DesignError: if the design has changed so much that the repair no longer applies.
    """
    arguments = repair.arguments
    graph = arguments.get("graph", graph)  # a cause may lie in another graph than the error
    match repair.action:
        case "set_params":
            values = {name: as_literal(value) for name, value in arguments["params"].items()}
            return edits.set_params(design, arguments["id"], values, graph)
        case "reset_params":
            return edits.reset_params(design, arguments["id"], arguments["params"], graph)
        case "update":
            return edits.update_item(design, arguments["id"], graph, **_changes(arguments["changes"]))
        case "insert":
            return _insert(design, arguments, graph)
        case "connect":
            return edits.connect(design, Wire(*arguments["wire"]), graph)
        case "disconnect":
            return edits.disconnect(design, [Wire(*wire) for wire in arguments["wires"]], graph)
        case "join":
            return _join(design, arguments, graph)
        case "add_output":
            return _add_output(design, arguments["source"])
        case "add_input":
            return _add_input(design, arguments["target"], arguments["shape"])
        case "set_exposed":
            params = {name: as_value(value) for name, value in arguments["params"].items()}
            return subgraphs.set_exposed(design, arguments["graph_name"], params)
        case "set_variable":
            return edits.set_variable(design, arguments["name"], arguments["value"])
        case "several":
            for part in arguments["repairs"]:
                design = apply_repair(design, Repair(**part), graph)
            return design
    raise DesignError(f"repair {repair.action!r} is unknown")


def _changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(changes)
    if "params" in found:
        found["params"] = frozen({name: as_value(value) for name, value in found["params"].items()})
    if "shape" in found:
        found["shape"] = tuple(found["shape"])
    return found


def _add_output(design: Design, source: str) -> Design:
    id = names.fresh("output", set(design.main.ids()))
    x, y = design.main.nodes[source].position
    return edits.connect(edits.add(design, Output(id, (x + 220, y))), Wire(source, id))


def _add_input(design: Design, target: str, shape: Sequence[int]) -> Design:
    id = names.fresh("image", set(design.main.ids()))
    x, y = design.main.nodes[target].position
    return edits.connect(edits.add(design, Input(id, tuple(shape), position=(x - 220, y))), Wire(id, target))


def _insert(design: Design, arguments: Mapping[str, Any], graph: str) -> Design:
    """Put a new block in the middle of a wire, halfway on the canvas."""
    wire = Wire(*arguments["wire"])
    home = design.graph(graph)
    id = names.fresh(names.snake(arguments["block"]), set(home.ids()))
    ends = [item.position for item in (home.item(wire.source), home.item(wire.target)) if item is not None]
    middle = (sum(x for x, _ in ends) / max(1, len(ends)), sum(y for _, y in ends) / max(1, len(ends)))
    params = {name: as_literal(value) for name, value in arguments.get("params", {}).items()}
    return edits.insert_on_wire(design, wire, Node(id, arguments["block"], params, middle), graph)


def _join(design: Design, arguments: Mapping[str, Any], graph: str) -> Design:
    """Lead several wires that end at one port through a block that takes many."""
    wires = [Wire(*wire) for wire in arguments["wires"]]
    home = design.graph(graph)
    id = names.fresh(names.snake(arguments["block"]), set(home.ids()))
    target = home.item(wires[0].target)
    x, y = target.position if target is not None else (0.0, 0.0)
    design = edits.disconnect(design, wires, graph)
    design = edits.add(design, Node(id, arguments["block"], position=(x - 120, y)), graph)
    for wire in wires:
        design = edits.connect(design, Wire(wire.source, id, wire.source_port), graph, variadic=True)
    return edits.connect(design, Wire(id, wires[0].target, "", wires[0].target_port), graph)
