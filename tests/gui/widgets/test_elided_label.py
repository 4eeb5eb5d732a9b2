"""A label that ends in an ellipsis where its text does not fit."""

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.gui.widgets.elided_label import ElidedLabel


def test_it_shows_what_fits_and_the_tooltip_shows_the_rest(qapp: QApplication, qtbot: QtBot) -> None:
    label = ElidedLabel("muted")
    qtbot.addWidget(label)
    label.setText("a long text in a narrow place")
    label.resize(60, 20)
    assert label.shown_text().endswith("…")
    assert label.toolTip() == "a long text in a narrow place"
    assert label.minimumSizeHint().width() == 0
    assert not label.grab().isNull()
    label.resize(600, 20)
    assert label.shown_text() == label.text()
