"""One variable as a row: whether a search may vary it, its name, a slider over sensible values, and a field for any value."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCheckBox, QSlider, QWidget

from composer.core.scaling import ladder
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import label, row

NAME_WIDTH, FIELD_WIDTH = 88, 80
LARGEST = 10**9


class _Slider(QSlider):
    """Says when a gesture begins: a press, or a visit by the keyboard."""

    begun = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keys of one visit are one gesture."""
        self.begun.emit()
        super().focusInEvent(event)


class VariableSlider(QWidget):
    """A row of the fit panel.

    Args:
        name: the variable.
        value: its value.
    """

    # The value, and the number of the gesture that it belongs to; -1 for a value of its own.
    edited = Signal(int, int)
    vary_changed = Signal()
    _gestures = 0

    def __init__(self, name: str, value: int) -> None:
        super().__init__()
        self.name = name
        self._places: list[int] = []
        self._gesture = 0
        self.vary = QCheckBox()
        self.vary.setChecked(True)
        self.vary.setAccessibleName(f"Vary {name}")
        self.vary.setToolTip("Search may vary it")
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.field = CountField(minimum=1, maximum=LARGEST)
        self.field.setKeyboardTracking(False)
        self.field.setFixedWidth(FIELD_WIDTH)
        self.field.setAccessibleName(f"Value of {name}")
        title = label(name)
        title.setFixedWidth(NAME_WIDTH)
        title.setToolTip(name)
        layout = row(self.vary, title, self.slider, self.field)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.show_value(value)
        self.slider.sliderPressed.connect(self._begin)
        self.slider.begun.connect(self._begin)
        self.slider.valueChanged.connect(lambda place: self.edited.emit(self._places[place], self._gesture))
        self.field.valueChanged.connect(lambda new: self.edited.emit(new, -1))
        self.vary.toggled.connect(lambda _: self.vary_changed.emit())

    def show_value(self, value: int) -> None:
        """Show a value that was set elsewhere; the places stay as long as it is among their range."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            if not self._places or not self._places[0] <= value <= self._places[-1]:
                self._places = ladder(value)
                self.slider.setRange(0, len(self._places) - 1)
            nearest = min(range(len(self._places)), key=lambda place: abs(self._places[place] - value))
            if not self.slider.isSliderDown():
                self.slider.setValue(nearest)
            self.field.setValue(value)

    def _begin(self) -> None:
        VariableSlider._gestures += 1
        self._gesture = VariableSlider._gestures
