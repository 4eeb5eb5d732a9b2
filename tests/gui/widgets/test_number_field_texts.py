"""Numbers as people type them into a field."""

import pytest
from pytestqt.qtbot import QtBot

from composer.gui.widgets.number_field import NumberField


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1E2", 100.0), (".5", 0.5), ("5.", 5.0), ("1_000", 1000.0), ("0,5", 0.5), ("0,125", 0.125)],
)
def test_every_usual_form_is_read(text: str, value: float, qtbot: QtBot) -> None:
    field = NumberField(0, 1e6)
    qtbot.addWidget(field)
    values: list[float] = []
    field.edited.connect(lambda number, _step: values.append(number))
    field.clear()
    qtbot.keyClicks(field, text)
    assert field.reason() == ""
    field.editingFinished.emit()
    assert values == [value]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,000", "1,000 may mean 1000 or 1.000; write it without a comma"),
        ("12,345,678", "may mean 12345678"),
        ("1e999", "1e999 is too large for a number"),
        ("nan", "is not a number"),
        ("1:30", "is not a number"),
    ],
)
def test_what_may_mean_two_numbers_or_none_is_refused(text: str, reason: str, qtbot: QtBot) -> None:
    field = NumberField(0, 1e6)
    qtbot.addWidget(field)
    field.clear()
    qtbot.keyClicks(field, text)
    assert reason in field.reason()
    before = field.value
    field.editingFinished.emit()
    assert field.value == before
