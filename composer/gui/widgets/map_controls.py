"""The controls beside a map: view, colours, opacity, and the network's prediction."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from composer.core import colormaps
from composer.gui.look import theme
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label, named, tool_button
from composer.gui.widgets.prediction_bars import PredictionBars

START_OPACITY = 60


class MapControls(QWidget):
    """Lets the user choose what is shown and how; the owner fills the lists.

    Signals:
        view_selected: index of a view.
        colors_selected: name of a colour map.
        opacity_changed: from 0 to 1.
        mark_cleared: no position is to be marked.
        save_requested: the view is to be saved.
    """

    view_selected = Signal(int)
    colors_selected = Signal(str)
    opacity_changed = Signal(float)
    mark_cleared = Signal()
    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.views = named(DropDown(), "View")
        self.colors = named(QComboBox(), "Colours")
        self.colors.addItems([name.capitalize() for name in colormaps.NAMES])
        self.opacity = named(QSlider(Qt.Orientation.Horizontal), "Opacity")
        self.opacity.setRange(0, 100)
        self.opacity.setValue(START_OPACITY)
        self.hint = label(role="small", wrap=True)
        self.clear_mark: QToolButton = tool_button(
            "close", "Clear the position: show what each position receives", self.mark_cleared.emit
        )
        self.save: QToolButton = tool_button("save", "Save this image…", self.save_requested.emit)
        self.prediction_title = label("Prediction", "heading")
        self.prediction = PredictionBars()
        self.notes = label(role="small", wrap=True)
        for box in (self.views, self.colors):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(64)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(_line(self.views, stretch=0))
        layout.addLayout(_line(self.hint, self.clear_mark, stretch=0))
        colors = _line(self.colors, stretch=0)
        colors.addWidget(self.save, 0, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(colors)
        self._opacity_row = QWidget()
        opacity = _line(label("Opacity", "muted"), self.opacity, stretch=1)
        self._opacity_row.setLayout(opacity)
        layout.addWidget(self._opacity_row)
        layout.addSpacing(4)
        layout.addWidget(self.prediction_title)
        layout.addWidget(self.prediction)
        layout.addWidget(self.notes)
        layout.addStretch(1)
        self.views.activated.connect(self.view_selected)
        self.colors.currentTextChanged.connect(lambda text: self.colors_selected.emit(text.lower()))
        self.opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))
        self.set_views([], 0)

    def set_views(self, titles: Sequence[str], index: int) -> None:
        """Fill the list of views."""
        with QSignalBlocker(self.views):
            self.views.clear()
            self.views.addItems([title[:1].upper() + title[1:] for title in titles])
            self.views.setCurrentIndex(index)
        self.views.setEnabled(len(titles) > 1)

    def set_kind(self, *, over_image: bool, bars: bool) -> None:
        """Show only the controls that affect the current view."""
        self._opacity_row.setVisible(over_image)
        self.colors.setVisible(not bars)

    def set_hint(self, text: str, *, marked: bool) -> None:
        """Explain what a click on the image does, or what the marked position shows."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.clear_mark.setVisible(marked)

    def set_prediction(self, rows: Sequence[tuple[str, float]], truth: str | None, notes: Sequence[str]) -> None:
        """Show the network's prediction."""
        self.prediction_title.setVisible(bool(rows))
        self.prediction_title.setText("Prediction" if truth is None else f"Prediction, true class {truth}")
        self.prediction.set_rows(rows, truth)
        self.notes.setText("\n".join(note[:1].upper() + note[1:] for note in notes))
        self.notes.setVisible(bool(notes))

    def refresh_theme(self) -> None:
        """Redraw the icons and bars in the current theme."""
        for tool in (self.clear_mark, self.save):
            tool.setIcon(theme.icon(tool.property("icon_name"), tool.property("icon_ink")))
        self.prediction.update()


def _line(*widgets: QWidget, stretch: int) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    return layout
