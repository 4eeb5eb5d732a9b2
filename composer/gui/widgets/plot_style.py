"""The common look of the plots: a bare pyqtgraph plot whose axes have the colours and fonts of the theme."""

from typing import Any

from PySide6.QtCore import QPoint, QPointF

from composer.gui.look import theme

MIN_HEIGHT = 96
AXIS_WIDTH, AXIS_HEIGHT, LOW_AXIS_HEIGHT = 46, 34, 18
GRID_ALPHA = 0.12


def make_plot(*, low: bool = False) -> Any:
    """Return an empty `pyqtgraph.PlotWidget` without menu, frame and background.

    pyqtgraph takes a tenth of a second to import, so the import waits for the first plot.

    Args:
        low: whether height is short: the label of the horizontal axis is then left of its first number.
    """
    import pyqtgraph as pg

    plot = pg.PlotWidget(antialias=True, axisItems={"bottom": _low_axis()} if low else None)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setBackground(None)  # the panel's own background shows through
    plot.setStyleSheet("background: transparent;")
    plot.setFrameShape(plot.Shape.NoFrame)
    plot.setMinimumHeight(MIN_HEIGHT)
    plot.setToolTip("")
    plot.getAxis("left").setWidth(AXIS_WIDTH)
    plot.getAxis("bottom").setHeight(LOW_AXIS_HEIGHT if low else AXIS_HEIGHT)
    # Otherwise pyqtgraph leaves out the last number of the axis.
    plot.getAxis("bottom").setStyle(hideOverlappingLabels=False)
    plot.getPlotItem().layout.setContentsMargins(1, 1, 8, 1)
    return plot


def _low_axis() -> Any:
    """Return a horizontal axis whose label is left of its numbers instead of below them."""
    import pyqtgraph as pg

    class LowAxis(pg.AxisItem):  # type: ignore[misc]
        def resizeEvent(self, event: Any = None) -> None:
            """Place the label beside the numbers, where the vertical axis leaves a corner free."""
            super().resizeEvent(event)
            self.label.setPos(-self.label.boundingRect().width() - 4, -4)

    return LowAxis("bottom")


def style_axes(plot: Any, left: str, bottom: str) -> None:
    """Give the axes the colours of the current theme.

    Args:
        plot: a plot that `make_plot` returned.
        left: label of the vertical axis.
        bottom: label of the horizontal axis.
    """
    import pyqtgraph as pg

    for side, text in (("left", left), ("bottom", bottom)):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(theme.color("border")))
        axis.setTextPen(pg.mkPen(theme.color("muted")))
        axis.setStyle(tickFont=theme.font(theme.SMALL), tickLength=-4, textFillLimits=[(0, 0.6), (2, 0.4), (4, 0.2)])
        axis.enableAutoSIPrefix(False)  # its factor would be in the label, which may be empty
        axis.setLabel(text, **{"color": theme.tokens().muted, "font-size": f"{theme.SMALL}px"})
    plot.showGrid(x=False, y=True, alpha=GRID_ALPHA)


def widget_point(plot: Any, position: QPointF) -> QPoint:
    """Return a position of a plot's scene in pixels of its widget."""
    point: QPoint = plot.mapFromScene(position)
    return QPoint(int(point.x()), int(point.y()))
