"""A wire, and the chip that shows the shape on it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.core import units
from composer.core.blocks import ports
from composer.core.graph import Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.routing.route import Route

Z_WIRE, Z_CHIP = 0.0, 5.0
CORNER = 10.0  # radius of the corners of an arc
DOT = 3.5  # radius of the dot at a bend


def path_of(route: Route, down: bool) -> QPainterPath:
    """Return a route as a path with rounded corners."""
    points = [QPointF(c, a) if down else QPointF(a, c) for a, c in route.points]
    path = QPainterPath(points[0])
    if route.curve:
        path.cubicTo(*points[1:])
        return path
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = corner - before, after - corner
        long_in, long_out = abs(into.x()) + abs(into.y()), abs(out.x()) + abs(out.y())
        radius = min(CORNER, long_in / 2, long_out / 2)
        path.lineTo(corner - into * (radius / long_in))
        path.quadTo(corner, corner + out * (radius / long_out))
    path.lineTo(points[-1])
    return path


class WireItem(QGraphicsItem):
    """The curve of one wire.

    Args:
        wire: the wire of the graph.

    Attributes:
        wire: as above.
        route: its route in flow coordinates; None before the first one.
        path: the route in scene coordinates.
        middle: where its label is.
        shape_: shape of the tensor, batch axis first; None while it is unknown.
        kind: layout of the tensor: ``map``, ``tokens``, ``vector`` or ``other``.
        state: ``rest``, ``hover``, ``selected``, ``faded`` or ``error``.
        mark: ``added`` in a comparison; else empty.
        bends: points that the user routed it through.
        selected_bend: index of the selected one; -1 for none.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire
        self.route: Route | None = None
        self.path = QPainterPath()
        self.middle = QPointF()
        self.shape_: tuple[int, ...] | None = None
        self.state = "rest"
        self.mark = ""
        self.bends: tuple[QPointF, ...] = ()
        self.selected_bend = -1
        self.kind = "map"
        self._bounds = QRectF()
        self.setZValue(Z_WIRE)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_route(self, route: Route, down: bool, shift: float = 0.0) -> None:
        """Show another route.

        Args:
            route: the route.
            down: whether wires run top-down.
            shift: distance along a curve of the label from the middle, which leaves space for port names.
        """
        along, across = route.middle
        along += shift if route.curve else 0.0
        self.middle = QPointF(across, along) if down else QPointF(along, across)
        if route == self.route:
            return
        self.prepareGeometryChange()
        self.route = route
        self.path = path_of(route, down)
        self._bounds = self._bounds_now()
        self.update()

    def set_bends(self, bends: Sequence[QPointF], selected: int = -1) -> None:
        """Show dots at bends while the wire is hovered or selected; `selected` is the index of one of them."""
        if (tuple(bends), selected) != (self.bends, self.selected_bend):
            self.prepareGeometryChange()
            self.bends, self.selected_bend = tuple(bends), selected
            self._bounds = self._bounds_now()
            self.update()

    def _bounds_now(self) -> QRectF:
        edge = DOT + 2 if self.bends else 2
        return self.path.boundingRect().adjusted(-edge, -edge, edge, edge)

    def set_shape(self, shape: tuple[int, ...] | None) -> None:
        """Set the shape of the tensor; None if it is unknown."""
        self.shape_ = shape
        kind = ports.kind(shape) if shape is not None else "map"
        if kind != self.kind:
            self.kind = kind
            self.update()

    def set_state(self, state: str) -> None:
        """Set the state: ``rest``, ``hover``, ``selected``, ``faded`` or ``error``."""
        if state != self.state:
            self.state = state
            self.setZValue(Z_WIRE + (1 if state in ("selected", "hover") else 0))
            self.update()

    def set_mark(self, mark: str) -> None:
        """Set the mark of a comparison: ``added``, or empty."""
        if mark != self.mark:
            self.mark = mark
            self.update()

    @property
    def label(self) -> str:
        """The shape as its chip shows it; empty while it is unknown."""
        return units.shape(self.shape_) if self.shape_ is not None else ""

    def is_near(self, point: QPointF, reach: float) -> bool:
        """Return whether a point is within reach of the curve."""
        if not self._bounds.adjusted(-reach, -reach, reach, reach).contains(point):
            return False
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach)
        return bool(stroker.createStroke(self.path).contains(point))

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the item."""
        pen = metrics.wire_pen(self.kind, self.mark or self.state)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path)
        if (
            self.bends
            and self.state in ("selected", "hover")
            and painter.worldTransform().m11() >= metrics.OVERVIEW_SCALE
        ):
            style = metrics.paint_style()
            for index, bend in enumerate(self.bends):
                painter.setPen(style.selected if index == self.selected_bend else QPen(pen.color(), 1.5))
                painter.setBrush(style.canvas)
                painter.drawEllipse(bend, DOT, DOT)


class ChipItem(QGraphicsItem):
    """The shape on a wire, on a chip in the color of the background, so that the wire does not cross the digits.

    Attributes:
        text: the shape.
        strong: whether it stands out, as for the wire under the pointer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.strong = False
        self._bounds = QRectF()
        self.setZValue(Z_CHIP)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_label(self, text: str, position: QPointF, strong: bool = False) -> None:
        """Show a text at a position of the scene."""
        if (text, strong) != (self.text, self.strong):
            self.prepareGeometryChange()
            self.text, self.strong = text, strong
            width = chip_width(text)
            self._bounds = QRectF(-width / 2, -metrics.CHIP_HEIGHT / 2, width, metrics.CHIP_HEIGHT)
            self.update()
        self.setPos(position)

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the item."""
        if painter.worldTransform().m11() < metrics.DETAIL_SCALE:
            return
        style = metrics.paint_style()
        painter.setPen(style.edge if self.strong else Qt.PenStyle.NoPen)
        painter.setBrush(style.canvas)
        painter.drawRoundedRect(self._bounds.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(style.small)
        painter.setPen(style.text if self.strong else style.muted)
        painter.drawText(self._bounds, Qt.AlignmentFlag.AlignCenter, self.text)


def chip_width(text: str) -> float:
    """Return the width of the chip with a text."""
    return metrics.text_width("small", text) + 10
