"""What is under the pointer: nodes, ports, wires, bends and frame titles at a point of the scene."""

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtWidgets import QGraphicsScene

from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.wire_item import WireItem

PORT_REACH, WIRE_REACH = 9.0, 6.0  # pixels of the screen within which a port or bend, and a wire, is hit


def node_at(scene: QGraphicsScene, point: QPointF) -> NodeItem | None:
    """Return the node whose body contains a point."""
    for item in scene.items(_square(point, 1.0)):
        if isinstance(item, NodeItem) and item.scene_body().contains(point):
            return item
    return None


def port_at(scene: QGraphicsScene, point: QPointF, reach: float) -> tuple[NodeItem, bool, int] | None:
    """Return the nearest port within reach: (node, whether it is an output, index)."""
    nearest: tuple[float, NodeItem, bool, int] | None = None
    for item in scene.items(_square(point, reach)):
        if not isinstance(item, NodeItem):
            continue
        for output, ports in ((False, item.ports_in), (True, item.ports_out)):
            for index in range(len(ports)):
                distance = distance_between(item.port_position(output, index), point)
                if distance <= reach and (nearest is None or distance < nearest[0]):
                    nearest = (distance, item, output, index)
    return nearest[1:] if nearest else None


def wire_at(scene: QGraphicsScene, point: QPointF, reach: float) -> WireItem | None:
    """Return a wire within reach of a point, the nearest of several."""
    items = scene.items(_square(point, reach))
    near = [item for item in items if isinstance(item, WireItem) and item.is_near(point, reach)]
    # Of several, those that are still within half the reach are nearer. A test against a stroked path is all that Qt
    # offers: it has no distance from a point to a path.
    while len(near) > 1 and reach > 1:
        reach /= 2
        if not (nearer := [item for item in near if item.is_near(point, reach)]):
            break
        near = nearer
    return near[0] if near else None


def bend_at(scene: QGraphicsScene, point: QPointF, reach: float) -> tuple[WireItem, int] | None:
    """Return the bend within reach of a point: its wire, and its index."""
    for item in scene.items(_square(point, reach)):
        if isinstance(item, WireItem):
            for index, bend in enumerate(item.bends):
                if (bend - point).manhattanLength() <= reach:
                    return item, index
    return None


def frame_at(scene: QGraphicsScene, point: QPointF) -> FrameItem | None:
    """Return the frame whose title area contains a point."""
    for item in scene.items(_square(point, 1.0)):
        if isinstance(item, FrameItem) and item.title_area.contains(point):
            return item
    return None


def distance_between(one: QPointF, other: QPointF) -> float:
    """Return the Euclidean distance of two points."""
    away = one - other
    return float((away.x() ** 2 + away.y() ** 2) ** 0.5)


def _square(center: QPointF, reach: float) -> QRectF:
    return QRectF(center - QPointF(reach, reach), QSizeF(2 * reach, 2 * reach))
