"""The question that is asked before code of a folder of custom blocks runs."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

WHY = (
    "A block is a Python program. Once you trust the folder, its code runs on this computer with your rights, in every "
    "design that uses it and whenever its file changes. Trust it only if you wrote the files or know who did."
)


def ask_trust(parent: QWidget, folder: Path, on_answer: Callable[[bool], object]) -> QMessageBox:
    """Ask whether the code of a folder may run.

    Args:
        parent: the window or dialog in front of which the question opens.
        folder: the folder.
        on_answer: called with the answer; closing the question means no.
    """
    box = QMessageBox(parent)
    box.setWindowTitle("Trust custom blocks")
    box.setText(f"Trust the blocks in {folder}?")
    box.setInformativeText(WHY)
    trust = box.addButton("Trust this folder", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Not now", QMessageBox.ButtonRole.RejectRole))
    box.finished.connect(lambda _: on_answer(box.clickedButton() is trust))
    box.finished.connect(box.deleteLater)
    box.open()
    return box
