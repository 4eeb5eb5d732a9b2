"""The window as a user meets it: keys, menus, drags, questions, and what is remembered."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.files.design_file import load, save
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.gui import settings
from composer.gui.dialogs.shortcut_sheet import ShortcutSheet
from composer.gui.look import theme
from composer.gui.runs.run_process import RunHandle
from composer.gui.shell.commands import MENUS
from composer.gui.widgets.chooser import Chooser
from composer.gui.window import Window

Make = Callable[..., Window]
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def answer(button: QMessageBox.StandardButton | str) -> None:
    """Click a button of the question that is about to be asked."""

    def click() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        target = next(b for b in box.buttons() if b.text() == button) if isinstance(button, str) else box.button(button)
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)

    QTimer.singleShot(50, click)


def test_torch_and_pyqtgraph_are_not_in_the_process(window: Make) -> None:
    import subprocess

    code = (
        "import sys\nfrom composer.gui.app import application, make_window\n"
        "app = application(); w = make_window(); w.show(); w.bench.on_first_shown(); app.processEvents()\n"
        "document = w.session.document; document.add_block('ConvStem', (0, 0))\n"
        "document.undo(); app.processEvents(); w.close()\n"
        "print([name for name in ('torch', 'pyqtgraph', 'numpy', 'composer.engine', 'blocks') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_the_frame_is_painted_before_the_workbench_is_made(qtbot: QtBot) -> None:
    shown = Window(None, (sys.executable, "-c", "import sys; sys.stdin.read()"))
    assert not shown.complete
    shown.show()
    qtbot.waitUntil(lambda: shown.complete and shown.bench.shown)
    shown.close()
    shown.deleteLater()


def test_the_breadcrumb_says_all_names_in_full(window: Make) -> None:
    shown = window(template("coatnet_0"))
    crumb = shown.canvas.breadcrumb
    shown.session.document.enter("classify")
    QApplication.processEvents()
    parts = [part for part in crumb.findChildren(QWidget) if not part.isHidden()]
    assert len(parts) == 4
    assert all(part.width() >= part.sizeHint().width() for part in parts)


def test_every_menu_has_commands_and_no_shortcut_is_given_twice(window: Make) -> None:
    shown = window()
    keys: dict[str, str] = {}
    for action in shown.bench.searchable_actions():
        for key in action.shortcuts():
            text = key.toString(QKeySequence.SequenceFormat.PortableText)
            assert text not in keys, f"{text}: {keys[text]} and {action.text()}"
            keys[text] = action.text()
    commands = shown.bench.actions.commands.values()
    assert {command.menu for command in commands if command.menu} == set(MENUS)
    assert all(command.icon == "" or not theme.icon(command.icon).isNull() for command in commands)


def test_a_block_is_dragged_from_the_palette_onto_the_canvas(window: Make) -> None:
    shown = window()
    palette = shown.docks.panel("palette")
    QTest.keyClicks(palette.search_field, "convst")
    item = palette.tree.topLevelItem(0)
    assert item.text(0) == "ConvStem"
    data = palette.tree.mimeData([item])
    viewport = shown.canvas.view.viewport()
    at = viewport.rect().center()
    buttons = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE)
    for event in (QDragEnterEvent(at, *buttons), QDragMoveEvent(at, *buttons), QDropEvent(QPointF(at), *buttons)):
        QApplication.sendEvent(viewport, event)
    assert shown.session.document.selection == ("conv_stem",)
    place = shown.canvas.view.mapFromScene(QPointF(*shown.session.document.graph.nodes["conv_stem"].position))
    assert (place - at).manhattanLength() < 40


def test_return_in_the_search_adds_the_first_match(window: Make) -> None:
    shown = window()
    palette = shown.docks.panel("palette")
    QTest.keyClicks(palette.search_field, "mbconv")
    QTest.keyClick(palette.search_field, Qt.Key.Key_Return)
    assert shown.session.document.graph.nodes[shown.session.document.selection[0]].block == "MBConv"
    QTest.keyClicks(palette.search_field, "zzz")
    assert palette.nothing.isVisible()


def test_a_double_click_in_the_palette_adds_at_the_centre(window: Make, qtbot: QtBot) -> None:
    shown = window()
    palette = shown.docks.panel("palette")
    tree = palette.tree
    item = next(tree.topLevelItem(0).child(i) for i in range(2) if tree.topLevelItem(0).child(i).text(0) == "Output")
    place = tree.visualItemRect(item).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert list(shown.session.document.graph.outputs) == ["output"]


def test_keys_undo_redo_delete_duplicate_select_all(window: Make, small: Design) -> None:
    shown = window(design=small)
    view = shown.canvas.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, CTRL)
    assert len(shown.session.document.selection) == 4
    QTest.keyClick(view, Qt.Key.Key_D, CTRL)
    assert len(list(shown.session.document.graph.ids())) == 8
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert len(list(shown.session.document.graph.ids())) == 4
    QTest.keyClick(view, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Z, CTRL)
    assert shown.session.document.design == small
    QTest.keyClick(view, Qt.Key.Key_Y, CTRL)
    assert len(list(shown.session.document.graph.ids())) == 8


def test_typing_in_a_field_is_not_taken_by_the_canvas(window: Make, small: Design) -> None:
    shown = window(design=small)
    shown.session.document.select(["attn"])
    field = shown.docks.panel("palette").search_field
    field.setFocus()
    QTest.keyClicks(field, "fl?")
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "fl"
    assert shown.session.document.design == small


def test_actions_are_enabled_by_what_can_be_done(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window()
    action = shown.bench.action
    assert not action("undo").isEnabled()
    assert not action("copy").isEnabled()
    shown.session.document.apply(small, "Begin")
    shown.session.document.select(["attn"])
    qtbot.waitUntil(lambda: action("undo").isEnabled() and action("copy").isEnabled())
    assert action("undo").text() == "Undo Begin"
    assert not action("ungroup").isEnabled()


def test_make_a_sub_graph_enter_it_and_unpack_it(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    view = shown.canvas.view
    view.setFocus()
    shown.session.document.select(["conv_stem", "attn"])
    QTest.keyClick(view, Qt.Key.Key_G, CTRL)
    use = shown.session.document.selection[0]
    assert shown.session.document.graph.nodes[use].subgraph is not None
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert shown.session.document.instance_path == (use,)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert shown.session.document.instance_path == ()
    QTest.keyClick(view, Qt.Key.Key_G, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert set(shown.session.document.graph.nodes) == {"conv_stem", "attn"}


def test_unsaved_work_is_asked_about(
    window: Make, small: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = window(design=small)
    answer(QMessageBox.StandardButton.Cancel)
    shown.run_command("new")
    assert shown.session.document.design == small
    answer(QMessageBox.StandardButton.Cancel)
    assert not shown.close()
    target = tmp_path / "kept"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    answer(QMessageBox.StandardButton.Save)
    shown.run_command("new")
    assert load(tmp_path / "kept.yaml") == small
    assert not list(shown.session.document.graph.ids())
    shown.session.document.add_block("ConvStem", (0, 0))
    answer(QMessageBox.StandardButton.Discard)
    shown.run_command("new")
    assert not list(shown.session.document.graph.ids())


def test_a_training_is_not_ended_unasked(window: Make, small: Design, tmp_path: Path, qtbot: QtBot) -> None:
    shown = window(design=small)
    shown.session.save_as(tmp_path / "small.yaml")
    script = tmp_path / "trains.py"
    script.write_text(
        "import json, sys\nprint(json.dumps({'method': 'state', 'params': {'state': 'training'}}), flush=True)\n"
        "sys.stdin.read()\n"
    )
    run = RunHandle(small, {"out": tmp_path / "run"}, (sys.executable, str(script)), shown.session)
    shown.session.runs.append(run)
    run.start()
    qtbot.waitUntil(lambda: run.state == "training")
    QTimer.singleShot(50, lambda: QTest.keyClick(QApplication.activeModalWidget(), Qt.Key.Key_Return))
    assert not shown.close()  # Enter alone ends nothing
    assert run.active
    answer("Stop and close")
    assert shown.close()
    assert not run.active


def test_save_keeps_the_title_right(
    window: Make, small: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = window(design=small)
    assert shown.isWindowModified()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "net.yaml"), ""))
    QTest.keyClick(shown, Qt.Key.Key_S, CTRL)
    assert not shown.isWindowModified()
    assert shown.windowTitle().startswith("net.yaml")
    shown.session.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    assert shown.isWindowModified()
    shown.session.document.undo()
    assert not shown.isWindowModified()


def test_a_file_dropped_on_the_window_is_opened(window: Make, small: Design, tmp_path: Path, qtbot: QtBot) -> None:
    save(small, tmp_path / "net.yaml")
    shown = window()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "net.yaml"))])
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NONE)
    enter = QDragEnterEvent(QPoint(5, 5), *rest)
    QApplication.sendEvent(shown, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(shown, QDropEvent(QPointF(5, 5), *rest))
    qtbot.waitUntil(lambda: shown.session.document.design == small)
    assert settings.recent_files() == [str(tmp_path / "net.yaml")]


def test_recent_files_and_templates_are_in_the_menus(window: Make, small: Design, tmp_path: Path) -> None:
    save(small, tmp_path / "net.yaml")
    shown = window(tmp_path / "net.yaml")
    assert shown.session.document.design == small
    menu = shown.bench.action("open_recent").menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["net.yaml"]
    templates = shown.bench.action("open_template").menu()
    templates.aboutToShow.emit()
    templates.actions()[0].trigger()
    assert shown.session.path is None
    assert shown.session.document.design.main.nodes


def test_the_command_palette_finds_and_does(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    QTest.keyClick(shown, Qt.Key.Key_K, CTRL)
    chooser = shown.findChild(Chooser)
    QTest.keyClicks(chooser.field, "select a")
    assert chooser.list.item(0).text() == "Select all"
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    assert len(shown.session.document.selection) == 4


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("dark", "Theme: Dark"),
        ("print", "Export image"),
        ("onnx", "Export"),
        ("hand", "Move the view"),
        ("heat param", "Heat map: Parameters"),
        ("frame", "Frame selection"),
    ],
)
def test_the_command_palette_knows_the_words_of_its_users(typed: str, title: str, window: Make, small: Design) -> None:
    shown = window(design=small)
    shown.session.document.select(("attn",))
    QTest.keyClick(shown, Qt.Key.Key_K, CTRL)
    chooser = shown.findChild(Chooser)
    QTest.keyClicks(chooser.field, typed)
    assert title in [chooser.list.item(row).text() for row in range(chooser.list.count())]
    chooser.close()


def test_a_theme_and_a_heat_map_are_taken_from_the_command_palette(window: Make, small: Design) -> None:
    shown = window(design=small)
    for typed in ("theme dark", "heat macs"):
        QTest.keyClick(shown, Qt.Key.Key_K, CTRL)
        chooser = next(c for c in shown.findChildren(Chooser) if c.isVisible())
        QTest.keyClicks(chooser.field, typed)
        QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    assert theme.mode() == "dark"
    assert shown.session.lens.heat == "macs"


def test_find_goes_to_a_node(window: Make, small: Design) -> None:
    shown = window(design=small)
    QTest.keyClick(shown, Qt.Key.Key_F, CTRL)
    chooser = shown.findChild(Chooser)
    QTest.keyClicks(chooser.field, "encoder")
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    assert shown.session.document.selection == ("attn",)


def test_the_shortcut_sheet_lists_every_key(window: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: QRect(0, 0, 1920, 1080))
    shown = window()
    shown.run_command("shortcuts")
    sheet = shown.findChild(ShortcutSheet)
    assert sheet.isVisible()
    area = sheet.findChild(QScrollArea)
    assert (area.horizontalScrollBar().maximum(), area.verticalScrollBar().maximum()) == (0, 0)
    sheet.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is sheet)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not any(isinstance(w, QDialog) and w.isVisible() for w in QApplication.topLevelWidgets()))


def test_the_first_window_fits_the_screen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    for screen, expected in (
        (QRect(0, 0, 1366, 768), QSize(1350, 720)),
        (QRect(0, 0, 1920, 1080), QSize(1440, 900)),
    ):
        monkeypatch.setattr(QScreen, "availableGeometry", lambda _self, screen=screen: screen)
        shown = Window(None, (sys.executable, "-c", "import sys; sys.stdin.read()"))
        qtbot.addWidget(shown)
        assert shown.size() == expected
        assert screen.contains(shown.geometry())


def test_panels_keep_their_places_and_are_made_only_when_shown(window: Make, qtbot: QtBot) -> None:
    first = window()
    assert first.docks.docks["palette"].isVisible()
    assert first.docks.docks["code"].widget().layout().count() == 0
    QTest.keyClick(first, Qt.Key.Key_7, CTRL)
    qtbot.waitUntil(lambda: first.docks.docks["code"].widget().layout().count() == 1)
    first.docks.docks["palette"].close()
    first.close()
    second = window()
    assert second.docks.docks["code"].isVisible()
    assert not second.docks.docks["palette"].isVisible()
    second.run_command("reset_panels")
    qtbot.waitUntil(lambda: second.docks.docks["palette"].isVisible() and not second.docks.docks["code"].isVisible())
    qtbot.waitUntil(lambda: abs(second.docks.docks["palette"].width() - 248) < 8)


def test_the_theme_is_switched_and_remembered(window: Make, qapp: QApplication, qtbot: QtBot) -> None:
    shown = window()
    with qtbot.waitSignal(shown.session.theme_changed):
        shown.set_theme("dark")
    assert theme.is_dark()
    assert shown.grab().toImage().pixelColor(2, 60).lightness() < 60
    theme.apply(qapp)
    assert theme.mode() == "dark"
    shown.set_theme("light")
    assert shown.grab().toImage().pixelColor(2, 60).lightness() > 200


def test_messages_are_shown_and_never_ask(window: Make) -> None:
    shown = window()
    shown.session.message.emit("not possible because of this", "warning")
    assert shown.bench.toast.isVisible()
    assert shown.bench.toast.text == "not possible because of this"
    QTest.mouseClick(shown.bench.toast, Qt.MouseButton.LeftButton)
    assert not shown.bench.toast.isVisible()


def test_the_status_bar_tells_the_engine_and_the_totals(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    status = shown.bench.status
    assert status.engine.text() == "Ready · Fake CPU"
    assert status.totals.text().startswith("3.0 k params    4.0 k MACs")
    shown.session.engine.stop()
    assert status.engine.text() == "Engine off"
    shown.session.restart_engine()
    qtbot.waitUntil(lambda: shown.session.engine_state == "ready", timeout=20_000)


def test_export_goes_through_the_engine(
    window: Make, small: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    shown = window(design=small)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "model"), ""))
    QTest.keyClick(shown, Qt.Key.Key_E, CTRL)
    qtbot.waitUntil(lambda: (tmp_path / "model.py").exists())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "picture"), ""))
    shown.run_command("export_image")
    assert (tmp_path / "picture.png").stat().st_size > 1000


def test_every_command_can_be_triggered_on_an_empty_and_on_a_drawn_design(
    window: Make, small: Design, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    shown = window()
    skipped = {"quit", "full_screen", "train"}
    for design in (None, small):
        if design is not None:
            shown.session.document.apply(design, "Begin")
            shown.session.document.select(["attn"])
        for command in shown.bench.actions.commands.values():
            if command.id not in skipped:
                shown.session.document.undo_stack.setClean()
                action: QAction = shown.bench.action(command.id)
                action.trigger()
                for widget in QApplication.topLevelWidgets():
                    if widget is not shown and widget.isVisible():
                        widget.close()
    qtbot.waitUntil(lambda: shown.session.engine_state == "ready", timeout=20_000)
