"""A wire and the chip that says the shape on it."""

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
BEND = 10.0  # radius of the corners of an arc
DOT = 3.5  # radius of a bend
REACH = 6.0  # how near the pointer must be, at scale one


def path_of(route: Route, down: bool) -> QPainterPath:
    """A route as a path; corners are rounded."""
    points = [QPointF(c, a) if down else QPointF(a, c) for a, c in route.points]
    path = QPainterPath(points[0])
    if route.curve:
        path.cubicTo(*points[1:])
        return path
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = corner - before, after - corner
        long_in, long_out = abs(into.x()) + abs(into.y()), abs(out.x()) + abs(out.y())
        bend = min(BEND, long_in / 2, long_out / 2)
        path.lineTo(corner - into * (bend / long_in))
        path.quadTo(corner, corner + out * (bend / long_out))
    path.lineTo(points[-1])
    return path


class WireItem(QGraphicsItem):
    """The curve of one wire."""

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
        """Run another way.

        Args:
            route: the way.
            down: whether wires run down.
            shift: how far along a curve the label moves off the middle, to leave room for the names of ports.
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

    def set_bends(self, bends: Sequence[QPointF], chosen: int = -1) -> None:
        """Have dots where it is led through, shown while it is looked at; one of them may be chosen."""
        if (tuple(bends), chosen) != (self.bends, self.selected_bend):
            self.prepareGeometryChange()
            self.bends, self.selected_bend = tuple(bends), chosen
            self._bounds = self._bounds_now()
            self.update()

    def _bounds_now(self) -> QRectF:
        edge = DOT + 2 if self.bends else 2
        return self.path.boundingRect().adjusted(-edge, -edge, edge, edge)

    def set_shape(self, shape: tuple[int, ...] | None) -> None:
        """Carry a tensor of another shape, or of none known."""
        self.shape_ = shape
        kind = ports.kind(shape) if shape is not None else "map"
        if kind != self.kind:
            self.kind = kind
            self.update()

    def set_state(self, state: str) -> None:
        """Look ``rest``, ``hover``, ``selected``, ``faded`` or ``error``."""
        if state != self.state:
            self.state = state
            self.setZValue(Z_WIRE + (1 if state in ("selected", "hover") else 0))
            self.update()

    def set_mark(self, mark: str) -> None:
        """Look ``added``, or as its state says."""
        if mark != self.mark:
            self.mark = mark
            self.update()

    @property
    def label(self) -> str:
        """The shape as the chip says it."""
        return units.shape(self.shape_) if self.shape_ is not None else ""

    def is_near(self, place: QPointF, reach: float) -> bool:
        """Whether a place is within reach of the curve."""
        if not self._bounds.adjusted(-reach, -reach, reach, reach).contains(place):
            return False
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach)
        return bool(stroker.createStroke(self.path).contains(place))

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
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
    """The shape on a wire, on a chip in the color of the ground so that the wire does not run through the figures."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.strong = False
        self._bounds = QRectF()
        self.setZValue(Z_CHIP)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_label(self, text: str, place: QPointF, strong: bool = False) -> None:
        """Show a text at a place."""
        if (text, strong) != (self.text, self.strong):
            self.prepareGeometryChange()
            self.text, self.strong = text, strong
            width = chip_width(text)
            self._bounds = QRectF(-width / 2, -metrics.CHIP_HEIGHT / 2, width, metrics.CHIP_HEIGHT)
            self.update()
        self.setPos(place)

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
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
    """Width of the chip that says a text."""
    return metrics.text_width("small", text) + 10
