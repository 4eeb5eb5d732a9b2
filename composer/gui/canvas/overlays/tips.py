"""Tooltips of the canvas: shapes and costs of the node or wire under the pointer, as a small table."""

from html import escape
from math import prod

from PySide6.QtCore import QPointF

from composer.core import units
from composer.core.blocks.ports import kind
from composer.core.graph import Node, is_expression
from composer.core.run_records import HEALTH
from composer.gui.canvas.hit_test import node_at, wire_at
from composer.gui.canvas.items.content import literal, repeat_count
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.cost_lens import format_cost

MAX_ROWS = 14


def tip(scene: DesignScene, point: QPointF, reach: float) -> str:
    """Return the tooltip for a point of the scene as rich text; empty if there is none.

    Args:
        scene: the scene.
        point: the point.
        reach: distance within which a wire is hit.
    """
    node = node_at(scene, point)
    if node is not None:
        return node_tip(scene, node)
    wire = wire_at(scene, point, reach)
    if wire is None or wire.shape_ is None:
        return ""
    rows = [
        ("shape", units.axes(wire.shape_)),
        ("layout", kind(wire.shape_)),
        ("values", units.count(prod(wire.shape_[1:]))),
    ]
    return _table(str(wire.wire), "", rows)


def node_tip(scene: DesignScene, node: NodeItem) -> str:
    """Return the tooltip of a node as rich text."""
    session = scene.session
    item = scene.graph.item(node.id)
    facts = session.facts_for(node.id)
    if node.content.error:
        return _table(node.id, node.content.error, [])
    if node.content.waiting:
        return _table(node.id, f"waits for {node.content.waiting}", [])
    spec = session.catalog.get(item.block) if isinstance(item, Node) else None
    rows: list[tuple[str, str]] = []
    if isinstance(item, Node) and is_expression(item.repeat):
        expression, count = str(item.repeat).removeprefix("=").strip(), repeat_count(item, facts)
        rows.append(("repeat", expression if count == expression else f"{expression} = {count}"))
    if facts is not None:
        rows += [(port.port if len(facts.outputs) > 1 else "output", units.axes(port.shape)) for port in facts.outputs]
        rows += [("tokens", port.layout.describe()) for port in facts.outputs if port.layout and len(port.shape) == 3]
        if isinstance(item, Node):
            rows += [
                ("params", f"{facts.params:,}"),
                ("MACs", f"{facts.macs:,}"),
                ("activations", units.memory(facts.activation_bytes)),
            ]
        rows += [(name, literal(value)) for name, value in facts.resolved.items()]
    rows = [*_health(scene, node.id), *rows]
    if isinstance(item, Node) and item.note:
        rows.append(("note", item.note))
    return _table(node.id, node.content.warning or (spec.summary if spec else ""), rows[:MAX_ROWS])


def _health(scene: DesignScene, id: str) -> list[tuple[str, str]]:
    """Return what the latest training tells of a node, while the canvas shows the health of one."""
    lens, path = scene.session.lens, scene.session.document.instance_path
    if lens.heat not in HEALTH:
        return []
    values = {name: lens.value(name, id, None, path) for name in HEALTH}
    return [
        (HEALTH[name].title.lower(), format_cost(name, value)) for name, value in values.items() if value is not None
    ]


def _table(title: str, text: str, rows: list[tuple[str, str]]) -> str:
    head = f"<b>{escape(title)}</b>" + (f"<br>{escape(text)}" if text else "")
    body = "".join(
        f"<tr><td>{escape(name)}&nbsp;&nbsp;</td><td align='right'>{escape(value)}</td></tr>" for name, value in rows
    )
    return f"<div>{head}</div>" + (f"<table cellspacing='0'>{body}</table>" if body else "")
