"""A field for a file or folder: a text with a button that browses."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from composer.gui.widgets.labels import row, tool_button
from composer.gui.widgets.line_edit import LineEdit


class PathField(QWidget):
    """Shows a path; the button lets the user choose a folder, or a file.

    Args:
        optional: whether it may be empty.
        placeholder: text of the empty field.

    Attributes:
        text: the text field.
        folder: where browsing starts; the home folder by default.

    Signals:
        edited: the new path; empty for none.
    """

    edited = Signal(str)

    def __init__(self, *, optional: bool = False, placeholder: str = "Folder or file") -> None:
        super().__init__()
        self._optional = optional
        self._shown = ""
        self.folder = Path.home()
        self.text = LineEdit(placeholderText=placeholder)
        self.text.editingFinished.connect(self._commit)
        self._menu = QMenu(self)
        self._menu.addAction("Choose a folder…", self.browse_folder)
        self._menu.addAction("Choose a file…", self.browse_file)
        self.browse = tool_button("open", "Browse", self.open_menu)
        self.setLayout(row(self.text, self.browse, spacing=2))
        self.setFocusProxy(self.text)

    def set_value(self, value: str) -> None:
        """Show a path, unless the user is typing another one."""
        self._shown = value
        if not (self.text.hasFocus() and self.text.isModified()):
            self.text.setText(value)
            self.text.setToolTip(value)
            self.text.setCursorPosition(len(value))  # the end of a long path tells more than its start

    def browse_folder(self) -> None:
        """Let the user choose a folder."""
        self._take(QFileDialog.getExistingDirectory(self, "Choose a folder", str(self._start())))

    def browse_file(self) -> None:
        """Let the user choose a file."""
        self._take(QFileDialog.getOpenFileName(self, "Choose a file", str(self._start()))[0])

    def _start(self) -> Path:
        """Return the folder of the path that is shown, as far as it exists."""
        path = self.folder / Path(self._shown).expanduser() if self._shown else self.folder
        return path if path.is_dir() else path.parent

    def open_menu(self) -> None:
        """Let the user choose whether to browse for a folder or for a file."""
        self._menu.popup(self.browse.mapToGlobal(self.browse.rect().bottomLeft()))

    def _commit(self) -> None:
        if self.text.isModified():
            self.text.setModified(False)
            path = self.text.text().strip()
            if not path and self._optional and self._shown:
                self.edited.emit("")
            else:
                self._take(path)

    def _take(self, path: str) -> None:
        if path and path != self._shown:
            self.edited.emit(path)
        else:
            self.text.setText(self._shown)
