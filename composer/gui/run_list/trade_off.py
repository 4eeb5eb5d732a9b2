"""What a value costs: the metric of the runs against their MACs, parameters or time, with the Pareto front."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from composer.core import units
from composer.core.run_groups import RunGroup, Spread, pareto_front
from composer.core.run_records import MetricSpec
from composer.gui.look import theme
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label, row
from composer.gui.widgets.plot_style import make_plot, style_axes, widget_point
from composer.gui.widgets.readout import Reading, Readout

# Pixels around a point in which a click means it.
REACH = 14
SIZE, SELECTED_SIZE = 8, 11
# Decades of a logarithmic axis that are shown around a single cost.
LEAST_SPAN = 0.3


@dataclass(frozen=True, slots=True)
class RunCost:
    """A cost of a run.

    Args:
        title: label of the axis.
        value: the cost of a group; None where it is not recorded.
        write: the cost for people.
    """

    title: str
    value: Callable[[RunGroup], float | None]
    write: Callable[[float], str]


def _seconds(group: RunGroup) -> float | None:
    return fmean(row.info.seconds for row in group.rows) or None


COSTS: Mapping[str, RunCost] = {
    "macs": RunCost("MACs", lambda group: group.row.macs, units.count),
    "params": RunCost("Params", lambda group: group.row.params, units.count),
    "seconds": RunCost("Time", _seconds, units.duration),
}
VALUES: Mapping[str, tuple[str, Callable[[RunGroup], Spread | None]]] = {
    "best": ("validation", lambda group: group.best),
    "test": ("test", lambda group: group.test),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A group in the plot.

    Args:
        group: the group.
        x: logarithm of its cost.
        y: its mean, in the unit of the axis.
        std: the deviation, likewise; 0 for a single run.
    """

    group: RunGroup
    x: float
    y: float
    std: float


class TradeOff(QWidget):
    """The plot, with a choice of the cost and of the value.

    Args:
        write_name: what the readout calls a group.

    Attributes:
        cost: the choice of the cost.
        value: the choice between validation and test.
        points: what is drawn.
        front: the points that no other one beats, by increasing cost.
        hint: shown instead of the plot while no run has both.

    Signals:
        clicked: the folders of the runs of a point.
    """

    clicked = Signal(object)

    def __init__(self, write_name: Callable[[RunGroup], str]) -> None:
        super().__init__()
        self._write_name = write_name
        self._groups: Sequence[RunGroup] = ()
        self._colors: Mapping[Path, QColor] = {}
        self._metric: MetricSpec | None = None
        self.points: list[Point] = []
        self.front: list[Point] = []
        self.plot: Any = None
        self.cost, self.value = DropDown(), DropDown()
        for key, entry in COSTS.items():
            self.cost.addItem(entry.title, key)
        for key, (part, _) in VALUES.items():
            self.value.addItem(part.capitalize(), key)
        for choice, name in ((self.cost, "Cost"), (self.value, "Value")):
            choice.setAccessibleName(name)
            choice.currentIndexChanged.connect(lambda _: self._draw())
        self.hint = label("", "muted", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        top = row(self.value, label("against", "muted"), self.cost)
        self.value.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.value.setMinimumWidth(72)
        top.addStretch(1)
        top.setContentsMargins(8, 0, 8, 0)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 4, 0, 0)
        self._box.setSpacing(4)
        self._box.addLayout(top)
        self._box.addWidget(self.hint, 1)

    def show_groups(self, groups: Sequence[RunGroup], colors: Mapping[Path, QColor]) -> None:
        """Draw groups.

        Args:
            groups: the groups that the table lists.
            colors: the colours of the selected runs.
        """
        self._groups, self._colors = groups, colors
        self._draw()

    def sizeHint(self) -> QSize:
        """Return a size that fits a low dock."""
        return QSize(280, 180)

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        self._draw()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        if not self.isVisible():
            return
        cost = COSTS[self.cost.currentData()]
        part, spread = VALUES[self.value.currentData()]
        metrics = Counter(group.metric for group in self._groups if group.metric is not None and spread(group))
        self._metric = metrics.most_common(1)[0][0] if metrics else None
        self.points = self._collect(cost, spread)
        direction = self._metric.direction if self._metric is not None else "max"
        self.front = pareto_front(self.points, lambda point: point.x, lambda point: point.y, direction)
        self.hint.setVisible(not self.points)
        if self.plot is not None:
            self.plot.setVisible(bool(self.points))
        if not self.points:
            self.hint.setText(
                f"No run has both: a {part} value and {cost.title}"
                if self._groups
                else "Runs appear here as points: their metric against what it costs"
            )
            return
        if self.plot is None:
            self._make_plot()
        self.plot.show()
        self._name_values()
        self._draw_points(cost)

    def _name_values(self) -> None:
        """Write the name of the metric into the choice of the value."""
        for index, (part, _) in enumerate(VALUES.values()):
            metric = self._metric
            self.value.setItemText(index, f"{metric.title}, {part}" if metric is not None else part.capitalize())

    def _collect(self, cost: RunCost, spread: Callable[[RunGroup], Spread | None]) -> list[Point]:
        """Return the points of those groups that have the most frequent metric, a value and a cost."""
        points = []
        for group in self._groups:
            x, y, metric = cost.value(group), spread(group), self._metric
            if metric is not None and group.metric == metric and x is not None and x > 0 and y is not None:
                points.append(Point(group, math.log10(x), metric.scale * y.mean, metric.scale * (y.std or 0.0)))
        return points

    def _make_plot(self) -> None:
        import numpy as np
        import pyqtgraph as pg

        self._np, self._pg = np, pg
        self.plot = make_plot()
        self._axis = _cost_axis(self.plot)
        self._stairs = pg.PlotCurveItem()
        self._bars = pg.ErrorBarItem(beam=0.0)
        self._dots = pg.ScatterPlotItem(pxMode=True)
        for item in (self._stairs, self._bars, self._dots):
            self.plot.addItem(item)
        self.readout = Readout(self.plot)
        self.plot.scene().sigMouseMoved.connect(self._on_moved)
        self.plot.scene().sigMouseClicked.connect(self._on_clicked)
        self.plot.viewport().installEventFilter(self)
        self.plot.setMouseEnabled(x=False, y=False)
        self._box.addWidget(self.plot, 1)

    def _draw_points(self, cost: RunCost) -> None:
        np, pg = self._np, self._pg
        style_axes(self.plot, self._metric.unit if self._metric is not None else "", "")
        self._axis.write = cost.write
        x, y = np.array([point.x for point in self.points]), np.array([point.y for point in self.points])
        std = np.array([point.std for point in self.points])
        self._bars.setData(x=x, y=y, top=std, bottom=std, pen=pg.mkPen(theme.color("faint"), width=1))
        on_front = {id(point) for point in self.front}
        spots = []
        for point in self.points:
            color = next((c for row in point.group.rows if (c := self._colors.get(row.info.path))), None)
            plain = theme.color("accent") if id(point) in on_front else theme.color("faint")
            spots.append(
                {
                    "pos": (point.x, point.y),
                    "size": SELECTED_SIZE if color is not None else SIZE,
                    "brush": pg.mkBrush(color or plain),
                    "pen": pg.mkPen(theme.color("text"), width=1.5) if color is not None else pg.mkPen(None),
                }
            )
        self._dots.setData(spots)
        stairs = _stairs(self.front)
        accent = theme.color("accent", 0.6)
        self._stairs.setData(
            np.array([at[0] for at in stairs]), np.array([at[1] for at in stairs]), pen=pg.mkPen(accent, width=1.5)
        )
        low, high = float(x.min()), float(x.max())
        middle, span = (low + high) / 2, max(high - low, LEAST_SPAN)
        self.plot.setXRange(middle - span / 2, middle + span / 2, padding=0.08)
        bottom, top = float((y - std).min()), float((y + std).max())
        margin = (top - bottom) or abs(top) or 1.0
        self.plot.setYRange(bottom - 0.08 * margin, top + 0.08 * margin, padding=0)

    # --- the mouse --------------------------------------------------------------------------------------------------

    def point_at(self, position: QPointF) -> Point | None:
        """Return the point nearest to a position of the plot's scene, if it is within reach."""
        if self.plot is None:
            return None
        view = self.plot.getViewBox()
        near: tuple[float, Point] | None = None
        for point in self.points:
            at = view.mapViewToScene(QPointF(point.x, point.y))
            distance = math.hypot(at.x() - position.x(), at.y() - position.y())
            if distance <= REACH and (near is None or distance < near[0]):
                near = (distance, point)
        return near[1] if near is not None else None

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """Hide the readout when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self.readout.hide()
        return super().eventFilter(watched, event)

    def _on_moved(self, position: QPointF) -> None:
        point = self.point_at(position)
        self.plot.setCursor(Qt.CursorShape.PointingHandCursor if point is not None else Qt.CursorShape.ArrowCursor)
        if point is None or self._metric is None:
            self.readout.hide()
            return
        cost = COSTS[self.cost.currentData()]
        part, spread = VALUES[self.value.currentData()]
        value = spread(point.group)
        color = theme.color("accent")
        rows = [Reading(part, value.write(self._metric) if value is not None else "", color)]
        rows.append(Reading(cost.title, cost.write(10**point.x), theme.color("faint")))
        number = len(point.group.rows)
        heading = self._write_name(point.group) + (f", {number} seeds" if number > 1 else "")
        self.readout.show_at(widget_point(self.plot, position), heading, rows)

    def _on_clicked(self, event: Any) -> None:
        point = self.point_at(event.scenePos())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit([row.info.path for row in point.group.rows])


def _stairs(front: Sequence[Point]) -> list[tuple[float, float]]:
    """Return the corners of the line along a front: a value holds until a higher cost buys a better one."""
    corners: list[tuple[float, float]] = []
    for before, point in zip([None, *front], front, strict=False):
        if before is not None:
            corners.append((point.x, before.y))
        corners.append((point.x, point.y))
    return corners


def _cost_axis(plot: Any) -> Any:
    """Replace the horizontal axis of a plot by a logarithmic one with numbers as people write them."""
    import pyqtgraph as pg

    class CostAxis(pg.AxisItem):  # type: ignore[misc]
        write: Callable[[float], str] = staticmethod(units.count)

        def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
            """Return the positions of 1, 2, 5, 10, 20, ... as far as there is space for them."""
            for steps in ((1, 2, 5), (1, 3), (1,)):
                first, last = math.floor(low) - 1, math.ceil(high)
                ticks = [decade + math.log10(step) for decade in range(first, last + 1) for step in steps]
                inside = [tick for tick in ticks if low <= tick <= high]
                if len(inside) * 48 <= size:
                    break
            return [(1.0, inside)]

        def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
            """Return the costs at the ticks."""
            return [self.write(10**value).replace(".0 ", " ") for value in values]

    axis = CostAxis("bottom")
    plot.setAxisItems({"bottom": axis})
    axis.setHeight(20)  # without a label: the choice above names the cost
    axis.setStyle(hideOverlappingLabels=False)
    return axis
