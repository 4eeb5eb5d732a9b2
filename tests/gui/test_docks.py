"""The places of the panels outlive the window."""

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from composer.gui.window import Window


def test_a_bottom_panel_comes_back_as_high_as_it_was(window: Callable[..., Window], qtbot: QtBot) -> None:
    first = window()
    first.show_panel("fit")
    qtbot.waitUntil(lambda: first.docks.docks["fit"].height() > 100)
    height, canvas = first.docks.docks["fit"].height(), first.canvas.height()
    first.close()
    second = window()
    assert second.docks.docks["fit"].isVisible()
    qtbot.waitUntil(lambda: abs(second.docks.docks["fit"].height() - height) < 8)
    assert abs(second.canvas.height() - canvas) < 40
