"""The costs, problems, code and history panels, and the templates of the palette."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.facts import Repair
from composer.core.graph import Design
from composer.gui.costs.cost_table import CostModel, CostTable
from composer.gui.look import theme
from composer.gui.panels import Panel, load_panels, panel_name
from composer.gui.panels.code import CodePanel
from composer.gui.panels.costs import CostsPanel
from composer.gui.panels.history import HistoryPanel
from composer.gui.panels.palette import PalettePanel
from composer.gui.panels.problems import ProblemsPanel
from composer.gui.session.session import Session

Show = Callable[[type[Panel]], Panel]


@pytest.fixture
def show(live: Session, small: Design, qtbot: QtBot) -> Show:
    """Return a function that shows a panel on the small design once its facts are complete."""
    live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)

    def show_panel(cls: type[Panel]) -> Panel:
        panel = cls(live)
        qtbot.addWidget(panel)
        panel.resize(360, 420)
        with qtbot.waitExposed(panel):
            panel.show()
        qtbot.waitUntil(lambda: not panel._stale)
        return panel

    return show_panel


def test_every_panel_declares_title_icon_and_area() -> None:
    classes = load_panels()[0]
    assert {"palette", "inspector", "costs", "problems", "code", "history"} <= {panel_name(cls) for cls in classes}
    for cls in classes:
        assert cls.title
        assert cls.icon
        assert cls.area in ("left", "right", "bottom")
    shortcuts = [cls.shortcut for cls in classes if cls.shortcut]
    assert len(shortcuts) == len(set(shortcuts))


def test_costs_list_sort_and_select(show: Show, live: Session, qtbot: QtBot) -> None:
    costs = show(CostsPanel)
    assert costs.params.text() == "3.0 k"
    table = costs.table
    first = [table.model().index(row, 0).data() for row in range(2)]
    assert first == ["conv_stem", "attn"]
    header = table.horizontalHeader()
    place = QPoint(header.sectionPosition(1) + 20, 10)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    ordered = [table.model().index(row, 0).data() for row in range(2)]
    assert ordered == sorted(
        first,
        key=lambda id: live.facts_for(id).params,
        reverse=header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder,
    )
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(0, 0)).center()
    )
    assert live.document.selection == (ordered[0],)
    live.document.select([ordered[1]])
    assert [index.data() for index in table.selectionModel().selectedRows()] == [ordered[1]]


def test_names_of_nodes_are_read_in_a_narrow_panel(qapp: QApplication, qtbot: QtBot) -> None:
    theme.use(qapp, "light")
    model = CostModel()
    table = CostTable(model)
    qtbot.addWidget(table)
    table.resize(286, 200)  # what a window of 1366 pixels leaves for the table, beside its scroll bar
    model.show([("map_to_tokens", (88_800_000.0, 88_800_000.0, 88_800_000.0, None, None))])
    table.show()
    qtbot.waitUntil(lambda: table.columnWidth(0) > 100)
    option = QStyleOptionViewItem()
    table.initViewItemOption(option)
    for column in range(4):
        needed = table.itemDelegate().sizeHint(option, table.model().index(0, column)).width()
        assert table.columnWidth(column) >= needed, column  # neither the name nor a number is elided
    assert table.horizontalHeader().length() <= table.viewport().width()  # no number is scrolled out of sight


def test_costs_of_an_empty_graph_are_one_message_at_the_top(live: Session, qtbot: QtBot) -> None:
    costs = CostsPanel(live)
    qtbot.addWidget(costs)
    costs.resize(304, 420)
    costs.show()
    qtbot.waitUntil(lambda: costs.hint.isVisible() and not costs.head.isVisible())
    assert costs.tabs.isHidden()
    qtbot.waitUntil(lambda: costs.hint.geometry().bottom() < 80)


def test_the_batch_is_typed(show: Show, live: Session, qtbot: QtBot) -> None:
    costs = show(CostsPanel)
    costs.batch.setFocus()
    costs.batch.selectAll()
    QTest.keyClicks(costs.batch, "64")
    QTest.keyClick(costs.batch, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: live.batch == 64 and costs.macs.text() == "256 k")


def test_problems_are_clicked_and_repaired(show: Show, live: Session, qtbot: QtBot) -> None:
    problems = show(ProblemsPanel)
    assert problems.rows() == []
    live.document.edit("Set", edits.set_params, "attn", {"num_heads": 5})
    qtbot.waitUntil(lambda: len(problems.rows()) == 1)
    row = problems.rows()[0]
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(20, row.height() // 2))
    assert live.document.selection == ("attn",)
    qtbot.waitUntil(lambda: row.findChild(QPushButton) is not None)
    qtbot.mouseClick(row.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert live.document.graph.nodes["attn"].params["num_heads"] == 4
    qtbot.waitUntil(lambda: problems.rows() == [])


@pytest.mark.parametrize("width", [260, 420, 900])
def test_repair_buttons_of_a_problem_stay_inside_its_row(
    show: Show, live: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    target = "mb_conv through a 1x1 convolution to 1 channels"
    repairs = tuple(Repair(f"Wire {id} -> {target}") for id in ("image", "stem", "conv_stem"))
    monkeypatch.setattr(live.offers, "of", lambda *_: repairs)
    problems = show(ProblemsPanel)
    problems.resize(width, 420)
    live.document.edit("Set", edits.set_params, "attn", {"num_heads": 5})
    qtbot.waitUntil(lambda: len(problems.rows()) == 1 and len(problems.rows()[0].findChildren(QPushButton)) == 3)
    row = problems.rows()[0]
    buttons = row.findChildren(QPushButton)

    def laid_out() -> None:
        for button in buttons:
            assert row.rect().contains(button.geometry())
            assert button.height() == button.heightForWidth(button.width())  # every line of the label is visible
            assert not any(button.geometry().intersects(other.geometry()) for other in buttons if other is not button)

    qtbot.waitUntil(laid_out)
    assert row.width() <= problems.width()


def test_the_code_is_shown_coloured_marked_and_copied(show: Show, live: Session, qtbot: QtBot) -> None:
    code = show(CodePanel)
    qtbot.waitUntil(lambda: "class Model" in code.view.toPlainText())
    assert code.view.isReadOnly()
    assert code.view.extraSelections()
    live.document.select(["conv_stem"])
    assert code.view.textCursor().block().text().strip().startswith("self.conv_stem")
    qtbot.mouseClick(code.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == code.view.toPlainText()
    assert code.copy.text() == "Copied"
    code._reset_copy.stop()


def test_a_click_in_the_history_undoes_to_that_step(show: Show, live: Session, small: Design, qtbot: QtBot) -> None:
    history = show(HistoryPanel)
    live.document.add_block("ConvStem", (0, 0))
    first = history.view.model().index(1, 0)
    qtbot.mouseClick(history.view.viewport(), Qt.MouseButton.LeftButton, pos=history.view.visualRect(first).center())
    assert live.document.design is small


def test_templates_are_chosen_from_the_palette(show: Show, live: Session, qtbot: QtBot) -> None:
    palette = show(PalettePanel)
    palette.tabs.setCurrentIndex(1)
    assert palette.templates.count() > 3
    with qtbot.waitSignal(live.command_requested) as signal:
        palette.templates.setCurrentRow(0)
        QTest.keyClick(palette.templates, Qt.Key.Key_Return)
    assert signal.args[0] == "open_template"


def test_a_new_sub_graph_is_in_the_palette(show: Show, live: Session, small: Design, qtbot: QtBot) -> None:
    from composer.core import subgraphs

    palette = show(PalettePanel)
    live.document.apply(subgraphs.make(small, ["attn"], "mixer")[0], "Group")
    qtbot.waitUntil(lambda: bool(palette.tree.findItems("mixer", Qt.MatchFlag.MatchRecursive)))


def test_a_hidden_panel_does_not_refresh(show: Show, live: Session, qtbot: QtBot) -> None:
    costs = show(CostsPanel)
    costs.hide()
    live.document.add_block("ConvStem", (0, 0))
    qtbot.waitUntil(lambda: live.facts_current)
    assert costs.model.rowCount() == 2
    costs.show()
    qtbot.waitUntil(lambda: costs.model.rowCount() == 3)
