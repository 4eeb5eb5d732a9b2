"""The cards of the templates."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from composer.gui.look import theme
from composer.gui.widgets.template_list import TemplateList, elided_lines


def test_a_description_is_elided_after_whole_lines(qapp: QApplication) -> None:
    metrics = QFontMetrics(theme.font(theme.SMALL))
    text = "one two three four five six seven eight nine ten"
    lines = elided_lines(text, metrics, metrics.horizontalAdvance("one two three "), 2)
    assert len(lines) == 2
    assert lines[0] == "one two three"
    assert lines[1].startswith("four")
    assert lines[1].endswith("…")
    assert elided_lines("one two", metrics, 10_000, 2) == ["one two"]
    assert elided_lines("", metrics, 100, 2) == []


@pytest.mark.parametrize("width", [200, 248, 400])
def test_no_line_of_a_card_is_cut_in_half(qapp: QApplication, width: int) -> None:
    templates = TemplateList()
    templates.fill()
    delegate = templates.itemDelegate()
    option = QStyleOptionViewItem()
    for row in range(templates.count()):
        index = templates.indexFromItem(templates.item(row))
        height = delegate.sizeHint(option, index).height()
        option.rect = QRect(0, 0, width, height)
        sheet = QPixmap(width, height + 40)  # text that ran out of the card would be seen below it
        sheet.fill("white")
        with QPainter(sheet) as painter:
            delegate.paint(painter, option, index)
        image = sheet.toImage()
        below = {image.pixel(x, y) for x in range(width) for y in range(height - 4, height + 40)}
        assert below == {0xFFFFFFFF}, templates.item(row).text()
