"""Questions in front of a window that do not block the event loop."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QMessageBox, QWidget


def ask(
    parent: QWidget, title: str, text: str, informative: str, answers: Mapping[str, Callable[[], object]]
) -> QMessageBox:
    """Ask a question; Return and Escape choose Cancel, so that neither key does what cannot be undone.

    Args:
        parent: the window or panel in front of which it opens.
        title: title of the question.
        text: the question.
        informative: what an answer brings about.
        answers: the buttons beside Cancel, each with what it does.

    Returns:
        The open box.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(informative)
    for label, action in answers.items():
        button = box.addButton(label, QMessageBox.ButtonRole.AcceptRole)
        button.setAutoDefault(False)
        button.clicked.connect(partial(_run, action))
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    box.finished.connect(box.deleteLater)
    box.open()
    return box


def _run(action: Callable[[], object], _checked: bool = False) -> None:
    action()
