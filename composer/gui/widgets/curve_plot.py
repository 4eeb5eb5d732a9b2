"""Curves over epochs, with a readout that follows the cursor. pyqtgraph is imported when the first plot is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import column, label, row
from composer.gui.widgets.readout import Reading, Readout, line_pen

# More points than this are drawn as the lowest and highest of each bin: what can be seen stays, the cost is bounded.
MAX_POINTS = 2000
MIN_HEIGHT = 96
FAINT = 0.28


@dataclass(slots=True)
class Line:
    """A curve: its points, how it is drawn, and its name in the readout (none: it is not read)."""

    item: Any
    name: str = ""
    x: Any = ()
    y: Any = ()
    color: QColor | None = None
    dashed: bool = False


class CurvePlot(QWidget):
    """One plot: a title, a legend, axes with units, any number of lines.

    Args:
        title: what is plotted.
        unit: label of the upright axis.
        write: how a value is written in the readout.
        legend: names of the solid and of the dashed line.
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
        self.legend = Legend(legend)
        self.plot = pg.PlotWidget(antialias=True)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setBackground(None)  # it lies on whatever the panel lies on
        self.plot.setStyleSheet("background: transparent;")
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self.plot.setMinimumHeight(MIN_HEIGHT)
        self.plot.setToolTip("")
        self.view = self.plot.getViewBox()
        self.view.setDefaultPadding(0.04)
        self.plot.getAxis("left").setWidth(46)
        self.plot.getAxis("bottom").setHeight(34)
        self.plot.getAxis("bottom").setStyle(
            hideOverlappingLabels=False
        )  # else the number of the last epoch is left out
        self.plot.getPlotItem().layout.setContentsMargins(1, 1, 8, 1)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setZValue(-10)
        self._cursor.hide()
        self.plot.addItem(self._cursor, ignoreBounds=True)
        self.readout = Readout(self.plot)
        self.plot.scene().sigMouseMoved.connect(self._read)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
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
        """Keys of the lines."""
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
        """Draw a line, or draw it anew.

        Args:
            key: names the line.
            x: sorted places, a buffer of doubles.
            y: values, of the same length.
            color: its hue.
            name: what the readout calls it; an empty name is left out there.
            dashed: validation instead of training.
            faint: the raw values under a smoothed line.
            marks: also draw a dot at each point.
        """
        import numpy as np

        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self.plot.plot([], []))
            line.item.setZValue(0 if faint else 1)
        line.x, line.y = np.array(x, dtype=float), np.array(y, dtype=float)
        line.name, line.dashed, line.color = name, dashed, color
        ink = QColor(color)
        ink.setAlphaF(FAINT if faint else 1.0)
        line.item.setPen(line_pen(ink, dashed=dashed, width=1.0 if faint else 2.0))
        few = marks and len(line.x) <= 60
        line.item.setSymbol("o" if few else None)
        if few:
            line.item.setSymbolSize(5)
            # Hollow for what is dashed: after one epoch the dots are all there is.
            line.item.setSymbolPen(self._pg.mkPen(ink, width=1.5) if dashed else None)
            line.item.setSymbolBrush(None if dashed else ink)
        line.item.setData(*thinned(line.x, line.y))

    def remove_line(self, key: str) -> None:
        """Take a line away."""
        line = self._lines.pop(key, None)
        if line is not None:
            self.plot.removeItem(line.item)
            self._leave()

    def clear(self) -> None:
        """Take all lines away."""
        for key in self.keys():
            self.remove_line(key)

    def set_span(self, epochs: float) -> None:
        """Show all epochs from the first to the last, also those that are still to come."""
        self.view.setXRange(0, max(1.0, epochs), padding=0.02)
        self.view.enableAutoRange(axis="y")

    def values_at(self, x: float) -> list[tuple[Line, float]]:
        """Each named line, and its value at the point nearest to a place."""
        import numpy as np

        named = [line for line in self._lines.values() if line.name and len(line.x)]
        return [(line, float(line.y[int(np.argmin(np.abs(line.x - x)))])) for line in named]

    def refresh_theme(self) -> None:
        """Take over another theme; the owner draws the lines anew in their colours."""
        for side, text in (("left", self._unit), ("bottom", "epoch")):
            axis = self.plot.getAxis(side)
            axis.setPen(self._pg.mkPen(theme.color("border")))
            axis.setTextPen(self._pg.mkPen(theme.color("muted")))
            axis.setStyle(
                tickFont=theme.font(theme.SMALL), tickLength=-4, textFillLimits=[(0, 0.6), (2, 0.4), (4, 0.2)]
            )
            axis.setLabel(text, **{"color": theme.tokens().muted, "font-size": f"{theme.SMALL}px"})
        self.plot.showGrid(x=False, y=True, alpha=0.12)
        self._cursor.setPen(self._pg.mkPen(theme.color("faint")))
        self.legend.update()

    def sizeHint(self) -> QSize:
        """Small enough for a low dock."""
        return QSize(280, 180)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Put the readout away when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self._leave()
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        self.readout.hide()
        self._cursor.hide()

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.view.enableAutoRange()

    def _read(self, place: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(place)
        x = self.view.mapSceneToView(place).x() if inside else 0.0
        values = self.values_at(x) if inside else []
        if not values:
            self._leave()
            return
        rows = [
            Reading(line.name, self._write(value), line.color or theme.color("text"), line.dashed)
            for line, value in values
        ]
        self._cursor.setValue(x)
        self._cursor.show()
        at = self.plot.mapFromScene(place)
        self.readout.show_at(QPoint(int(at.x()), int(at.y())), f"epoch {max(x, 0):.1f}", rows)


class Legend(QWidget):
    """Says once what solid and dashed mean, in the colour of quiet text."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """It may be cut before the plot makes its panel wide."""
        return QSize(0, 20)

    def sizeHint(self) -> QSize:
        """As wide as its names."""
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


def thinned(x: Any, y: Any, limit: int = MAX_POINTS) -> tuple[Any, Any]:
    """The same curve in at most about `limit` points: the lowest and the highest of each bin, in their order."""
    import numpy as np

    if len(x) <= limit:
        return x, y
    size = -(-len(x) // (limit // 2))
    whole = len(x) // size * size
    bins = y[:whole].reshape(-1, size)
    first = np.arange(0, whole, size)
    picked = np.sort(np.stack([first + bins.argmin(1), first + bins.argmax(1)], axis=1), axis=1).ravel()
    picked = np.unique(np.concatenate([picked, np.arange(whole, len(x)), [len(x) - 1]]))
    return x[picked], y[picked]
