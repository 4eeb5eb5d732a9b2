"""The values of each class: sorted by numbers, selected by number."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStyleOptionHeader
from pytestqt.qtbot import QtBot

from composer.core.confusion import ClassScore
from composer.gui.widgets.class_table import COLUMNS, F1, ClassTable
from composer.gui.widgets.sort_header import SortHeader

SCORES = [
    ClassScore(0, "cat", 100, 90, 85),
    ClassScore(1, "dog", 9, 12, 3),
    ClassScore(2, "fox", 0, 0, 0),
]


@pytest.fixture
def table(qapp: QApplication, qtbot: QtBot) -> ClassTable:
    table = ClassTable()
    qtbot.addWidget(table)
    table.rows.set_scores(SCORES)
    table.resize(340, 200)
    table.show()
    return table


def shown(table: ClassTable) -> list[list[str]]:
    model = table.model()
    return [[model.index(row, column).data() for column in range(5)] for row in range(model.rowCount())]


def test_the_worst_class_is_first_and_missing_values_are_a_dash(table: ClassTable) -> None:
    assert shown(table) == [
        ["fox", "-", "-", "-", "0"],
        ["dog", "28.6", "25.0", "33.3", "9"],
        ["cat", "89.5", "94.4", "85.0", "100"],
    ]


def test_numbers_are_sorted_as_numbers(table: ClassTable) -> None:
    table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    assert [row[4] for row in shown(table)] == ["100", "9", "0"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in shown(table)] == ["cat", "dog", "fox"]


def test_a_click_selects_a_class_whatever_the_order(table: ClassTable, qtbot: QtBot) -> None:
    table.sortByColumn(F1, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(table.class_selected) as signal:
        qtbot.mouseClick(
            table.viewport(),
            Qt.MouseButton.LeftButton,
            pos=table.visualRect(table.model().index(1, 0)).center(),
        )
    assert signal.args == [1]
    with qtbot.assertNotEmitted(table.class_selected):
        table.select(0)
    assert table.selected() == 0
    table.rows.set_scores([ClassScore(score.index, score.name, 5, 5, 5) for score in SCORES])
    assert table.selected() == 0  # the same classes: the selection stays
    with qtbot.waitSignal(table.class_selected) as signal:
        qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert signal.args == [None]


@pytest.mark.parametrize("section", range(len(COLUMNS)))
@pytest.mark.parametrize("order", Qt.SortOrder)
def test_the_arrow_of_the_order_is_behind_the_title_and_both_fit(
    table: ClassTable, section: int, order: Qt.SortOrder
) -> None:
    """Qt would draw it over the title of a right-aligned column."""
    table.resize(500, 200)
    table.sortByColumn(section, order)
    header = table.horizontalHeader()
    assert isinstance(header, SortHeader)
    for column, title in enumerate(COLUMNS):
        option = QStyleOptionHeader()
        header.initStyleOptionForIndex(option, column)
        arrow = " \N{UPWARDS ARROW}" if order == Qt.SortOrder.AscendingOrder else " \N{DOWNWARDS ARROW}"
        assert option.text == title + (arrow if column == section else "")
        assert option.sortIndicator == QStyleOptionHeader.SortIndicator.None_
        assert header.fontMetrics().horizontalAdvance(option.text) + 16 <= header.sectionSize(column)
