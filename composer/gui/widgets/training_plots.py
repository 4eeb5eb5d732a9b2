"""The two plots of a training: loss and accuracy, training solid, validation dashed, in one hue."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QBoxLayout, QWidget

from composer.gui.look import theme
from composer.gui.widgets.curve_plot import CurvePlot


class Points(Protocol):
    """A curve."""

    @property
    def x(self) -> Sequence[float]:
        """Places, in epochs."""

    @property
    def y(self) -> Sequence[float]:
        """Values."""


class Curves(Protocol):
    """What is drawn of a run."""

    epochs: int

    @property
    def loss(self) -> Points:
        """Training loss at each step."""

    @property
    def smooth(self) -> Points:
        """The same, smoothed."""

    @property
    def val_loss(self) -> Points:
        """Validation loss of each epoch."""

    @property
    def train_accuracy(self) -> Points:
        """In percent."""

    @property
    def val_accuracy(self) -> Points:
        """In percent."""


class TrainingPlots(QWidget):
    """Loss beside accuracy; the plots are made when there is something to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.loss: CurvePlot | None = None
        self.accuracy: CurvePlot | None = None
        self._drawn: dict[str, tuple[Curves, QColor, str]] = {}
        self._span = 0
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(8)

    def show_curves(self, curves: Curves, key: str = "run", color: QColor | None = None, name: str = "") -> None:
        """Draw the curves of a run, or draw them anew.

        Args:
            curves: the curves.
            key: names the run among several.
            color: its hue; the accent by default.
            name: what the readout calls the run, where there are several.
        """
        loss, accuracy = self._plots()
        ink = color or theme.color("accent")
        self._drawn[key] = (curves, QColor(color) if color is not None else QColor(), name)
        # Among several runs it is validation that is compared; the readout would not fit twice as many rows.
        train, val = ("", name) if name else ("training", "validation")
        if name:  # raw values of several runs on top of each other say nothing
            loss.remove_line(f"{key} raw")
        else:
            loss.set_line(f"{key} raw", curves.loss.x, curves.loss.y, ink, faint=True)
        loss.set_line(f"{key} train", curves.smooth.x, curves.smooth.y, ink, name=train)
        loss.set_line(f"{key} val", curves.val_loss.x, curves.val_loss.y, ink, name=val, dashed=True, marks=not name)
        accuracy.set_line(
            f"{key} train", curves.train_accuracy.x, curves.train_accuracy.y, ink, name=train, marks=not name
        )
        accuracy.set_line(
            f"{key} val", curves.val_accuracy.x, curves.val_accuracy.y, ink, name=val, dashed=True, marks=not name
        )
        span = max(drawn[0].epochs for drawn in self._drawn.values())
        if span != self._span:  # otherwise the user's own zoom stays
            self._span = span
            loss.set_span(span)
            accuracy.set_span(span)

    def drawn(self) -> tuple[str, ...]:
        """Keys of the drawn runs."""
        return tuple(self._drawn)

    def remove(self, key: str) -> None:
        """Take a run away."""
        self._drawn.pop(key, None)
        for plot in (self.loss, self.accuracy):
            if plot is not None:
                for part in ("raw", "train", "val"):
                    plot.remove_line(f"{key} {part}")

    def clear(self) -> None:
        """Take everything away."""
        for key in self.drawn():
            self.remove(key)
        self._span = 0

    def set_stacked(self, stacked: bool) -> None:
        """Put the plots above each other, or side by side."""
        self._box.setDirection(QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight)

    def refresh_theme(self) -> None:
        """Take over another theme."""
        for plot in (self.loss, self.accuracy):
            if plot is not None:
                plot.refresh_theme()
        for key, (curves, color, name) in list(self._drawn.items()):
            self.show_curves(curves, key, color if color.isValid() else None, name)

    def _plots(self) -> tuple[CurvePlot, CurvePlot]:
        if self.loss is None or self.accuracy is None:
            self.loss = CurvePlot("Loss", "nats", lambda value: f"{value:.3g}")
            self.accuracy = CurvePlot("Accuracy", "%", lambda value: f"{value:.1f} %")
            self._box.addWidget(self.loss, 1)
            self._box.addWidget(self.accuracy, 1)
        return self.loss, self.accuracy
