"""Preferences: every change holds at once and after a start; keys are never given twice without a word."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel
from pytestqt.qtbot import QtBot

from composer.core.graph import Design
from composer.gui import keymap, settings
from composer.gui.canvas import CanvasView
from composer.gui.dialogs.preferences import Preferences
from composer.gui.dialogs.shortcut_sheet import ShortcutSheet
from composer.gui.look import theme
from composer.gui.session import preferences
from composer.gui.window import Window

Make = Callable[..., Window]


@pytest.fixture
def opened(window: Make, small: Design) -> tuple[Window, Preferences]:
    shown = window(design=small)
    shown.run_command("preferences")
    (dialog,) = shown.findChildren(Preferences)
    return shown, dialog


def keys(shown: Window, id: str) -> list[str]:
    return [sequence.toString() for sequence in shown.bench.action(id).shortcuts()]


def test_it_opens_by_its_key_and_closes_by_escape(window: Make, qtbot: QtBot) -> None:
    shown = window()
    shown.activateWindow()
    QTest.keyClick(shown, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = shown.findChild(Preferences)
    assert dialog is not None and dialog.isVisible()
    dialog.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_every_page_fits_its_dialog(opened: tuple[Window, Preferences]) -> None:
    _, dialog = opened
    for name, page in dialog.pages.items():
        dialog.show_page(name)
        QApplication.processEvents()
        assert page.isVisible()
        for child in page.findChildren(type(dialog.list).__mro__[0]):
            assert child.width() <= page.width()
        corner = page.mapTo(dialog, QPoint(page.width(), page.height()))
        buttons = dialog.findChild(QDialogButtonBox)
        assert corner.x() <= dialog.width() and corner.y() <= buttons.y()


def test_the_theme_changes_at_once_and_stays(opened: tuple[Window, Preferences]) -> None:
    _, dialog = opened
    box = dialog.pages["general"].theme
    box.setCurrentIndex(box.findData("dark"))
    box.activated.emit(box.currentIndex())
    assert theme.is_dark() and settings.settings().value("theme") == "dark"


def test_motion_can_be_reduced(
    opened: tuple[Window, Preferences], window: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, dialog = opened
    shown.canvas.set_animated(True)
    dialog.pages["general"].motion.click()
    assert not shown.canvas.view.animated and preferences.reduced_motion()
    answers: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(CanvasView, "set_animated", lambda _, on: answers.append(on))
        window()
    assert answers[0] is False
    dialog.pages["general"].motion.click()
    assert shown.canvas.view.animated and not preferences.reduced_motion()


def test_the_time_until_unsaved_work_is_kept(opened: tuple[Window, Preferences]) -> None:
    shown, dialog = opened
    assert shown.session._autosave.interval() == 1000
    dialog.pages["general"].recovery.setValue(5)
    assert shown.session._autosave.interval() == 5000
    for spoilt, counted in (("soon", 1), ("0", 1), ("9999", 60)):
        settings.settings().setValue("recovery_s", spoilt)
        assert preferences.recovery_s() == counted


def test_the_device_is_that_of_the_training_panel(opened: tuple[Window, Preferences], qtbot: QtBot) -> None:
    shown, dialog = opened
    panel = shown.show_panel("training")
    box = dialog.pages["general"].device
    assert [box.itemData(index) for index in range(box.count())] == ["auto", "cpu"]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    qtbot.waitUntil(lambda: panel.form.choice("device") == "cpu")


def test_a_new_key_holds_at_once_and_after_a_start(
    opened: tuple[Window, Preferences], window: Make, qtbot: QtBot
) -> None:
    shown, dialog = opened
    dialog.show_page("shortcuts")
    page = dialog.pages["shortcuts"]
    page.select("fit_selection")
    page.field.setKeySequence(QKeySequence("Ctrl+J"))
    assert keys(shown, "fit_selection") == ["Ctrl+J"]
    assert "Ctrl+J" in shown.bench.action("fit_selection").toolTip()
    dialog.close()
    shown.activateWindow()
    shown.session.document.select(("attn",))
    shown.canvas.view.setFocus()
    qtbot.waitUntil(lambda: shown.isActiveWindow() and shown.canvas.view.hasFocus())
    before = shown.canvas.view.visible_rect()
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_F)  # the key it had
    assert shown.canvas.view.visible_rect() == before
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert shown.canvas.view.visible_rect() != before
    assert keys(window(), "fit_selection") == ["Ctrl+J"]
    sheet = ShortcutSheet(shown.session.keymap, shown)
    assert any("Ctrl+J" in label.text() for label in sheet.findChildren(QLabel))


def test_a_key_that_is_taken_is_named_and_taken_only_by_a_click(opened: tuple[Window, Preferences]) -> None:
    shown, dialog = opened
    dialog.show_page("shortcuts")
    page = dialog.pages["shortcuts"]
    page.select("duplicate")
    page.field.setKeySequence(QKeySequence("Ctrl+Y"))
    assert page.notice.text == "Ctrl+Y is the key of “Redo”."
    assert keys(shown, "duplicate") == ["Ctrl+D"] and page.field.keySequence().toString() == "Ctrl+D"
    page.notice.action("Assign it to “Duplicate”").click()
    assert keys(shown, "duplicate") == ["Ctrl+Y"] and keys(shown, "redo") == ["Ctrl+Shift+Z"]


def test_keys_are_typed_into_the_field(opened: tuple[Window, Preferences], qtbot: QtBot) -> None:
    shown, dialog = opened
    dialog.show_page("shortcuts")
    page = dialog.pages["shortcuts"]
    page.select("train")
    page.field.setFocus()
    QTest.keyClick(page.field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert keys(shown, "train") == ["Ctrl+Return"]
    qtbot.waitUntil(lambda: page.notice.text == "Ctrl+S is the key of “Save”.")
    assert keys(shown, "train") == ["Ctrl+Return"] and page.field.keySequence().toString() == "Ctrl+Return"
    assert shown.session.document.dirty and shown.session.path is None  # and nothing was saved
    QTest.keyClick(page.field, Qt.Key.Key_Escape)
    assert dialog.isVisible() and keys(shown, "train") == ["Ctrl+Return"]
    QTest.keyClick(page.field, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: keys(shown, "train") == ["Ctrl+T"])


def test_the_keys_of_panels_count_too(opened: tuple[Window, Preferences]) -> None:
    shown, dialog = opened
    dialog.show_page("shortcuts")
    page = dialog.pages["shortcuts"]
    page.select("duplicate")
    page.field.setKeySequence(QKeySequence("Ctrl+1"))
    assert "“Palette”" in page.notice.text
    page.select("panel_palette")
    page.field.setKeySequence(QKeySequence("Ctrl+Alt+P"))
    assert shown.docks.action("palette").shortcut().toString() == "Ctrl+Alt+P"


def test_a_key_may_be_cleared_and_reset(opened: tuple[Window, Preferences]) -> None:
    shown, dialog = opened
    dialog.show_page("shortcuts")
    page = dialog.pages["shortcuts"]
    page.select("redo")
    assert not page.reset.isEnabled()
    page.remove.click()
    assert keys(shown, "redo") == [] and not page.remove.isEnabled()
    page.select("duplicate")
    page.field.setKeySequence(QKeySequence("Ctrl+Y"))
    assert keys(shown, "duplicate") == ["Ctrl+Y"]
    page.select("redo")
    page.reset.click()
    assert keys(shown, "redo") == ["Ctrl+Shift+Z", "Ctrl+Y"] and keys(shown, "duplicate") == []
    assert page.notice.text == "Ctrl+Y is no longer the key of “Duplicate”."
    page.reset_all.click()
    assert keys(shown, "duplicate") == ["Ctrl+D"] and not page.reset_all.isEnabled()
    assert not settings.settings().childGroups().count(keymap.GROUP)


def test_no_default_shortcut_is_used_twice(window: Make) -> None:
    holders: dict[str, str] = {}
    for bindable in window().session.keymap.bindables.values():
        for key in map(keymap.portable, bindable.default):
            assert key and key not in holders, (bindable.id, holders.get(key))
            holders[key] = bindable.id
    assert len(holders) > 40


def test_the_list_is_searched_by_words_and_keys(opened: tuple[Window, Preferences]) -> None:
    _, dialog = opened
    page = dialog.pages["shortcuts"]

    def shown_ids() -> list[str]:
        return [id for id, item in page._items.items() if not item.isHidden()]

    page.search.setText("ctrl+d")
    assert "duplicate" in shown_ids() and "undo" not in shown_ids()
    page.search.setText("panels cost")
    assert shown_ids() == ["panel_costs"]
