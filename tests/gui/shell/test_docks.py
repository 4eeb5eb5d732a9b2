"""The panels: which is in front, and places that outlive the window."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.graph import Design
from composer.gui.window import Window


def test_a_bottom_panel_comes_back_as_high_as_it_was(window: Callable[..., Window], qtbot: QtBot) -> None:
    first = window()
    first.show_panel("fit")
    qtbot.waitUntil(lambda: first.docks.docks["fit"].height() > 100)
    height, canvas = first.docks.docks["fit"].height(), first.canvas.height()
    first.close()
    second = window()
    assert second.docks.docks["fit"].isVisible()
    qtbot.waitUntil(lambda: abs(second.docks.docks["fit"].height() - height) < 8)
    assert abs(second.canvas.height() - canvas) < 40


def test_the_key_of_a_panel_brings_it_to_the_front_and_closes_it_only_there(
    window: Callable[..., Window], qtbot: QtBot
) -> None:
    shown = window()
    training, runs = shown.docks.docks["training"], shown.docks.docks["runs"]
    shown.docks.action("training").trigger()
    qtbot.waitUntil(lambda: not training.visibleRegion().isEmpty())
    shown.docks.action("runs").trigger()
    qtbot.waitUntil(lambda: not runs.visibleRegion().isEmpty() and training.visibleRegion().isEmpty())
    shown.docks.action("training").trigger()  # open, but behind
    qtbot.waitUntil(lambda: not training.visibleRegion().isEmpty() and runs.visibleRegion().isEmpty())
    assert shown.docks.action("training").isChecked()
    shown.docks.action("training").trigger()
    qtbot.waitUntil(training.isHidden)
    assert not shown.docks.action("training").isChecked()
    assert shown.docks.action("runs").isChecked()


@pytest.mark.parametrize("timers", [0, 1, 3])
def test_the_first_widths_do_not_depend_on_the_order_of_timers(
    timers: int, window: Callable[..., Window], qapp: QApplication
) -> None:
    """With another timer in the process Qt shows the parts of the window later; the canvas was 58 pixels wide then."""
    running = [QTimer(interval=0) for _ in range(timers)]
    for timer in running:
        timer.start()
    try:
        shown = window()
    finally:
        for timer in running:
            timer.stop()
    widths = {name: shown.docks.docks[name].width() for name in ("palette", "inspector", "costs")}
    assert widths["palette"] < 300
    assert widths["inspector"] == widths["costs"] < 360
    assert shown.canvas.width() > 500


def test_a_panel_opened_by_its_key_has_the_focus_and_escape_leads_back(
    window: Callable[..., Window], small: Design, qtbot: QtBot
) -> None:
    shown = window(design=small)
    shown.canvas.setFocus()
    for name in ("runs", "palette", "fit"):
        shown.docks.docks[name].close()
        shown.docks.action(name).trigger()
        panel = shown.docks.panel(name)
        assert panel is not None
        qtbot.waitUntil(lambda panel=panel: panel.isAncestorOf(QApplication.focusWidget()))
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: shown.canvas.isAncestorOf(QApplication.focusWidget()))
