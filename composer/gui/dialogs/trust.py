"""The question that is asked before code of a folder of custom blocks, or a dataset of the user's, runs."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

BLOCKS = (
    "A block is a Python program. Once you trust the folder, its code runs on this computer with your rights, in every "
    "design that uses it and whenever its file changes. Trust it only if you wrote the files or know who did."
)
DATASET = (
    "The file is a Python program that supplies the samples. Once you trust it, its code runs on this computer with "
    "your rights, in every design that learns from it and whenever the file changes. Trust it only if you wrote it or "
    "know who did."
)


def ask_trust(parent: QWidget, path: Path, on_answer: Callable[[bool], object]) -> QMessageBox:
    """Ask whether the code of a folder of custom blocks, or of a file with a dataset, may run.

    Args:
        parent: the window or dialog in front of which the question opens.
        path: the folder or file.
        on_answer: called with the answer; closing the question means no.
    """
    is_file = path.suffix == ".py"
    box = QMessageBox(parent)
    box.setWindowTitle("Trust a dataset" if is_file else "Trust custom blocks")
    box.setText(f"Trust the dataset in {path}?" if is_file else f"Trust the blocks in {path}?")
    box.setInformativeText(DATASET if is_file else BLOCKS)
    trust = box.addButton("Trust this file" if is_file else "Trust this folder", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Not now", QMessageBox.ButtonRole.RejectRole))
    box.finished.connect(lambda _: on_answer(box.clickedButton() is trust))
    box.finished.connect(box.deleteLater)
    box.open()
    return box
