"""A text field for parameter values.

It accepts arithmetic and expressions, shows the result of an expression at its right end, steps numbers with the arrow
keys and the wheel, and restores the value with Escape.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QLabel

from composer.gui.look import theme
from composer.gui.widgets.labels import set_state
from composer.gui.widgets.line_edit import LineEdit

SCRUB_PIXELS = 6  # mouse movement for one step
BIG_STEP = 10


class ValueField(LineEdit):
    """A line edit whose text is committed by Return or by leaving the field.

    Args:
        text: the first value.
        step: returns the text a number of steps further, or None if the text cannot be stepped.

    Signals:
        committed: the text, after the user has changed it.
        stepped: the text after a step, and a number shared by all steps of one gesture, so that they can be one edit.
        validity_changed: why the text is invalid; empty once it is valid again.
    """

    committed = Signal(str)
    stepped = Signal(str, int)
    validity_changed = Signal(str)

    def __init__(self, text: str = "", step: Callable[[str, int], str | None] | None = None) -> None:
        super().__init__(text)
        self._shown_text = text  # the value, which Escape restores
        self._committed_text = text  # the last text that was committed, which may have been refused
        self._step = step
        self._hint = ""
        self._gesture = 0
        self.editingFinished.connect(self._commit)

    def show_text(self, text: str, hint: str = "") -> None:
        """Show a value, unless the user is typing another one.

        Args:
            text: the value.
            hint: text at the right end: the result of an expression.
        """
        if not (self.hasFocus() and self.isModified() and text == self._shown_text):
            self._shown_text = self._committed_text = text
            if self.text() != text:
                self.setText(text)
                self.setCursorPosition(0)  # show the start of a long text
            self.set_invalid("")
        self._hint = hint
        self.update()

    def set_invalid(self, reason: str) -> None:
        """Mark the text as invalid; an empty reason removes the mark."""
        set_state(self, "invalid", bool(reason))
        self.validity_changed.emit(reason)

    def show_reason_in(self, problem: QLabel) -> None:
        """Show the reason for an invalid text in a label, which is hidden while the text is valid."""

        def update(reason: str) -> None:
            problem.setText(reason)
            problem.setVisible(bool(reason))

        problem.hide()
        self.validity_changed.connect(update)

    def set_inferred(self, inferred: bool) -> None:
        """Choose whether the value comes from the wires: it is then grey and read-only."""
        self.setReadOnly(inferred)
        set_state(self, "inferred", inferred)

    def begin_gesture(self) -> None:
        """Start a new gesture: the steps that follow belong together."""
        self._gesture += 1

    def step(self, steps: int) -> None:
        """Step the value up or down, if it is a number and not read-only."""
        text = self._step(self.text(), steps) if self._step is not None and not self.isReadOnly() else None
        if text is not None and text != self.text():
            self._shown_text = self._committed_text = text
            self.setText(text)
            self.stepped.emit(text, self._gesture)

    def _commit(self) -> None:
        if self.property("invalid") and self.text() == self._shown_text:  # a refused text was taken back
            self._committed_text = self._shown_text
            self.set_invalid("")
        elif self.text() != self._committed_text:
            self._committed_text = self.text()
            self.committed.emit(self.text())
        if not self.property("invalid"):
            # An accepted text may be replaced by the value in its usual form. It is a step of the design's history now:
            # the field's own history would bring back text that the design does not have.
            self.forget_typing()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Select the whole text when the field is reached by keyboard."""
        super().focusInEvent(event)
        self.begin_gesture()
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Up and Down; restore the value with Escape."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._step is not None:
            size = BIG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.step(size if event.key() == Qt.Key.Key_Up else -size)
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._shown_text:
            self._committed_text = self._shown_text
            self.setText(self._shown_text)
            self.set_invalid("")
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step while the field has the focus; otherwise let the panel scroll."""
        if self.hasFocus() and self._step is not None and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, and the hint if there is space for it."""
        super().paintEvent(event)
        if self._hint and not self.hasFocus():
            painter = QPainter(self)
            font = theme.font(theme.SMALL)
            painter.setFont(font)
            painter.setPen(QColor(theme.tokens().muted))
            width = QFontMetrics(font).horizontalAdvance(self._hint)
            area = QRect(self.width() - width - 8, 0, width, self.height())
            if QFontMetrics(self.font()).horizontalAdvance(self.text()) + width + 28 < self.width():
                painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._hint)


class ScrubLabel(QLabel):
    """The label of a field: dragging it sideways steps the number in the field, a click focuses the field."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._field: ValueField | None = None
        self._drag_x: float | None = None

    def set_field(self, field: ValueField, *, steps: bool) -> None:
        """Set the field that the label belongs to.

        Args:
            field: the field.
            steps: whether the cursor shows that dragging steps the value.
        """
        self._field = field
        self.setBuddy(field)
        if steps:
            self.setCursor(Qt.CursorShape.SizeHorCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag."""
        self._drag_x = event.position().x()
        if self._field is not None:
            self._field.begin_gesture()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Step the value by the distance dragged."""
        if self._field is not None and self._drag_x is not None:
            steps = int((event.position().x() - self._drag_x) / SCRUB_PIXELS)
            if steps:
                self._drag_x += steps * SCRUB_PIXELS
                self._field.step(steps)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag; a press and release in the same position is a click."""
        if self._field is not None and self._drag_x == event.position().x():
            self._field.setFocus(Qt.FocusReason.MouseFocusReason)
        self._drag_x = None
