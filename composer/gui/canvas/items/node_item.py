"""A card, or a pill for an input or output of the graph: how it is painted at each scale, and where its ports are."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.card_text import paint_large_text, paint_text
from composer.gui.canvas.items.content import Content
from composer.gui.canvas.items.corner_sign import paint_error_sign, paint_mark_sign, paint_warning_sign

Z_NODE = 10.0
HALO = 5.0  # space around the body for ports, outline and the second card of a sub-graph


class NodeItem(QGraphicsItem):
    """An item of the graph, centerd on its position.

    Args:
        content: its text and shape.
        down: whether wires run top-down instead of left to right.

    Attributes:
        content, down: as above.
        selected: whether it is selected.
        hovered: whether the pointer is over it.
        heat: its color in a heat map; None without one.
        mark: ``added``, ``removed`` or ``changed`` in a comparison; else empty.
        lit: the port that would take the wire that is being drawn, as (whether it is an output, index); None for none.
        offered: the ports that could take it.
        body: the card, around the origin.
        ports_in, ports_out: positions of the ports, relative to the origin.
    """

    def __init__(self, content: Content, down: bool = False) -> None:
        super().__init__()
        self.content = content
        self.down = down
        self.selected = False
        self.hovered = False
        self.heat: QColor | None = None
        self.mark = ""
        self.lit: tuple[bool, int] | None = None
        self.offered: frozenset[tuple[bool, int]] = frozenset()
        self.body = QRectF()
        self.ports_in: list[QPointF] = []
        self.ports_out: list[QPointF] = []
        self._bounds = QRectF()
        self.setZValue(Z_NODE)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.set_content(content)

    @property
    def id(self) -> str:
        """Id of the item of the graph."""
        return self.content.id

    def set_content(self, content: Content) -> bool:
        """Show another content; return whether size or ports changed, so that wires must be routed again."""
        before = self.body, self.ports_in, self.ports_out
        self.content = content
        width, height = metrics.size(content)
        self.body = QRectF(-width / 2, -height / 2, width, height)
        self._edge = _edge_path(self.body)
        self.ports_in = metrics.port_positions(
            len(content.inputs), self.body, output=False, down=self.down, optional=content.optional
        )
        self.ports_out = metrics.port_positions(len(content.outputs), self.body, output=True, down=self.down)
        bounds = self.body.adjusted(-HALO, -HALO, HALO, HALO)
        if not self.down:
            # The names of optional inputs too, which appear under the pointer.
            hidden = [metrics.text_width("small", name) + 12 for name in content.inputs[self._needed :]]
            bounds.adjust(-max([self.labels_width(False), *hidden]), 0, self.labels_width(True), 0)
        elif len(content.inputs) > 1 or len(content.outputs) > 1:
            bounds.adjust(-24, -20, 24, 20)
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.setOpacity(0.5 if content.waiting else 1.0)
        self.update()
        return before != (self.body, self.ports_in, self.ports_out)

    def set_down(self, down: bool) -> None:
        """Move the ports for another direction of the wires."""
        self.down = down
        self.set_content(self.content)

    def labels_width(self, output: bool) -> float:
        """Return the width of the port names of one side that are always shown; a single port is not named."""
        names = self.content.outputs if output else self.content.inputs[: self._needed]
        return max(metrics.text_width("small", name) for name in names) + 12 if len(names) > 1 else 0.0

    def show_state(self, **states: object) -> None:
        """Set any of ``selected``, ``hovered``, ``heat``, ``mark``, ``lit``, ``offered``; repaint if one differs."""
        for name, value in states.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.update()

    def port_position(self, output: bool, index: int) -> QPointF:
        """Return the position of a port in the scene; the middle of the side if there is no such port."""
        ports = self.ports_out if output else self.ports_in
        if index < len(ports):
            return self.pos() + ports[index]
        side = metrics.port_positions(1, self.body, output=output, down=self.down)[0]
        return self.pos() + side

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._bounds

    def scene_body(self) -> QRectF:
        """Return the body in scene coordinates."""
        return self.body.translated(self.pos())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the item."""
        scale = painter.worldTransform().m11()
        style = metrics.paint_style()
        self._paint_body(painter, style)
        if scale >= metrics.DETAIL_SCALE:
            self._paint_text(painter, style)
        else:
            self._paint_large_text(painter, style, scale)
        if scale >= metrics.DETAIL_SCALE or self.offered or self.hovered:
            self._paint_ports(painter, style)
        if self.content.error:
            paint_error_sign(painter, style, self._corner)
        elif self.content.warning:
            paint_warning_sign(painter, style, self._corner)
        elif self.mark:
            paint_mark_sign(painter, style, self._corner, self.mark)

    def lod_key(self) -> tuple[object, ...]:
        """Return a key that is equal for nodes with equal `lod_brush`."""
        return (
            bool(self.content.error),
            self.selected,
            self.mark,
            self.heat.rgba() if self.heat else None,
            self.content.family,
        )

    def lod_brush(self) -> QBrush:
        """Return the color of its rectangle in the overview."""
        style = metrics.paint_style()
        if self.content.error:
            return QBrush(style.error)
        if self.selected:
            return QBrush(style.accent)
        if self.mark:
            return QBrush(metrics.mark_color(self.mark))
        return QBrush(self.heat) if self.heat else metrics.family_brush(self.content.family, 0.5)

    def _outline(self, style: metrics.PaintStyle) -> QPen:
        if self.content.error:
            return QPen(style.error, 1.5)
        if self.mark:
            line = Qt.PenStyle.DashLine if self.mark == "removed" else Qt.PenStyle.SolidLine
            return QPen(metrics.mark_color(self.mark), 2, line)
        return style.hover if self.hovered else style.edge

    def _paint_body(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        body = self.body
        radius = body.height() / 2 if self.content.shape == "end" else metrics.RADIUS
        pen = self._outline(style)
        brush = self._body_brush(style)
        if self.content.stacked:
            painter.setPen(pen)
            painter.setBrush(style.card)
            painter.drawRoundedRect(body.translated(metrics.STACK, metrics.STACK), radius, radius)
        painter.setPen(pen)
        painter.setBrush(brush)
        painter.drawRoundedRect(body, radius, radius)
        if self.content.shape == "card":
            painter.fillPath(
                self._edge, style.error if self.content.error else metrics.family_brush(self.content.family)
            )
        if self.selected:
            painter.setPen(style.selected)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body, radius, radius)

    def _body_brush(self, style: metrics.PaintStyle) -> QBrush:
        if self.heat:
            return QBrush(metrics.mix(style.card.color(), self.heat, 0.4))
        return QBrush(metrics.mix(style.card.color(), metrics.mark_color(self.mark), 0.1)) if self.mark else style.card

    def _paint_text(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        paint_text(painter, style, self.content, self.body, self._muted(style))

    def _paint_large_text(self, painter: QPainter, style: metrics.PaintStyle, scale: float) -> None:
        paint_large_text(painter, style, self.content, self.body, self._muted(style), scale)

    def _muted(self, style: metrics.PaintStyle) -> QColor:
        """Return the color of secondary text: on a heat color the muted one would be hard to read."""
        return style.text if self.heat else style.muted

    def _paint_ports(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        for output, positions, names in (
            (False, self.ports_in, self.content.inputs),
            (True, self.ports_out, self.content.outputs),
        ):
            for index, position in enumerate(positions):
                offered = (output, index) in self.offered
                lit = self.lit == (output, index)
                painter.setPen(QPen(style.accent if offered or lit else style.muted, 1.5))
                painter.setBrush(style.accent if lit else style.canvas)
                radius = metrics.PORT + 2 if lit else metrics.PORT + (1 if offered or self.hovered else 0)
                painter.drawEllipse(position, radius, radius)
                needed = len(positions) if output else self._needed
                if needed > 1 if index < needed else offered or lit or self.hovered:
                    self._paint_port_name(painter, style, position, names[index], output)

    def _paint_port_name(
        self, painter: QPainter, style: metrics.PaintStyle, position: QPointF, name: str, output: bool
    ) -> None:
        painter.setFont(style.small)
        painter.setPen(style.muted)
        width = metrics.text_width("small", name)
        if self.down:
            painter.drawText(position + QPointF(7, 14 if output else -7), name)
        else:
            painter.drawText(position + QPointF(8 if output else -8 - width, -5), name)

    @property
    def _needed(self) -> int:
        """Number of input ports that need a wire: the others are named only while the pointer is on the item."""
        return len(self.content.inputs) - self.content.optional

    @property
    def _corner(self) -> QPointF:
        """Where a sign is painted: the upper right corner, further inside on the round end of a pill."""
        return self.body.topRight() + (QPointF(-2, 2) if self.content.shape == "card" else QPointF(-6, 4))


def _edge_path(body: QRectF) -> QPainterPath:
    """Return the outline of the strip at the left of a card, with the rounded corners of the card."""
    left, top, bottom, r = body.left() - 0.5, body.top() - 0.5, body.bottom() + 0.5, metrics.RADIUS
    path = QPainterPath(QPointF(left + metrics.EDGE, bottom - 1))
    # The strip ends within the corner of radius r: this is how far the corner has come down there.
    rise = r - (r * r - (r - metrics.EDGE) ** 2) ** 0.5
    path.lineTo(left + metrics.EDGE, top + rise)
    path.quadTo(QPointF(left, top + rise + 1), QPointF(left, top + r))
    path.lineTo(left, bottom - r)
    path.quadTo(QPointF(left, bottom - rise - 1), QPointF(left + metrics.EDGE, bottom - rise))
    path.closeSubpath()
    return path
