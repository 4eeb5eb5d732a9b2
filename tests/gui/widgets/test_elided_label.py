"""A line of text never makes its panel wider, and tells all of it in the tooltip."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.labels import column

LONG = "species_000_with_a_rather_long_latin_name/0.jpg"


def test_a_long_text_is_elided_in_its_middle(qtbot: QtBot) -> None:
    label = ElidedLabel("small", Qt.TextElideMode.ElideMiddle)
    qtbot.addWidget(label)
    label.setText(LONG)
    label.resize(100, 20)
    assert label.shown_text().startswith("spec")
    assert label.shown_text().endswith("jpg")
    assert "…" in label.shown_text()
    assert label.toolTip() == LONG
    label.resize(1000, 20)
    assert label.shown_text() == LONG
    assert column(label, margin=0).minimumSize().width() == 0
