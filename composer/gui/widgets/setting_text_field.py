"""A field for a setting that is written as a text: a list, numbers by name, a path."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, Qt

from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.setting_text import read_text, write_text
from composer.gui.widgets.labels import set_state
from composer.gui.widgets.line_edit import LineEdit


class SettingTextField(LineEdit):
    """Turns red while its text is not a value of the setting, with the reason as tooltip.

    Args:
        spec: the setting.

    Signals:
        edited: the new plain value.
    """

    edited = Signal(object)

    def __init__(self, spec: ParamSpec) -> None:
        super().__init__()
        self._spec = spec
        self._shown = ""
        self.textEdited.connect(lambda _: self._show_validity())
        self.editingFinished.connect(self._commit)

    def set_value(self, value: object) -> None:
        """Show a value, unless the user is typing another one."""
        self._shown = write_text(value)
        if not (self.hasFocus() and self.isModified()):
            self._show()

    def reason(self) -> str:
        """Return why the text is not a value, or an empty string if it is."""
        try:
            read_text(self._spec, self.text())
        except UserError as error:
            return str(error)
        return ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore the last value with Escape."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self._show()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Restore the last value if the text is invalid."""
        super().focusOutEvent(event)
        if self.reason():
            self._show()

    def _commit(self) -> None:
        if not self.isModified() or self.reason():
            return
        self.setModified(False)
        if self.text() != self._shown:
            self.edited.emit(read_text(self._spec, self.text()))

    def _show(self) -> None:
        self.setText(self._shown)
        self.setModified(False)
        self._show_validity()

    def _show_validity(self) -> None:
        reason = self.reason()
        set_state(self, "invalid", bool(reason))
        self.setToolTip(reason or str(self.property("help") or ""))
