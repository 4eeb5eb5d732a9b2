"""The field for parameter values: what it leaves to the design's history."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from composer.gui.widgets.value_field import ValueField


@pytest.fixture
def field(qtbot: QtBot) -> ValueField:
    field = ValueField("64")
    qtbot.addWidget(field)
    with qtbot.waitExposed(field):
        field.show()
    field.setFocus()
    return field


def takes_undo(field: ValueField) -> bool:
    """Whether the field claims Ctrl+Z for itself."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    event.ignore()
    QCoreApplication.sendEvent(field, event)
    return event.isAccepted()


def test_typing_is_undone_in_the_field_but_a_committed_value_in_the_design(field: ValueField) -> None:
    assert not takes_undo(field)
    field.selectAll()
    QTest.keyClicks(field, "96")
    assert takes_undo(field)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not takes_undo(field)
    field.undo()
    assert field.text() == "96"  # the value before is not in the field's history any more


def test_a_value_that_the_design_undoes_is_shown_in_a_focused_field(field: ValueField) -> None:
    values: list[str] = []
    field.committed.connect(values.append)
    field.selectAll()
    QTest.keyClicks(field, "96")
    QTest.keyClick(field, Qt.Key.Key_Return)
    field.show_text("64")
    assert field.text() == "64"
    field.clearFocus()
    assert values == ["96"]  # leaving the field commits nothing more


def test_a_refused_text_that_is_taken_back_commits_nothing(field: ValueField) -> None:
    values: list[str] = []
    field.committed.connect(values.append)
    field.committed.connect(lambda _: field.set_invalid("not a number"))
    field.selectAll()
    QTest.keyClicks(field, "abc")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert takes_undo(field)  # refused, so it is still typing
    while field.isUndoAvailable():
        field.undo()
    assert field.text() == "64"
    field.clearFocus()
    assert values == ["abc"]
    assert not field.property("invalid")
