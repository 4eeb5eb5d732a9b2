"""Saving, and the questions about work that would be lost."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QMessageBox, QWidget

from composer.core import names
from composer.core.files.run_folder import RunInfo
from composer.core.graph import Design
from composer.gui.runs.run_library import short_name
from composer.gui.runs.run_process import ENDED
from composer.gui.session.session import Session
from composer.gui.widgets.save_dialog import ask_save_file

DESIGN_FILES = "Designs (*.yaml *.yml)"


def save(parent: QWidget, session: Session) -> bool:
    """Save the design; the first time, ask for a file, and ask before a version on disk is replaced that is not known.

    Returns:
        Whether it was saved.
    """
    if session.path is None:
        return save_as(parent, session)
    problem = session.disk.problem()
    if not problem:
        return session.save()
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Save")
    box.setText(f"“{session.path.name}” {problem}.")
    box.setInformativeText("Replacing it discards what another program or window has saved there.")
    discard = box.addButton("Replace it", QMessageBox.ButtonRole.DestructiveRole)
    other_name = box.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(other_name)  # Enter must not replace the work of somebody else
    box.exec()
    box.deleteLater()
    if box.clickedButton() is discard:
        return session.save(replace_foreign=True)
    return box.clickedButton() is other_name and save_as(parent, session)


def save_as(parent: QWidget, session: Session) -> bool:
    """Ask for a file and save the design to it.

    Returns:
        Whether it was saved.
    """
    suggestion = str(session.path or default_file(session, ".yaml"))
    path = ask_save_file(parent, "Save design", suggestion, DESIGN_FILES, ".yaml")
    return path is not None and session.save_as(path)


def may_replace_design(parent: QWidget, session: Session) -> bool:
    """Whether the design may be left: there are no unsaved changes, or the user saves or discards them.

    Training settings of a design without a file in which nothing is drawn are not worth a question.
    """
    design, blank = session.document.design, Design()
    if not session.document.dirty or (session.path is None and replace(design, training=blank.training) == blank):
        return True
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Unsaved changes")
    name = session.path.name if session.path is not None else session.document.design.name
    box.setText(f"Save the changes to “{name}”?")
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
    box.setDefaultButton(buttons.Save)
    answer = box.exec()
    box.deleteLater()
    return answer == buttons.Discard or (answer == buttons.Save and save(parent, session))


def may_close(parent: QWidget, session: Session) -> bool:
    """Whether the window may close: the user agrees to stop a running training, and the design may be left."""
    run = next((run for run in session.runs if run.active and run.state not in ENDED), None)
    if run is not None and not _confirm_stop(parent, run.folder):
        return False
    return may_replace_design(parent, session)


def _confirm_stop(parent: QWidget, folder: Path) -> bool:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Training")
    box.setText(f"The training of “{short_name(RunInfo(folder))}” is not finished.")
    box.setInformativeText("Closing the window saves its state and stops it; Resume continues it later.")
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
    stop.setAutoDefault(False)  # Enter must not stop a training that took hours
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    box.deleteLater()
    return box.clickedButton() is stop


def default_folder(session: Session) -> Path:
    """Return the folder in which file dialogs open."""
    return session.path.parent if session.path is not None else Path.home()


def default_file(session: Session, suffix: str) -> Path:
    """Return the file that save dialogs suggest."""
    stem = session.path.stem if session.path is not None else names.snake(session.document.design.name)
    return default_folder(session) / f"{stem}{suffix}"
