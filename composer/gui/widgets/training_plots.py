"""The plots of a training, as small multiples: loss and primary metric, learning rate, gradient norm, speed, memory.

Training is solid and validation dashed, in one hue; the plan of the learning rate is grey from the start.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from composer.core.run_measures import MEASURES, Measure
from composer.core.run_records import LOSS, Head, MetricSpec
from composer.gui.look import theme
from composer.gui.widgets.curve_plot import CurvePlot
from composer.gui.widgets.plot_grid import PlotGrid

LINES = ("raw", "train", "val", "plan")


class Points(Protocol):
    """A curve."""

    @property
    def x(self) -> Sequence[float]:
        """Positions, in epochs."""

    @property
    def y(self) -> Sequence[float]:
        """Values, as they are shown."""


class Curves(Protocol):
    """The curves of a run."""

    epochs: int
    head: Head

    @property
    def plan(self) -> Points:
        """Learning rate of the whole run."""

    @property
    def measures(self) -> Mapping[str, Points]:
        """What was measured at each logged step, by key of a `Measure`."""

    @property
    def trends(self) -> Mapping[str, Points]:
        """Moving averages of the noisy measures."""

    @property
    def loss(self) -> Points:
        """Training loss at each logged step."""

    @property
    def smooth(self) -> Points:
        """Its moving average."""

    def curve(self, part: str, metric: str) -> Points:
        """Return a metric of each epoch; the part is ``train`` or ``val``."""


class TrainingPlots(QWidget):
    """The plots of the drawn runs, in a grid that scrolls; a plot is created when there is something to draw.

    Attributes:
        grid: the plots in their order, and what else is shown below them.
        loss: the plot of the loss; None before the first run is drawn.
        metrics: the plots of metrics by name.
        measures: the plots of measures by key.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loss: CurvePlot | None = None
        self.metrics: dict[str, CurvePlot] = {}
        self.measures: dict[str, CurvePlot] = {}
        self._drawn: dict[str, tuple[Curves, QColor, str]] = {}
        self._span = 0
        self.grid = PlotGrid()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.grid)

    def show_curves(self, curves: Curves, key: str = "run", color: QColor | None = None, name: str = "") -> None:
        """Draw the curves of a run, or redraw them.

        Args:
            curves: the curves.
            key: identifies the run among several.
            color: its hue; the accent by default.
            name: what the readout calls the run, where there are several.
        """
        line_color = color or theme.color("accent")
        self._drawn[key] = (curves, QColor(color) if color is not None else QColor(), name)
        self._draw_loss(curves, key, line_color, name)
        metric = curves.head.primary
        if metric.name != LOSS:
            plot = self.metrics.get(metric.name)
            if plot is None:
                plot = self.metrics[metric.name] = self._add_metric(metric)
                self._span = 0  # the new plot has no range yet
            self._draw_metric(plot, curves, key, line_color, name)
        for measure in MEASURES:
            self._draw_measure(measure, curves, key, line_color, name)
        self._show_used_plots()
        span = max(drawn[0].epochs for drawn in self._drawn.values())
        if span != self._span:  # otherwise the user's own zoom stays
            self._span = span
            for plot in self._plots():
                plot.set_span(span)

    def drawn(self) -> tuple[str, ...]:
        """Return the keys of the drawn runs."""
        return tuple(self._drawn)

    def remove(self, key: str) -> None:
        """Remove a run."""
        self._drawn.pop(key, None)
        for plot in self._plots():
            for line in LINES:
                plot.remove_line(f"{key} {line}")
        self._show_used_plots()

    def clear(self) -> None:
        """Remove all runs."""
        for key in self.drawn():
            self.remove(key)
        self._span = 0

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        for plot in self._plots():
            plot.refresh_theme()
        for key, (curves, color, name) in list(self._drawn.items()):
            self.show_curves(curves, key, color if color.isValid() else None, name)

    def _draw_loss(self, curves: Curves, key: str, color: QColor, name: str) -> None:
        if self.loss is None:
            self.loss = self._add_metric(curves.head.loss)
        # Among several runs the validation is compared; the readout would not fit twice as many rows.
        train, val = _line_names(name)
        if name:  # raw values of several runs on top of each other are unreadable
            self.loss.remove_line(f"{key} raw")
        else:
            self.loss.set_line(f"{key} raw", curves.loss.x, curves.loss.y, color, faint=True)
        self.loss.set_line(f"{key} train", curves.smooth.x, curves.smooth.y, color, name=train)
        points = curves.curve("val", LOSS)
        self.loss.set_line(f"{key} val", points.x, points.y, color, name=val, dashed=True, marks=not name)

    @staticmethod
    def _draw_metric(plot: CurvePlot, curves: Curves, key: str, color: QColor, name: str) -> None:
        for part, line_name in zip(("train", "val"), _line_names(name), strict=True):
            points = curves.curve(part, curves.head.primary.name)
            plot.set_line(
                f"{key} {part}", points.x, points.y, color, name=line_name, dashed=part == "val", marks=not name
            )

    def _draw_measure(self, measure: Measure, curves: Curves, key: str, color: QColor, name: str) -> None:
        points, planned = curves.measures[measure.key], curves.plan if measure.has_plan else None
        if not len(points.x) and not (planned and len(planned.x)):
            return
        plot = self.measures.get(measure.key)
        if plot is None:
            plot = self._add_plot(measure.title, measure.unit, measure.write, from_zero=measure.from_zero)
            self.measures[measure.key] = plot
            self._span = 0
        if planned is not None and len(planned.x) and not name:
            plot.set_line(f"{key} plan", planned.x, planned.y, theme.color("faint"), name="planned")
        if measure.noisy and not name:
            plot.set_line(f"{key} raw", points.x, points.y, color, faint=True)
        line = curves.trends[measure.key] if measure.noisy else points
        plot.set_line(f"{key} train", line.x, line.y, color, name=name or measure.title.lower())

    def _show_used_plots(self) -> None:
        used = {drawn[0].head.primary.name for drawn in self._drawn.values()}
        for name, plot in self.metrics.items():
            plot.setVisible(name in used or not self._drawn)
        for plot in self.measures.values():
            plot.setVisible(bool(plot.keys()))
        self.grid.arrange()

    def _plots(self) -> list[CurvePlot]:
        return [*([self.loss] if self.loss is not None else []), *self.metrics.values(), *self.measures.values()]

    def _add_metric(self, metric: MetricSpec) -> CurvePlot:
        plot = self._add_plot(
            metric.title, metric.unit, lambda value: metric.write(value / metric.scale), ("train", "validation")
        )
        metrics = len(self.metrics)
        self.grid.cells.insert(metrics + (self.loss is not None), self.grid.cells.pop())  # before the measures
        return plot

    def _add_plot(
        self,
        title: str,
        unit: str,
        write: Callable[[float], str],
        legend: Sequence[str] = (),
        *,
        from_zero: bool = False,
    ) -> CurvePlot:
        plot = CurvePlot(title, unit, write, legend, from_zero=from_zero)
        plot.cursor_moved.connect(lambda x, source=plot: self._move_cursor(x, source))
        self.grid.add_cell(plot)
        return plot

    def _move_cursor(self, x: float | None, source: CurvePlot) -> None:
        """Mark the position under the cursor in the other plots, too."""
        for plot in self._plots():
            if plot is not source:
                plot.show_cursor(x)


def _line_names(run: str) -> tuple[str, str]:
    """Return what the readout calls the training and the validation line."""
    return ("", run) if run else ("training", "validation")
