"""A number field with a word for 0."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from composer.core.graph import Training
from composer.gui.widgets.number_field import NumberField
from composer.gui.widgets.training_form import TrainingForm


def type_text(qtbot: QtBot, field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_zero_is_shown_and_typed_as_its_word(qtbot: QtBot) -> None:
    field = NumberField(0, 100, zero="off")
    qtbot.addWidget(field)
    field.show()
    values: list[float] = []
    field.edited.connect(lambda value, _: values.append(value))
    field.set_value(0)
    assert field.text() == "off"
    assert not field.reason()
    type_text(qtbot, field, "2.5")
    assert field.text() == "2.5"
    type_text(qtbot, field, "Off")
    assert field.text() == "off"
    type_text(qtbot, field, "0")
    assert field.text() == "off"
    assert values == [2.5, 0.0]
    field.selectAll()
    qtbot.keyClicks(field, "of")
    assert "not a number" in field.reason()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "off"


def test_other_fields_write_zero_as_a_number(qtbot: QtBot) -> None:
    field = NumberField(0, 100)
    qtbot.addWidget(field)
    field.set_value(0)
    assert field.text() == "0"


def test_the_form_says_what_is_off(qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.headings["Regularization"].set_open(True)
    form.show_settings(Training(clip_norm=1.0))
    texts = {name: form.fields[name].text() for name in ("clip_norm", "early_stopping", "ema", "weight_decay")}
    assert texts == {"clip_norm": "1", "early_stopping": "off", "ema": "off", "weight_decay": "0.05"}
