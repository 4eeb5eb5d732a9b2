"""The fit panel: variables as sliders, one undo step per drag, budgets, search, cancelling, and applying a setting."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.graph import Design
from composer.gui.panels.fit import FitPanel
from composer.gui.session.session import Session

Make = Callable[[Design], FitPanel]


@pytest.fixture
def make(live: Session, qtbot: QtBot) -> Iterator[Make]:
    """Return a function that shows the panel on a design."""

    def show_panel(design: Design) -> FitPanel:
        live.document.apply(design, "Begin")
        qtbot.waitUntil(lambda: live.facts_current)
        panel = FitPanel(live)
        qtbot.addWidget(panel)
        panel.resize(860, 260)
        with qtbot.waitExposed(panel):
            panel.show()
        qtbot.waitUntil(lambda: not panel._stale)
        return panel

    yield show_panel
    live.jobs.close()


def drag(slider: QSlider, pixels: int) -> None:
    """Drag the handle of a slider in steps."""
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    kind, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    start = slider.style().subControlRect(kind, option, part, slider).center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(slider, start + QPoint(pixels * step // 5, 0))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=start + QPoint(pixels, 0))


def click_row(panel: FitPanel, row: int, qtbot: QtBot) -> None:
    place = panel.table.visualItemRect(panel.table.item(row, 0)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_drag_is_one_step_of_the_history(make: Make, live: Session, small: Design, qtbot: QtBot) -> None:
    panel = make(small)
    before = live.document.undo_stack.count()
    drag(panel.sliders["width"].slider, 60)
    first = live.document.design.variables["width"]
    assert isinstance(first, int)
    assert first > 32
    assert panel.sliders["width"].field.value() == first
    assert live.document.undo_stack.count() == before + 1
    drag(panel.sliders["width"].slider, 30)
    assert live.document.undo_stack.count() == before + 2
    live.document.undo()
    assert live.document.design.variables["width"] == first
    live.document.undo()
    assert live.document.design is small
    qtbot.waitUntil(lambda: panel.sliders["width"].field.value() == 32)


def test_arrow_keys_and_typed_values(make: Make, live: Session, small: Design) -> None:
    panel = make(small)
    row = panel.sliders["width"]
    row.slider.setFocus()
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    assert live.document.design.variables["width"] == 48
    live.document.undo()
    assert live.document.design is small
    row.field.setFocus()
    row.field.selectAll()
    QTest.keyClicks(row.field, "1000")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert live.document.design.variables["width"] == 1000


def test_without_variables_it_explains_them_and_adds_one(
    make: Make, live: Session, small: Design, qtbot: QtBot
) -> None:
    panel = make(edits.remove_variable(small, "width"))
    assert panel.pages.currentIndex() == 0
    panel.new_name.clear()
    QTest.keyClicks(panel.new_name, "2wide")
    QTest.keyClick(panel.new_name, Qt.Key.Key_Return)
    assert panel.name_problem.isVisible()
    panel.new_name.clear()
    QTest.keyClicks(panel.new_name, "wide")
    QTest.keyClick(panel.new_name, Qt.Key.Key_Return)
    assert live.document.design.variables == {"wide": 64}
    qtbot.waitUntil(lambda: panel.pages.currentIndex() == 1 and list(panel.sliders) == ["wide"])


def test_search_lists_settings_and_a_click_applies_one(make: Make, live: Session, small: Design, qtbot: QtBot) -> None:
    panel = make(small)
    assert not panel.search.isEnabled()
    QTest.keyClicks(panel.params, "5 lots")
    assert panel.params.property("invalid")
    assert "5M" in panel.search.toolTip()
    panel.params.clear()
    QTest.keyClicks(panel.params, "1M")
    QTest.keyClicks(panel.macs, "600M")
    assert (panel.params.value, panel.macs.value) == (1_000_000, 600_000_000)
    qtbot.mouseClick(panel.search, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 2)
    assert panel.table.item(0, 0).text() == "96"
    assert panel.table.item(0, 3).text() == "90.0 %"
    before = live.document.undo_stack.count()
    click_row(panel, 1, qtbot)
    assert live.document.design.variables["width"] == 48
    assert live.document.undo_stack.count() == before + 1
    qtbot.waitUntil(lambda: panel.table.currentRow() == 1)
    live.document.undo()
    qtbot.waitUntil(lambda: not panel.table.selectedItems())
    live.document.edit("Add", edits.remove, ["attn"])
    qtbot.waitUntil(lambda: "changed" in panel.hint.text() and panel.table.isHidden())


def test_a_budget_that_cannot_be_met_reports_the_nearest_setting(make: Make, small: Design, qtbot: QtBot) -> None:
    panel = make(small)
    QTest.keyClicks(panel.params, "10")
    QTest.keyClick(panel.params, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.notice.text.startswith("No setting meets the budget"))
    assert panel.search.text() == "Search"


def test_a_search_is_cancelled(make: Make, live: Session, small: Design, qtbot: QtBot) -> None:
    panel = make(Design("hang", small.main, variables=small.variables))
    QTest.keyClicks(panel.params, "1M")
    qtbot.mouseClick(panel.search, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.progress.value() == 50)
    assert panel.search.text() == "Cancel"
    drag(panel.sliders["width"].slider, 40)  # the search does not block the window
    qtbot.waitUntil(lambda: live.facts_current)
    qtbot.mouseClick(panel.search, Qt.MouseButton.LeftButton)
    assert panel.search.text() == "Search"
    assert panel.progress.isHidden()
    assert live.engine_state == "ready"


def test_a_search_ends_when_the_network_changes(make: Make, live: Session, small: Design, qtbot: QtBot) -> None:
    panel = make(Design("hang", small.main, variables=small.variables))
    QTest.keyClicks(panel.params, "1M")
    qtbot.mouseClick(panel.search, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.progress.value() == 50)
    live.new()
    assert panel.search.text() == "Search"
    assert panel.progress.isHidden()
    assert panel.hint.text() == "The network has changed during the search. Search again."


def test_settings_are_dropped_when_a_fixed_variable_changes(
    make: Make, live: Session, small: Design, qtbot: QtBot
) -> None:
    panel = make(edits.set_variable(small, "depth", 4))
    panel.sliders["depth"].vary.setChecked(False)
    QTest.keyClicks(panel.params, "1M")
    QTest.keyClick(panel.params, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(panel.table.rows))
    live.document.apply(edits.set_variable(live.document.design, "width", 40), "Set width to 40")
    assert panel.table.rows  # the search varied it, so the listed settings are still right
    live.document.apply(edits.set_variable(live.document.design, "depth", 8), "Set depth to 8")
    assert not panel.table.rows
    assert panel.table.isHidden()
