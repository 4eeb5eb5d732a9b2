"""A drop-down whose current item is wider than its field."""

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from composer.gui.widgets.drop_down import DropDown


def test_an_item_that_does_not_fit_is_elided_and_the_tooltip_shows_it_in_full(qtbot: QtBot) -> None:
    box = DropDown()
    qtbot.addWidget(box)
    box.addItem("Automatic: NVIDIA H200 with a long name")
    box.setToolTip("Where it trains")
    box.resize(box.sizeHint())
    box.show()
    assert box.shown_text() == box.currentText()
    box.setFixedWidth(120)
    assert box.shown_text().startswith("Auto")
    assert box.shown_text().endswith("\N{HORIZONTAL ELLIPSIS}")
    assert not box.grab().isNull()
    QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), box.mapToGlobal(QPoint(5, 5))))
    qtbot.waitUntil(lambda: QToolTip.text() == "Automatic: NVIDIA H200 with a long name\nWhere it trains")
    QToolTip.hideText()
