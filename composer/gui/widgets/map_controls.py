"""What is beside a map: which head, how strong, which colours, and what the network says."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from composer.gui.look import colormaps, theme
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label, named, tool_button
from composer.gui.widgets.prediction_bars import PredictionBars

START_OPACITY = 60


class MapControls(QWidget):
    """Emits what the user chooses; the owner fills the lists."""

    shown_chosen = Signal(int)
    colors_chosen = Signal(str)
    opacity_chosen = Signal(float)
    mark_cleared = Signal()
    save_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown = named(DropDown(), "View")
        self.colors = named(QComboBox(), "Colours")
        self.colors.addItems([name.capitalize() for name in colormaps.NAMES])
        self.opacity = named(QSlider(Qt.Orientation.Horizontal), "Opacity")
        self.opacity.setRange(0, 100)
        self.opacity.setValue(START_OPACITY)
        self.hint = label(role="small", wrap=True)
        self.clear_mark: QToolButton = tool_button(
            "close", "Ask no place: show what each place receives", self.mark_cleared.emit
        )
        self.save: QToolButton = tool_button("save", "Save this picture…", self.save_asked.emit)
        self.said = label("Prediction", "heading")
        self.prediction = PredictionBars()
        self.notes = label(role="small", wrap=True)
        for box in (self.shown, self.colors):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(64)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        layout.addLayout(_line(self.shown, stretch=0))
        layout.addLayout(_line(self.hint, self.clear_mark, stretch=0))
        colors = _line(self.colors, stretch=0)
        colors.addWidget(self.save, 0, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(colors)
        self._opacity_row = QWidget()
        opacity = _line(label("Opacity", "muted"), self.opacity, stretch=1)
        self._opacity_row.setLayout(opacity)
        layout.addWidget(self._opacity_row)
        layout.addSpacing(4)
        layout.addWidget(self.said)
        layout.addWidget(self.prediction)
        layout.addWidget(self.notes)
        layout.addStretch(1)
        self.shown.activated.connect(self.shown_chosen)
        self.colors.currentTextChanged.connect(lambda text: self.colors_chosen.emit(text.lower()))
        self.opacity.valueChanged.connect(lambda value: self.opacity_chosen.emit(value / 100))
        self.set_views([], 0)

    def set_views(self, titles: Sequence[str], index: int) -> None:
        """Fill the list of views."""
        with QSignalBlocker(self.shown):
            self.shown.clear()
            self.shown.addItems([title[:1].upper() + title[1:] for title in titles])
            self.shown.setCurrentIndex(index)
        self.shown.setEnabled(len(titles) > 1)

    def set_kind(self, *, over_image: bool, bars: bool) -> None:
        """Show only what has an effect on what is seen."""
        self._opacity_row.setVisible(over_image)
        self.colors.setVisible(not bars)

    def set_hint(self, text: str, *, marked: bool) -> None:
        """Say what a click on the picture does, or which place is asked."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.clear_mark.setVisible(marked)

    def set_prediction(self, rows: Sequence[tuple[str, float]], truth: str | None, notes: Sequence[str]) -> None:
        """Say what the network answers."""
        self.said.setVisible(bool(rows))
        self.said.setText("Prediction" if truth is None else f"Prediction, true class {truth}")
        self.prediction.set_rows(rows, truth)
        self.notes.setText("\n".join(note[:1].upper() + note[1:] for note in notes))
        self.notes.setVisible(bool(notes))

    def refresh_theme(self) -> None:
        """Take over another theme."""
        for found in (self.clear_mark, self.save):
            found.setIcon(theme.icon(found.property("icon_name"), found.property("icon_ink")))
        self.prediction.update()


def _line(*widgets: QWidget, stretch: int) -> QHBoxLayout:
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(8)
    for index, widget in enumerate(widgets):
        made.addWidget(widget, 1 if index == stretch else 0)
    return made
