"""From a folder of images to a training: dropped on the window or an empty canvas, with a template after it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from composer.core.files.templates import template
from composer.core.graph import Design, ExtensionRef
from composer.gui.window import Window
from tests.gui.tiny import tiny

Make = Callable[..., Window]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a sub-folder for each of three classes."""
    for name in ("bird", "cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
    return tmp_path / "photos"


def drop(window: Window, path: Path) -> None:
    """Drop a path on the canvas of a window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *rest)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.bench.drop_hint.text == f"Train on “{path.name}”"
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *rest))


def test_a_folder_dropped_on_the_window_is_learned_from_and_shown(window: Make, photos: Path, qtbot: QtBot) -> None:
    shown = window(design=tiny())
    drop(shown, photos)
    data = ExtensionRef("images", {"folder": str(photos)})
    qtbot.waitUntil(lambda: shown.session.document.design.training.data == data)
    assert shown.bench.drop_hint.isHidden()
    qtbot.waitUntil(lambda: shown.docks.in_front("data"))
    qtbot.waitUntil(lambda: shown.session.data.facts is not None, timeout=20_000)
    shown.session.document.undo()
    assert shown.session.document.design == tiny()


def test_an_empty_canvas_offers_it_and_a_template_opened_afterwards_keeps_the_data(
    window: Make, photos: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    shown = window()
    assert shown.canvas.empty.data.isVisible()
    shown.canvas.empty.data.click()
    assert str(photos) in shown.canvas.empty.data.text()
    qtbot.waitUntil(lambda: shown.docks.in_front("data"))
    shown.run_command("open_template", template("hybrid_digits"))  # asks nothing: there is no work to lose
    design = shown.session.document.design
    assert design.main.nodes
    assert design.training.data == ExtensionRef("images", {"folder": str(photos)})
    shown.session.document.undo()
    assert shown.session.document.design.training.data == ExtensionRef("digits")


def test_a_template_opened_over_a_drawn_design_brings_its_own_data(window: Make, photos: Path) -> None:
    shown = window(design=tiny())
    shown.session.use_data(photos)
    shown.session.document.undo_stack.setClean()
    shown.run_command("open_template", template("hybrid_digits"))
    assert shown.session.document.design.training.data == Design().training.data


def test_what_is_neither_a_design_nor_data_is_not_accepted(window: Make, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    shown = window()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "notes.txt"))])
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *rest)
    enter.setAccepted(False)
    QApplication.sendEvent(shown, enter)
    assert not enter.isAccepted()
