"""The confusion matrix is readable and reachable at every size: layout, colours, mouse and keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.confusion import Confusion
from composer.gui.look import theme
from composer.gui.widgets.confusion_matrix import ConfusionMatrix
from composer.gui.widgets.matrix_image import MatrixImage
from composer.gui.widgets.matrix_layout import MatrixLayout, fitting_cell


def confusion(count: int, **names: str) -> Confusion:
    classes = tuple(names.get(f"c{n}", f"c{n}") for n in range(count))
    cells = {(n, n): 8 for n in range(count)}
    cells[1, 0] = 2
    return Confusion(classes, cells)


@pytest.fixture
def matrix(qapp: QApplication, qtbot: QtBot) -> ConfusionMatrix:
    widget = ConfusionMatrix()
    qtbot.addWidget(widget)
    widget.resize(320, 320)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.show_confusion(confusion(10))
    return widget


@given(
    count=st.integers(1, 1000),
    width=st.integers(120, 900),
    height=st.integers(100, 900),
    names=st.integers(10, 96),
    data=st.data(),
)
def test_a_fitted_matrix_is_in_view_and_every_cell_can_be_hit(
    count: int, width: int, height: int, names: int, data: st.DataObject
) -> None:
    view = QSize(width, height)
    cell = fitting_cell(count, view, names, 16)
    layout = MatrixLayout(count, view, names, 16, cell, QPointF(0, 0))
    assert layout.left + layout.extent <= width
    assert layout.top + layout.extent <= height
    row, column = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    assert layout.cell_at(layout.rect((row, column)).center()) == (row, column)
    assert row in layout.rows
    assert column in layout.columns
    assert layout.cell_at(QPointF(0, 0)) is None
    if layout.named:
        assert layout.cell_at(QPointF(layout.left - 2, layout.rect((row, 0)).center().y())) == (row, None)
        assert layout.cell_at(QPointF(layout.rect((0, column)).center().x(), layout.top - 2)) == (None, column)


def test_one_mistake_among_a_million_cells_stays_visible(qapp: QApplication) -> None:
    theme.use(qapp, "light")
    cells = {(n, n): 50 for n in range(1000)}
    cells[3, 500] = 1
    image = MatrixImage(Confusion(tuple(map(str, range(1000))), cells), by_class=True)
    small = image.image(8)
    assert (small.width(), small.height()) == (125, 125)
    assert small.pixelColor(500 // 8, 0) == image.image(1).pixelColor(500, 3) != theme.color("panel")
    assert small.pixelColor(90, 20) == theme.color("panel")
    assert small.pixelColor(100, 100) == image.image(1).pixelColor(800, 800)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_numbers_are_legible_on_every_cell(qapp: QApplication, mode: str) -> None:
    theme.use(qapp, mode)
    cells = {(row, column): 1 + row * 9 + column for row in range(10) for column in range(10)}
    image = MatrixImage(Confusion(tuple("abcdefghij"), cells), by_class=False)
    for row, column in cells:
        assert contrast(image.image().pixelColor(column, row), image.ink(row, column)) >= 4.5


def contrast(a: QColor, b: QColor) -> float:
    def luminance(color: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (color.redF(), color.greenF(), color.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def click(matrix: ConfusionMatrix, qtbot: QtBot, point: QPointF) -> None:
    qtbot.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(point.x()), round(point.y())))


def test_a_click_selects_a_cell_a_row_or_a_column(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    layout = matrix.layout_of_cells
    with qtbot.waitSignal(matrix.cell_selected):
        click(matrix, qtbot, layout.rect((1, 0)).center())
    assert matrix.selected == (1, 0)
    assert matrix.accessibleDescription() == "c1 as c0: 2 of 10 (20.0 %)"
    click(matrix, qtbot, QPointF(layout.left - 4, layout.rect((4, 0)).center().y()))
    assert matrix.selected == (4, None)
    click(matrix, qtbot, QPointF(layout.rect((0, 0)).center().x(), layout.top - 4))
    assert matrix.selected == (None, 0)
    assert matrix.describe(matrix.selected) == "predicted c0: 10 samples"
    click(matrix, qtbot, QPointF(layout.rect((0, 0)).center().x(), layout.top - 4))  # again: no selection
    assert matrix.selected == (None, None)


def test_the_keys_reach_every_cell_of_an_enlarged_matrix(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    matrix.show_confusion(confusion(300))
    assert matrix.cell < 2
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_PageDown):
        qtbot.keyClick(matrix, key)
    assert matrix.selected == (11, 299)
    for _ in range(14):
        qtbot.keyClick(matrix, Qt.Key.Key_Plus)
    assert matrix.cell > 20
    assert matrix.viewport().rect().contains(matrix.layout_of_cells.rect((11, 299)).center().toPoint())
    qtbot.keyClick(matrix, Qt.Key.Key_Home)
    assert matrix.viewport().rect().contains(matrix.layout_of_cells.rect((11, 0)).toRect())
    qtbot.keyClick(matrix, Qt.Key.Key_0)
    assert matrix.cell < 2
    assert matrix.horizontalScrollBar().maximum() == 0
    qtbot.keyClick(matrix, Qt.Key.Key_Escape)
    assert matrix.selected == (None, None)


def test_the_frame_shows_that_keys_go_to_the_matrix(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    corner = matrix.layout_of_cells.rect((0, 9)).topRight().toPoint()
    matrix.setFocus()
    qtbot.waitUntil(matrix.hasFocus)
    assert matrix.grab().toImage().pixelColor(corner) == theme.color("accent")
    matrix.clearFocus()
    assert matrix.grab().toImage().pixelColor(corner) == theme.color("strong_border")


def test_zooming_keeps_the_point_under_the_pointer(matrix: ConfusionMatrix) -> None:
    matrix.show_confusion(confusion(300))
    point = QPointF(200, 150)
    before = (point - matrix.layout_of_cells.origin) / matrix.cell
    matrix.zoom(10, point)
    after = (point - matrix.layout_of_cells.origin) / matrix.cell
    assert abs(before.x() - after.x()) < 0.2
    assert abs(before.y() - after.y()) < 0.2
    matrix.zoom(1e-3)
    assert matrix.cell < 2


def test_other_numbers_of_the_same_classes_keep_the_selection(matrix: ConfusionMatrix) -> None:
    matrix.select(3, 4)
    matrix.show_confusion(confusion(10))
    assert matrix.selected == (3, 4)
    matrix.show_confusion(confusion(9))
    assert matrix.selected == (None, None)
    matrix.show_confusion(None)
    matrix.grab()


@pytest.mark.parametrize("count", [1, 2, 10, 40, 100, 1000])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_size_is_drawn(matrix: ConfusionMatrix, qapp: QApplication, count: int, mode: str) -> None:
    theme.use(qapp, mode)
    cells = {(n, (n * 7) % count): n + 1 for n in range(count)}
    matrix.show_confusion(Confusion(tuple("x" * (1 + n % 30) for n in range(count)), cells))
    for by_class in (True, False):
        matrix.set_by_class(by_class)
        for factor in (1.0, 6.0, 0.2):
            matrix.zoom(factor)
            assert not matrix.grab().isNull()
