"""One variable as a row: a check box for the search, the name, a slider over sensible values, a field for any value."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCheckBox, QSlider, QWidget

from composer.core.scaling import ladder
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import label, row

NAME_WIDTH, FIELD_WIDTH = 88, 80
MAX_VALUE = 10**9


class _Slider(QSlider):
    """A slider that reports when it gets the focus: all key presses until it loses it are one gesture.

    Signals:
        focused: the slider has got the focus.
    """

    focused = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Report the focus."""
        self.focused.emit()
        super().focusInEvent(event)


class VariableSlider(QWidget):
    """A row of the fit panel.

    Args:
        name: the variable.
        value: its value.

    Attributes:
        vary: the check box: whether the search may vary the variable.
        slider: the slider; its positions are indices into a ladder of sensible values.
        field: the field for any value.

    Signals:
        edited: the new value, and the number of the gesture it belongs to; -1 for a typed value.
        vary_changed: the check box was toggled.
    """

    edited = Signal(int, int)
    vary_changed = Signal()
    _gestures = 0

    def __init__(self, name: str, value: int) -> None:
        super().__init__()
        self.name = name
        self._values: list[int] = []
        self._gesture = 0
        self.vary = QCheckBox()
        self.vary.setChecked(True)
        self.vary.setAccessibleName(f"Vary {name}")
        self.vary.setToolTip("Let the search vary this variable")
        self.slider = _Slider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.field = CountField(minimum=1, maximum=MAX_VALUE)
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
        self.slider.sliderPressed.connect(self._start_gesture)
        self.slider.focused.connect(self._start_gesture)
        self.slider.valueChanged.connect(lambda position: self.edited.emit(self._values[position], self._gesture))
        self.field.valueChanged.connect(lambda new: self.edited.emit(new, -1))
        self.vary.toggled.connect(lambda _: self.vary_changed.emit())

    def show_value(self, value: int) -> None:
        """Show a value that was set elsewhere; the slider keeps its range if the value is within it."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.field):
            if not self._values or not self._values[0] <= value <= self._values[-1]:
                self._values = ladder(value)
                self.slider.setRange(0, len(self._values) - 1)
                self.slider.setToolTip(f"{self._values[0]:,} to {self._values[-1]:,}")
            nearest = min(range(len(self._values)), key=lambda position: abs(self._values[position] - value))
            if not self.slider.isSliderDown():
                self.slider.setValue(nearest)
            self.field.setValue(value)

    def _start_gesture(self) -> None:
        VariableSlider._gestures += 1
        self._gesture = VariableSlider._gestures
