"""Bars for values that have no position in an image: channel gates, branch weights, selected segments."""

import math
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize
from PySide6.QtGui import QColor, QImage, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.color_bar import format_value
from composer.gui.widgets.plot_style import AXIS_WIDTH, make_plot, style_axes, widget_point
from composer.gui.widgets.readout import Readout

# Pixels: a few bars as wide as a hand would look like a mistake.
MAX_BAR_WIDTH = 48
BAR_SHARE = 0.9  # of the distance between two bars
LABEL_WIDTH = 32  # of the number under a bar
MARGIN = 24


class BarPlot(QWidget):
    """Bars with a scale; the readout shows the value of the bar under the cursor.

    Attributes:
        values: height of each bar.
        axis: what is counted.
        readout: the box with the value under the cursor; None before the first bars.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []
        self.axis = ""
        self.readout: Readout | None = None
        self._plot: Any = None
        self._bars: Any = None
        self.setMinimumSize(QSize(120, 96))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(8, 8, 8, 4)

    def set_bars(self, values: Any, axis: str) -> None:
        """Show bars.

        Args:
            values: one number per bar.
            axis: what is counted, such as ``channel``.
        """
        self.values, self.axis = [float(value) for value in values], axis
        if self._plot is None:
            self._make_plot()
        self._bars.setOpts(x=list(range(1, len(self.values) + 1)), height=self.values, width=BAR_SHARE)
        self._hide_readout()
        self._refresh_theme()
        self._fit()

    def to_image(self, width: int = 960, height: int = 400) -> QImage:
        """Draw the plot to an image of a size in pixels."""
        copy = BarPlot()
        copy.resize(width, height)
        copy.set_bars(self.values, self.axis)
        image = QImage(QSize(width, height), QImage.Format.Format_RGB32)
        image.fill(theme.color("panel"))
        copy.render(image)
        return image

    def _make_plot(self) -> None:
        import pyqtgraph as pg

        self._plot = make_plot()
        self._plot.setMouseEnabled(x=False, y=False)
        self._bars = pg.BarGraphItem(x=[], height=[], width=BAR_SHARE)
        self._bars.setZValue(1)
        self._plot.addItem(self._bars)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._plot.viewport().installEventFilter(self)
        self.readout = Readout(self._plot)
        self._box.addWidget(self._plot, 1)
        self._box.addStretch(0)  # a plot of few bars stays on the left

    def _refresh_theme(self) -> None:
        import pyqtgraph as pg

        style_axes(self._plot, "", self.axis)
        self._bars.setOpts(pen=pg.mkPen(None), brush=QColor(theme.tokens().accent))

    def _fit(self) -> None:
        """Show all bars and the zero line, and number as many bars as there is space for."""
        if self._plot is None or not self.values:
            return
        count = len(self.values)
        self._plot.setMaximumWidth(AXIS_WIDTH + MARGIN + count * MAX_BAR_WIDTH)
        low, high = min(0.0, *self.values), max(0.0, *self.values)
        self._plot.setXRange(0.5, 0.5 + count, padding=0)
        self._plot.setYRange(low, high if high > low else 1.0, padding=0.03)
        bar_width = min(MAX_BAR_WIDTH, max(self.width() - AXIS_WIDTH - MARGIN, 1) / count)
        every = max(1, math.ceil(LABEL_WIDTH / bar_width))
        self._plot.getAxis("bottom").setTicks([[(number, str(number)) for number in range(1, count + 1, every)]])

    def _on_mouse_moved(self, position: QPointF) -> None:
        view = self._plot.getViewBox()
        index = round(view.mapSceneToView(position).x()) - 1
        if self.readout is None or not view.sceneBoundingRect().contains(position) or not 0 <= index < len(self.values):
            self._hide_readout()
            return
        text = f"{self.axis} {index + 1}:  {format_value(self.values[index])}"
        self.readout.show_at(widget_point(self._plot, position), text, [])

    def _hide_readout(self) -> None:
        if self.readout is not None:
            self.readout.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bars at most as wide as `MAX_BAR_WIDTH`."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Restyle the plot when the theme changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._refresh_theme()

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Hide the readout when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self._hide_readout()
        return super().eventFilter(watched, event)
