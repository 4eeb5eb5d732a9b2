"""What a start would train, before there is a run: the network, the data, the device, the learning rate."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from composer.core.run_measures import MEASURES
from composer.gui.look import theme
from composer.gui.widgets.curve_plot import CurvePlot
from composer.gui.widgets.labels import button, column, label, set_state
from composer.gui.widgets.wrap_button import WrapButton

RATE = next(measure for measure in MEASURES if measure.has_plan)
# Pixels: height of a page that has space for everything, of one that shows the plot without the name, of the plot.
HIGH_PAGE, LOW_PAGE, PLOT_HEIGHT = 204, 150, 220


class RatePoints(Protocol):
    """The learning rate over the epochs."""

    @property
    def x(self) -> Sequence[float]:
        """Positions, in epochs."""

    @property
    def y(self) -> Sequence[float]:
        """Learning rates."""


class TrainingPlan(QWidget):
    """The page of the training panel before its first run.

    Args:
        show_problems: called by the link to the problems.
        repair: called by the button that applies a repair.

    Attributes:
        name: the name of the design.
        text: the plan, or why there can be none yet.
        problems: the link to the problems.
        repair: the repair of the reason.
        reading: how much of the data has been read; hidden while none is being read.
        plot: the learning rate; None before there is space and a plan.
    """

    def __init__(self, show_problems: Callable[[], object], repair: Callable[[], object]) -> None:
        super().__init__()
        self.name, self.text = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.problems = button("Show the problems", show_problems, "link")
        self.repair = WrapButton("", repair, primary=True)
        self.reading = QProgressBar(textVisible=False)
        self.reading.setRange(0, 1000)
        self.reading.setFixedWidth(240)
        self.reading.hide()
        self.plot: CurvePlot | None = None
        self._rate: RatePoints | None = None
        layout = column(margin=theme.PADDING)
        layout.addStretch(1)
        for widget in (self.name, self.text):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        for control in (self.reading, self.problems, self.repair):
            layout.addWidget(control, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        self._layout = layout
        self.setLayout(layout)

    def show_plan(self, name: str, text: str, rate: RatePoints | None) -> None:
        """Show what would train.

        Args:
            name: the name of the design.
            text: one sentence.
            rate: the learning rate over the epochs; None if nothing can be trained yet.
        """
        self.name.setText(name)
        self.text.setText(text)
        self._rate = rate
        self._draw()

    def show_reading(self, share: float | None) -> None:
        """Show how much of the data has been read; None while none is being read."""
        self.reading.setVisible(share is not None)
        self.reading.setValue(round(1000 * (share or 0.0)))

    def _draw(self) -> None:
        """Draw the plot if there is space for it; a low page leaves out the name, which the window shows, too."""
        low = self.height() < HIGH_PAGE
        has_plot = self._rate is not None and self.height() >= LOW_PAGE
        self.name.setVisible(not (has_plot and low))
        set_state(self.text, "role", "small" if has_plot and low else "muted")
        margin = 4 if has_plot and low else theme.PADDING
        self._layout.setContentsMargins(theme.PADDING, margin, theme.PADDING, 0)
        if has_plot and self.plot is None:
            self.plot = CurvePlot(RATE.title, RATE.unit, RATE.write, ())
            self.plot.setMaximumHeight(PLOT_HEIGHT)
            self._layout.insertWidget(self._layout.count() - 1, self.plot, 4)
        if self.plot is None:
            return
        self.plot.setVisible(has_plot)
        if has_plot and self._rate is not None:
            points = self._rate
            self.plot.set_line("plan", points.x, points.y, theme.color("muted"), name="planned")
            self.plot.set_span(points.x[-1] if points.x else 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the plot if there is space for it now."""
        super().resizeEvent(event)
        self._draw()

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        if self.plot is not None:
            self.plot.refresh_theme()
        self._draw()
