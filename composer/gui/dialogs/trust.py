"""The question that stands before any code of a folder of blocks runs."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

WHY = (
    "A block is a Python program: from then on it runs on this computer with your rights, in any design that uses it and whenever "
    "its file changes. Say yes if you wrote these files or know who did."
)


def ask_trust(parent: QWidget, folder: Path, answered: Callable[[bool], object]) -> QMessageBox:
    """Ask whether the code of a folder may run.

    Args:
        parent: the window or dialog that asks.
        folder: the folder.
        answered: gets the answer; closing the question is a no.
    """
    box = QMessageBox(parent)
    box.setWindowTitle("Trust blocks")
    box.setText(f"Trust the blocks in {folder}?")
    box.setInformativeText(WHY)
    trust = box.addButton("Trust this folder", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Not now", QMessageBox.ButtonRole.RejectRole))
    box.finished.connect(lambda _: answered(box.clickedButton() is trust))
    box.finished.connect(box.deleteLater)
    box.open()
    return box
