"""Who gets a key: no shortcut clashes with another, and a panel's keys work in that panel only."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from composer.core.graph import Design
from composer.gui.panels.runs import RunsPanel
from composer.gui.run_list import deletion as deletion_module
from composer.gui.session import clipboard
from composer.gui.window import Window
from tests.gui.tiny import tiny, write_run

Make = Callable[..., Window]
CTRL = Qt.KeyboardModifier.ControlModifier


def open_all_panels(window: Window) -> None:
    for name in window.docks.docks:
        assert window.show_panel(name) is not None


def test_no_key_has_two_owners(window: Make) -> None:
    shown = window(design=tiny())
    open_all_panels(shown)
    # A key of the canvas is active together with those of the window, so all of them must differ.
    keys = [key.toString() for action in shown.findChildren(QAction) for key in action.shortcuts()]
    assert len(keys) > 60
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert [item for item in shown.findChildren(QObject) if item.inherits("QShortcut")] == []


@pytest.fixture
def home_with_run(home: Path) -> Path:
    folder = home / "runs" / "tiny-20260101-101500"
    write_run(folder, tiny())
    return folder


@pytest.mark.parametrize("place", ["in front", "behind a tab", "closed"])
def test_delete_and_duplicate_on_the_canvas_act_on_the_canvas(
    window: Make, small: Design, home_with_run: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, place: str
) -> None:
    trashed: list[Path] = []
    monkeypatch.setattr(deletion_module, "trash", trashed.append)
    shown = window(design=small)
    panel = shown.show_panel("runs")
    assert isinstance(panel, RunsPanel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    panel.table.select([home_with_run])
    if place == "behind a tab":
        shown.show_panel("training")
    elif place == "closed":
        shown.docks.docks["runs"].close()
    document = shown.session.document
    shown.canvas.setFocus()
    document.select(("attn",))
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_D, CTRL)
    assert "attn_2" in document.graph.nodes
    document.select(("attn",))
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Delete)
    assert "attn" not in document.graph.nodes
    document.select(())
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        QTest.keyClick(QApplication.focusWidget(), key)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_D, CTRL)
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    assert not trashed
    qtbot.waitUntil(lambda: not panel.overlay.reading)


def test_delete_in_the_runs_panel_leaves_the_canvas_alone(
    window: Make, small: Design, home_with_run: Path, qtbot: QtBot
) -> None:
    shown = window(design=small)
    panel = shown.show_panel("runs")
    assert isinstance(panel, RunsPanel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    document = shown.session.document
    document.select(("attn",))
    panel.table.select([home_with_run])
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert "attn" in document.graph.nodes
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    box.reject()
    qtbot.waitUntil(lambda: not panel.overlay.reading)


def test_a_key_that_the_user_gave_to_a_command_does_not_disable_the_panel(
    window: Make, small: Design, home_with_run: Path, qtbot: QtBot
) -> None:
    shown = window(design=small)
    panel = shown.show_panel("runs")
    assert isinstance(panel, RunsPanel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    shown.session.keymap.set_keys("duplicate", ("Delete",))  # now active in the whole window
    document = shown.session.document
    document.select(("attn",))
    panel.table.select([home_with_run])
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert "attn_2" not in document.graph.nodes
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    box.reject()
    qtbot.waitUntil(lambda: not panel.overlay.reading)


def test_keys_that_fields_handle_belong_to_no_command_of_the_window(window: Make) -> None:
    shown = window(design=tiny())
    open_all_panels(shown)
    of_fields = set("Return Enter Esc Up Down Shift+Up Shift+Down Left Right Home End Space".split())
    on_canvas = Qt.ShortcutContext.WidgetWithChildrenShortcut
    actions = [action for action in shown.findChildren(QAction) if action.shortcutContext() != on_canvas]
    keys = {key.toString(): action.objectName() for action in actions for key in action.shortcuts()}
    assert {key: owner for key, owner in keys.items() if key in of_fields} == {}


def test_the_key_of_stop_works_from_the_first_moment_of_a_training(window: Make, qtbot: QtBot) -> None:
    shown = window(design=tiny())
    shown.canvas.setFocus()
    action = shown.bench.action("stop_training")
    assert not action.isEnabled()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, CTRL)
    assert len(shown.session.runs) == 1
    assert action.isEnabled()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: not shown.session.runs[0].active, timeout=10_000)
    assert shown.session.runs[0].state == "stopped"
    assert not action.isEnabled()


def test_the_clipboard_is_read_once_for_each_of_its_changes(
    window: Make, small: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = window(design=small)
    board = QApplication.clipboard()
    board.setText("prose")
    assert not shown.bench.action("paste").isEnabled()
    reads: list[str] = []
    monkeypatch.setattr(clipboard, "_text", lambda: reads.append("read") or "")
    for id in ("attn", "conv_stem", "image"):
        shown.session.document.select((id,))
    assert reads == []  # reading what another program holds takes time
    board.setText("nodes: {}")
    assert reads == ["read"]
    monkeypatch.undo()
    board.setText("nodes:\n  stem: {block: ConvStem}\n")
    assert shown.bench.action("paste").isEnabled()
