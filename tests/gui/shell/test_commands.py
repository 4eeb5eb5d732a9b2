"""Commands are found by their files, and everything that lists commands reads the same rows."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolBar
from pytestqt.qtbot import QtBot

from composer.core.graph import Design, Wire
from composer.gui import panels
from composer.gui.dialogs.shortcut_sheet import ShortcutSheet
from composer.gui.shell import commands
from composer.gui.window import Window
from tests.gui.menus import context_menu, entry_text

Make = Callable[..., Window]

COUNT_NODES = """
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def count_nodes(context: Context) -> None:
    context.session.message.emit(f"{len(context.document.graph.nodes)} nodes", "info")


COMMANDS = (
    Command(
        "count_nodes",
        "Count nodes",
        count_nodes,
        "Graph",
        91,
        ("Ctrl+Alt+N",),
        toolbar=True,
        context_menus={"canvas": 91},
    ),
)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files count as files of the commands folder."""
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    return tmp_path


def test_a_new_file_is_in_menu_toolbar_context_menu_palette_and_sheet(
    window: Make, small: Design, folder: Path, qtbot: QtBot
) -> None:
    (folder / "count_for_test.py").write_text(COUNT_NODES)
    shown = window(design=small)
    action = shown.bench.action("count_nodes")
    menu = next(head.menu() for head in shown.menuBar().actions() if head.text() == "&Graph")
    assert menu.actions()[-1] is action and menu.actions()[-2].isSeparator()
    assert action.shortcut().toString() == "Ctrl+Alt+N"
    assert action in shown.findChild(QToolBar, "toolbar").actions()
    assert action in shown.bench.searchable_actions()
    sheet = ShortcutSheet(shown.session.keymap, shown)
    assert any(child.text() == "Count nodes" for child in sheet.findChildren(QLabel))
    texts: list[str] = []
    shown.session.message.connect(lambda text, _level: texts.append(text))
    entries = context_menu(shown, QPointF(-4000, -4000)).actions()
    next(entry for entry in entries if entry_text(entry) == "Count nodes").trigger()
    assert texts == ["2 nodes"]


def test_a_broken_file_is_named_and_the_rest_works(window: Make, folder: Path) -> None:
    (folder / "broken_for_test.py").write_text("COMMANDS = (missing,)\n")
    rows, broken = commands.load_commands()
    assert broken == {"broken_for_test": "NameError: name 'missing' is not defined"}
    assert any(row.id == "undo" for row in rows)
    shown = window()
    assert "broken_for_test.py could not be loaded" in shown.bench.toast.text


def test_a_broken_panel_is_named_and_the_others_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "panel_for_test.py").write_text("import no_such_module\n")
    monkeypatch.setattr(panels, "__path__", [*panels.__path__, str(tmp_path)])
    classes, broken = panels.load_panels()
    assert "no_such_module" in broken["panel_for_test"]
    assert {"Palette", "Training"} <= {cls.title for cls in classes}


def test_ids_and_orders_are_unique() -> None:
    rows, _ = commands.load_commands()
    assert len({row.id for row in rows}) == len(rows)
    places = [(row.menu, row.order) for row in rows if row.menu]
    assert len(set(places)) == len(places)
    for kind in ("node", "wire", "frame", "canvas"):
        orders = [row.context_menus[kind] for row in rows if kind in row.context_menus]
        assert orders and len(set(orders)) == len(orders)


def test_context_menus_list_what_can_be_done(window: Make, small: Design) -> None:
    shown = window(design=small)
    document = shown.session.document

    def texts(position: QPointF) -> list[str]:
        return [entry_text(a) for a in context_menu(shown, position).actions() if a.text()]

    node = shown.canvas.scene.nodes["attn"].pos()
    assert "Replace block…" in texts(node) and "Enter sub-graph" not in texts(node)
    assert document.selection == ("attn",)
    wire = shown.canvas.scene.wires[Wire("conv_stem", "attn")]
    assert texts(wire.path.pointAtPercent(0.5)) == ["Add block…", "Delete"]
    assert document.wire_selection == (wire.wire,)
    document.select(("attn",))
    shown.run_command("frame_selection")
    (frame,) = document.graph.frames
    corner = QPointF(frame.rect[0] + 8, frame.rect[1] + 8)
    assert texts(corner) == ["Select members", "Rename frame…", "Remove frame"]
    next(a for a in context_menu(shown, corner).actions() if entry_text(a) == "Remove frame").trigger()
    assert not document.graph.frames


def test_context_menus_show_the_keys(window: Make, small: Design) -> None:
    shown = window(design=small)
    entries = [action.text() for action in context_menu(shown, shown.canvas.scene.nodes["attn"].pos()).actions()]
    assert "Duplicate\tCtrl+D" in entries
    assert "Remove wires" in entries  # has no key


def test_alt_and_the_first_letter_open_a_menu(window: Callable[..., Window], qtbot: QtBot) -> None:
    shown = window()
    heads = shown.menuBar().actions()
    letters = [head.text()[1] for head in heads]
    assert [head.text()[0] for head in heads] == ["&"] * len(commands.MENUS)
    assert len(set(letters)) == len(letters)
    shown.activateWindow()
    QTest.keyClick(shown, Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    menu = heads[1].menu()
    qtbot.waitUntil(menu.isVisible)
    menu.close()
