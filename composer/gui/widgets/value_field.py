"""A text field for values: arithmetic, expressions with their result beside them, steps by keys and wheel, Escape gives up."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QLineEdit

from composer.gui.look import theme

SCRUB_PIXELS = 6  # of mouse movement for one step
BIG_STEP = 10


class ValueField(QLineEdit):
    """A field that is committed by Return or by leaving it.

    Args:
        step: makes another text by a number of steps, or None where the text has no steps.
    """

    committed = Signal(str)
    # Text after a step, and a number that is the same for all steps of one gesture.
    stepped = Signal(str, int)

    def __init__(self, text: str = "", step: Callable[[str, int], str | None] | None = None) -> None:
        super().__init__(text)
        self._known = text
        self._step = step
        self._hint = ""
        self._gesture = 0
        self.editingFinished.connect(self._commit)

    def show_text(self, text: str, hint: str = "") -> None:
        """Show a value; what is being typed is left alone.

        Args:
            text: the value.
            hint: shown at the right: what an expression gives.
        """
        if not (self.hasFocus() and self.isModified() and text == self._known):
            self._known = text
            if self.text() != text:
                self.setText(text)
                self.setCursorPosition(0)  # of a long text the beginning is what tells
            self.set_invalid("")
        self._hint = hint
        self.update()

    def set_invalid(self, reason: str) -> None:
        """Mark the text as wrong, with the reason as tooltip; an empty reason takes the mark away."""
        if bool(reason) != bool(self.property("invalid")):
            self.setProperty("invalid", bool(reason))
            self.style().unpolish(self)
            self.style().polish(self)

    def set_quiet(self, quiet: bool) -> None:
        """Show a value that is not the user's: greyed and read-only."""
        self.setReadOnly(quiet)
        if quiet != bool(self.property("inferred")):
            self.setProperty("inferred", quiet)
            self.style().unpolish(self)
            self.style().polish(self)

    def begin_gesture(self) -> None:
        """Let the following steps be a gesture of their own."""
        self._gesture += 1

    def step(self, steps: int) -> None:
        """Go some steps up or down, if the text has steps."""
        text = self._step(self.text(), steps) if self._step is not None and not self.isReadOnly() else None
        if text is not None and text != self.text():
            self._known = text
            self.setText(text)
            self.stepped.emit(text, self._gesture)

    def _commit(self) -> None:
        if self.text() != self._known:
            self._known = self.text()
            self.committed.emit(self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select all when it is reached by the keyboard."""
        super().focusInEvent(event)
        self.begin_gesture()
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step; Escape puts the value back."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._step is not None:
            size = BIG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.step(size if event.key() == Qt.Key.Key_Up else -size)
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._known:
            self.setText(self._known)
            self.set_invalid("")
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step while it has the focus; else the panel scrolls."""
        if self.hasFocus() and self._step is not None and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, and the hint where there is room."""
        super().paintEvent(event)
        if self._hint and not self.hasFocus():
            painter = QPainter(self)
            font = theme.font(theme.SMALL)
            painter.setFont(font)
            painter.setPen(QColor(theme.tokens().muted))
            width = QFontMetrics(font).horizontalAdvance(self._hint)
            room = QRect(self.width() - width - 8, 0, width, self.height())
            if QFontMetrics(self.font()).horizontalAdvance(self.text()) + width + 28 < self.width():
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._hint)


class ScrubLabel(QLabel):
    """The label of a field: dragging it sideways steps the field's number, a click puts the cursor into the field."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._field: ValueField | None = None
        self._from: float | None = None

    def set_field(self, field: ValueField, *, steps: bool) -> None:
        """Name the field; without steps it only takes the focus."""
        self._field = field
        self.setBuddy(field)
        if steps:
            self.setCursor(Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        self._from = event.position().x()
        if self._field is not None:
            self._field.begin_gesture()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Step by the distance."""
        if self._field is not None and self._from is not None:
            steps = int((event.position().x() - self._from) / SCRUB_PIXELS)
            if steps:
                self._from += steps * SCRUB_PIXELS
                self._field.step(steps)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or take a click."""
        if self._field is not None and self._from == event.position().x():
            self._field.setFocus(Qt.FocusReason.MouseFocusReason)
        self._from = None
