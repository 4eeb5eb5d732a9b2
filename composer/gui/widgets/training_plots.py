"""The plots of a training: the loss and the primary metric; training solid, validation dashed, in one hue."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QBoxLayout, QWidget

from composer.core.run_records import LOSS, Head, MetricSpec
from composer.gui.look import theme
from composer.gui.widgets.curve_plot import CurvePlot

LINES = ("raw", "train", "val")


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
    def loss(self) -> Points:
        """Training loss at each logged step."""

    @property
    def smooth(self) -> Points:
        """Its moving average."""

    def curve(self, part: str, metric: str) -> Points:
        """Return a metric of each epoch; the part is ``train`` or ``val``."""


class TrainingPlots(QWidget):
    """The loss beside the primary metrics of the drawn runs; a plot is created when there is something to draw.

    Attributes:
        loss: the plot of the loss; None before the first run is drawn.
        metrics: the plots of metrics by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loss: CurvePlot | None = None
        self.metrics: dict[str, CurvePlot] = {}
        self._drawn: dict[str, tuple[Curves, QColor, str]] = {}
        self._span = 0
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)

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
                plot = self.metrics[metric.name] = self._add_plot(metric)
                self._span = 0  # the new plot has no range yet
            self._draw_metric(plot, curves, key, line_color, name)
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

    def set_stacked(self, stacked: bool) -> None:
        """Arrange the plots above each other, or side by side."""
        self._box.setDirection(QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight)

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        for plot in self._plots():
            plot.refresh_theme()
        for key, (curves, color, name) in list(self._drawn.items()):
            self.show_curves(curves, key, color if color.isValid() else None, name)

    def _draw_loss(self, curves: Curves, key: str, color: QColor, name: str) -> None:
        if self.loss is None:
            self.loss = self._add_plot(curves.head.loss)
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

    def _show_used_plots(self) -> None:
        used = {drawn[0].head.primary.name for drawn in self._drawn.values()}
        for name, plot in self.metrics.items():
            plot.setVisible(name in used or not self._drawn)

    def _plots(self) -> list[CurvePlot]:
        return [*([self.loss] if self.loss is not None else []), *self.metrics.values()]

    def _add_plot(self, metric: MetricSpec) -> CurvePlot:
        plot = CurvePlot(metric.title, metric.unit, lambda value: metric.write(value / metric.scale))
        self._box.addWidget(plot, 1)
        return plot


def _line_names(run: str) -> tuple[str, str]:
    """Return what the readout calls the training and the validation line."""
    return ("", run) if run else ("training", "validation")
