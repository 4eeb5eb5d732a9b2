"""Curves over epochs, with a readout that follows the cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import column, label, row
from composer.gui.widgets.plot_style import make_plot, style_axes, widget_point
from composer.gui.widgets.readout import Reading, Readout, line_pen

FAINT = 0.28
# Curves of more points than this have no dots.
MAX_DOTS = 60


@dataclass(slots=True)
class Line:
    """A curve: its item in the plot, its points, and its name in the readout (empty: not listed there)."""

    item: Any
    name: str = ""
    x: Any = ()
    y: Any = ()
    color: QColor | None = None
    dashed: bool = False


class CurvePlot(QWidget):
    """A plot with a title, a legend, axes with units, and any number of lines.

    Args:
        title: what is plotted.
        unit: label of the vertical axis.
        write: how the readout writes a value.
        legend: names of the solid and of the dashed line.

    Attributes:
        plot: the pyqtgraph plot.
        readout: the box with the values under the cursor.
    """

    def __init__(
        self, title: str, unit: str, write: Callable[[float], str], legend: Sequence[str] = ("train", "validation")
    ) -> None:
        super().__init__()
        import pyqtgraph as pg

        self._pg = pg
        self._write = write
        self._lines: dict[str, Line] = {}
        self._unit = unit
        self.heading = label(title)
        self.heading.setFont(theme.font(bold=True))
        self.legend = PlotLegend(legend)
        self.plot = make_plot()
        self.view = self.plot.getViewBox()
        self.view.setDefaultPadding(0.04)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setZValue(-10)
        self._cursor.hide()
        self.plot.addItem(self._cursor, ignoreBounds=True)
        self.readout = Readout(self.plot)
        self.plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)
        self.plot.viewport().installEventFilter(self)
        top = row(self.heading, spacing=8)
        top.setContentsMargins(8, 0, 8, 0)
        top.addStretch(1)
        top.addWidget(self.legend)
        layout = column(margin=0, spacing=0)
        layout.addLayout(top)
        layout.addWidget(self.plot, 1)
        self.setLayout(layout)
        self.refresh_theme()

    def keys(self) -> tuple[str, ...]:
        """Return the keys of the lines."""
        return tuple(self._lines)

    def set_line(
        self,
        key: str,
        x: Any,
        y: Any,
        color: QColor,
        *,
        name: str = "",
        dashed: bool = False,
        faint: bool = False,
        marks: bool = False,
    ) -> None:
        """Draw a line, or redraw it.

        Args:
            key: identifies the line.
            x: sorted positions, a buffer of doubles.
            y: values, of the same length.
            color: its hue.
            name: what the readout calls it; an empty name is not listed there.
            dashed: validation instead of training.
            faint: the raw values under a smoothed line.
            marks: also draw a dot at each point, as long as they are few.
        """
        import numpy as np

        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self._add_item(faint))
        line.x, line.y = np.array(x, dtype=float), np.array(y, dtype=float)
        line.name, line.dashed, line.color = name, dashed, color
        ink = QColor(color)
        ink.setAlphaF(FAINT if faint else 1.0)
        line.item.setPen(line_pen(ink, dashed=dashed, width=1.0 if faint else 2.0))
        has_dots = marks and len(line.x) <= MAX_DOTS
        line.item.setSymbol("o" if has_dots else None)
        if has_dots:
            line.item.setSymbolSize(5)
            # Dots of a dashed line are hollow: after one epoch the dots are all there is.
            line.item.setSymbolPen(self._pg.mkPen(ink, width=1.5) if dashed else None)
            line.item.setSymbolBrush(None if dashed else ink)
        line.item.setData(line.x, line.y)

    def _add_item(self, faint: bool) -> Any:
        item = self.plot.plot([], [])
        item.setZValue(0 if faint else 1)
        # Draw the lowest and the highest value of each pixel: every spike stays visible, at a bounded cost.
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        return item

    def remove_line(self, key: str) -> None:
        """Remove a line."""
        line = self._lines.pop(key, None)
        if line is not None:
            self.plot.removeItem(line.item)
            self._hide_readout()

    def clear(self) -> None:
        """Remove all lines."""
        for key in self.keys():
            self.remove_line(key)

    def set_span(self, epochs: float) -> None:
        """Show all epochs from the first to the last, future ones included."""
        self.view.setXRange(0, max(1.0, epochs), padding=0.02)
        self.view.enableAutoRange(axis="y")

    def values_at(self, x: float) -> list[tuple[Line, float]]:
        """Return each named line with its value at the point nearest to a position."""
        import numpy as np

        named = [line for line in self._lines.values() if line.name and len(line.x)]
        return [(line, float(line.y[int(np.argmin(np.abs(line.x - x)))])) for line in named]

    def refresh_theme(self) -> None:
        """Restyle the axes in the current theme; the owner redraws the lines in their colours."""
        style_axes(self.plot, self._unit, "epoch")
        self._cursor.setPen(self._pg.mkPen(theme.color("faint")))
        self.legend.update()

    def sizeHint(self) -> QSize:
        """Return a size that fits a low dock."""
        return QSize(280, 180)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Hide the readout when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self._hide_readout()
        return super().eventFilter(watched, event)

    def _hide_readout(self) -> None:
        self.readout.hide()
        self._cursor.hide()

    def _on_clicked(self, event: Any) -> None:
        if event.double():
            self.view.enableAutoRange()

    def _on_mouse_moved(self, position: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(position)
        x = self.view.mapSceneToView(position).x() if inside else 0.0
        values = self.values_at(x) if inside else []
        if not values:
            self._hide_readout()
            return
        rows = [
            Reading(line.name, self._write(value), line.color or theme.color("text"), line.dashed)
            for line, value in values
        ]
        self._cursor.setValue(x)
        self._cursor.show()
        self.readout.show_at(widget_point(self.plot, position), f"epoch {max(x, 0):.1f}", rows)


class PlotLegend(QWidget):
    """Explains solid and dashed lines, in the colour of quiet text.

    Args:
        names: name of the solid and of the dashed line.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return no width: the legend is cut off before the plot makes its panel wide."""
        return QSize(0, 20)

    def sizeHint(self) -> QSize:
        """Return the size of its names."""
        metrics = QFontMetrics(theme.font(theme.SMALL))
        return QSize(sum(metrics.horizontalAdvance(name) + 36 for name in self._names), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a short line before each name."""
        if self.width() < self.sizeHint().width():
            return  # half a legend is worse than none
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        metrics, x = QFontMetrics(theme.font(theme.SMALL)), 12
        for index, name in enumerate(self._names):
            painter.setPen(line_pen(theme.color("muted"), dashed=index == 1))
            painter.drawLine(x, self.height() // 2, x + 16, self.height() // 2)
            painter.setPen(theme.color("muted"))
            painter.drawText(x + 20, 0, 400, self.height(), Qt.AlignmentFlag.AlignVCenter, name)
            x += metrics.horizontalAdvance(name) + 36
