"""Curves over epochs, readable in little height, with a readout that follows the cursor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import column, label, row
from composer.gui.widgets.plot_legend import LegendEntry, PlotLegend
from composer.gui.widgets.plot_style import make_plot, style_axes, widget_point
from composer.gui.widgets.readout import Reading, Readout, line_pen

FAINT = 0.28
# Curves of more points than this have no dots.
MAX_DOTS = 60
# The legend lists the values of at most this many lines.
MAX_LISTED = 2


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
        unit: unit of the values, beside the title.
        write: how the legend and the readout write a value.
        legend: names of the solid and of the dashed lines, shown while there are none, or too many to list.
        from_zero: whether the vertical axis starts at zero, and its numbers are written by `write`.

    Attributes:
        plot: the pyqtgraph plot.
        legend: names the lines, each with its value under the cursor, or its last one.
        readout: the box with the values under the cursor.

    Signals:
        cursor_moved: the position under the cursor, in epochs; None when it leaves.
    """

    cursor_moved = Signal(object)

    def __init__(
        self,
        title: str,
        unit: str,
        write: Callable[[float], str],
        legend: Sequence[str] = ("train", "validation"),
        *,
        from_zero: bool = False,
    ) -> None:
        super().__init__()
        import pyqtgraph as pg

        self._pg = pg
        self._write = write
        self._lines: dict[str, Line] = {}
        self._title = title
        self._at: float | None = None
        self.heading = label(title)
        self.heading.setFont(theme.font(bold=True))
        self._names = [LegendEntry(name, dashed=index == 1) for index, name in enumerate(legend)]
        self.legend = PlotLegend(self._names)
        self.plot = make_plot(low=True)
        self.view = self.plot.getViewBox()
        self.view.setDefaultPadding(0.04)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setZValue(-10)
        self._cursor.hide()
        self.plot.addItem(self._cursor, ignoreBounds=True)
        if from_zero:
            self.plot.plot([0, 0], [0, 0], pen=pg.mkPen(0, 0, 0, 0))  # an invisible line that the range includes
            self.plot.getAxis("left").tickStrings = lambda values, _scale, _spacing: [write(value) for value in values]
        self.readout = Readout(self.plot)
        self.plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)
        self.plot.viewport().installEventFilter(self)
        top = row(self.heading, label(unit, "small"), spacing=6)
        top.setContentsMargins(8, 0, 8, 0)
        top.addWidget(self.legend, 1)
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
        self._show_values()

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
            self._leave()

    def clear(self) -> None:
        """Remove all lines."""
        for key in self.keys():
            self.remove_line(key)

    def set_span(self, epochs: float) -> None:
        """Show all epochs from the first to the last, future ones included."""
        self.view.setXRange(0, max(1.0, epochs), padding=0.02)
        self.view.enableAutoRange(axis="y")

    def values_at(self, x: float | None) -> list[tuple[Line, float]]:
        """Return each named line with its value at the point nearest to a position; None is the end of each line."""
        import numpy as np

        named = [line for line in self._lines.values() if line.name and len(line.x)]
        indices = [-1 if x is None else int(np.argmin(np.abs(line.x - x))) for line in named]
        return [(line, float(line.y[index])) for line, index in zip(named, indices, strict=True)]

    def show_cursor(self, x: float | None) -> None:
        """Mark a position in epochs and show the values there; None shows the last values."""
        self._at = x
        self._cursor.setVisible(x is not None)
        if x is None:
            self.readout.hide()
        else:
            self._cursor.setValue(x)
        self._show_values()

    def _show_values(self) -> None:
        values = self.values_at(self._at)
        if not values or len(values) > MAX_LISTED:
            self.legend.set_entries(self._names)
            return
        self.legend.set_entries(
            [
                LegendEntry(
                    "" if line.name.lower() == self._title.lower() else line.name,
                    line.dashed,
                    self._write(value),
                    line.color,
                )
                for line, value in values
            ]
        )

    def refresh_theme(self) -> None:
        """Restyle the axes in the current theme; the owner redraws the lines in their colours."""
        style_axes(self.plot, "", "epoch")
        self._cursor.setPen(self._pg.mkPen(theme.color("faint")))
        self.legend.update()

    def sizeHint(self) -> QSize:
        """Return a size that fits a low dock."""
        return QSize(280, 180)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Hide the readout when the cursor leaves; the wheel scrolls what is around the plot, with Ctrl it zooms."""
        if event.type() == QEvent.Type.Leave:
            self._leave()
        elif isinstance(event, QWheelEvent) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        self.show_cursor(None)
        self.cursor_moved.emit(None)

    def _on_clicked(self, event: Any) -> None:
        if event.double():
            self.view.enableAutoRange()

    def _on_mouse_moved(self, position: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(position)
        x = self.view.mapSceneToView(position).x() if inside else 0.0
        values = self.values_at(x) if inside else []
        if not values:
            self._leave()
            return
        rows = [
            Reading(line.name, self._write(value), line.color or theme.color("text"), line.dashed)
            for line, value in values
        ]
        self.show_cursor(x)
        self.cursor_moved.emit(x)
        self.readout.show_at(widget_point(self.plot, position), f"epoch {max(x, 0):.1f}", rows)
