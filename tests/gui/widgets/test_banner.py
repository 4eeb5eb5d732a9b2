"""The banner above the canvas."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from composer.gui.widgets.banner import Banner

LONG = "Compared with coatnet_0.yaml: 25 added, 24 removed, 2 changed; params -25.0 M, MACs -4.1 G. " * 2


def test_a_long_text_wraps_instead_of_widening_the_window(qtbot: QtBot) -> None:
    banner = Banner(LONG, [("Show the list", lambda: None), ("Done", lambda: None)])
    qtbot.addWidget(banner)
    assert banner.minimumSizeHint().width() < 560
    banner.resize(700, banner.heightForWidth(700))
    banner.show()
    text = banner.text
    needed = text.heightForWidth(text.width())
    assert needed > 1.5 * text.fontMetrics().height()
    qtbot.waitUntil(lambda: text.height() >= needed)


@pytest.mark.parametrize("persistent", [False, True])
def test_a_choice_closes_the_banner_unless_it_is_persistent(qtbot: QtBot, persistent: bool) -> None:
    choices: list[str] = []
    banner = Banner("Restore?", [("Restore", lambda: choices.append("restore"))], persistent=persistent)
    banner.show()
    qtbot.mouseClick(banner.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert choices == ["restore"]
    assert banner.isVisible() == persistent
    banner.hide()
    banner.deleteLater()
