"""A field for one number, typed in any usual form (``3e-3``) or stepped with the arrow keys."""

import math
import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent

from composer.core.number_text import parse_number
from composer.gui.widgets.labels import set_state
from composer.gui.widgets.line_edit import LineEdit

_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}(,[0-9]{3})+")


def _parse(text: str) -> float | None:
    """Return the number of a text, in which a comma is a decimal point, too.

    Raises:
        ValueError: if it is too large or too small.
    """
    return parse_number(text.replace(",", "."))


class NumberField(LineEdit):
    """Holds an int or a float within limits; turns red while its text is not valid, with the reason as tooltip.

    Args:
        low: smallest value.
        high: largest value.
        integer: whether only integers are valid.
        step: added or subtracted by an arrow key; 0 for doubling and halving.
        zero: a word for the value 0, such as ``off``, which may be typed, too; empty for none.

    Signals:
        edited: the new value, and whether it came from an arrow key, so that successive steps can be one edit.
    """

    edited = Signal(object, bool)

    def __init__(self, low: float, high: float, *, integer: bool = False, step: float = 0.0, zero: str = "") -> None:
        super().__init__()
        self._zero = zero
        self._low, self._high, self._integer, self._step = low, high, integer, step
        self._value: float = low
        self.textEdited.connect(lambda _: self._show_validity())
        self.editingFinished.connect(self._commit)

    @property
    def value(self) -> float:
        """The last valid number."""
        return self._value

    def set_value(self, value: float) -> None:
        """Set the value and show it, unless the user is typing another one."""
        self._value = value
        if not (self.hasFocus() and self.isModified()):
            self._show()

    def reason(self) -> str:
        """Return why the text is not a valid value, or an empty string if it is."""
        text = self.text().strip()
        if self._is_zero(text):
            return ""
        if _THOUSANDS.fullmatch(text):
            return f"{text} may mean {text.replace(',', '')} or {text.replace(',', '.', 1)}; write it without a comma"
        try:
            number = _parse(text)
        except ValueError as error:
            return str(error)
        if number is None:
            return f"“{self.text()}” is not a number"
        if self._integer and number != int(number if math.isfinite(number) else 0):
            return f"{text} is not an integer"
        if not self._low <= number <= self._high:
            top = f" and at most {self._high:g}" if math.isfinite(self._high) else ""
            return f"{text} is out of range: at least {self._low:g}{top}"
        return ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys; restore the last value with Escape."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step_by(1 if key == Qt.Key.Key_Up else -1)
        elif key == Qt.Key.Key_Escape and self.isModified():
            self._show()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Restore the last value if the text is invalid."""
        super().focusOutEvent(event)
        if self.reason():
            self._show()

    def _step_by(self, direction: int) -> None:
        value = self._value + direction * self._step if self._step else self._value * 2.0**direction
        value = min(max(value, self._low), self._high)
        value = round(value) if self._integer else float(f"{value:.6g}")
        if value != self._value:
            self._value = value
            self._show()
            self.edited.emit(value, True)

    def _commit(self) -> None:
        if not self.isModified() or self.reason():
            return
        number = 0.0 if self._is_zero(self.text()) else _parse(self.text())
        assert number is not None  # there is no reason against it
        value = int(number) if self._integer else float(number)
        changed = value != self._value
        self._value = value
        self._show()
        if changed:
            self.edited.emit(value, False)

    def _is_zero(self, text: str) -> bool:
        return bool(self._zero) and text.strip().lower() == self._zero

    def _show(self) -> None:
        if self._zero and self._value == 0:
            self.setText(self._zero)
        else:
            self.setText(f"{self._value:g}" if not self._integer else str(int(self._value)))
        self.setModified(False)
        self._show_validity()

    def _show_validity(self) -> None:
        reason = self.reason()
        set_state(self, "invalid", bool(reason))
        self.setToolTip(reason or str(self.property("help") or ""))
