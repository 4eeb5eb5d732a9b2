"""A dialog that asks for the file to write, and asks again where adding the suffix changed which file that is."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_save_file(parent: QWidget, title: str, suggestion: str, file_filter: str, suffix: str) -> Path | None:
    """Ask for a file to write.

    Args:
        parent: the window.
        title: title of the dialog.
        suggestion: the path that it starts with.
        file_filter: Qt's list of file types.
        suffix: added to a name that has none; if that names an existing file, the user is asked about it, because the
            file dialog asked about another name.

    Returns:
        The file, which the user agreed to replace if it exists; None if there was no agreement.
    """
    name = QFileDialog.getSaveFileName(parent, title, suggestion, file_filter)[0]
    if not name:
        return None
    path = Path(name)
    if path.suffix:
        return path
    path = path.with_name(path.name + suffix)
    return path if not path.exists() or confirm_replace(parent, path) else None


def confirm_replace(parent: QWidget, path: Path, problem: str = "exists already") -> bool:
    """Ask whether a file may be replaced; the safe answer is the default.

    Args:
        parent: the window.
        path: the file.
        problem: why it must be asked, as of `replacing.replace_problem`.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Replace file")
    box.setText(f"“{path.name}” {problem}.")
    box.setInformativeText("Replacing it removes what it holds now.")
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    replace.setAutoDefault(False)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    box.deleteLater()
    return box.clickedButton() is replace
