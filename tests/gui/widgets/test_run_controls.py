"""The head of the training panel: nothing is cut off in a narrow panel, and nothing moves while a run changes state."""

from itertools import pairwise

from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from composer.gui.widgets.run_controls import RunControls


def make(qtbot: QtBot, width: int) -> RunControls:
    controls = RunControls(*(lambda: None for _ in range(4)))
    qtbot.addWidget(controls)
    controls.setMinimumSize(1, 1)  # a window would grow to the size that its layout wants
    controls.resize(width, 80)
    with qtbot.waitExposed(controls):
        controls.show()
    controls.fix_widths()
    controls.resume.hide()
    controls.show_texts("Training", "epoch 2 of 8")
    qtbot.wait(0)
    return controls


def test_a_narrow_panel_keeps_the_words_of_start_and_puts_the_state_below(qtbot: QtBot) -> None:
    controls = make(qtbot, 284)
    buttons = (controls.start, controls.pause, controls.stop, controls.settings)
    for left, right in pairwise(buttons):
        assert left.geometry().right() < right.geometry().left()
    assert controls.settings.geometry().right() <= controls.width()
    assert controls.pause.text() == ""
    assert controls.pause.accessibleName() == "Pause"
    assert controls.start.text() == "Start training"
    assert (
        controls.headline.mapTo(controls, controls.headline.rect().topLeft()).y() > controls.start.geometry().bottom()
    )
    assert controls.headline.width() > 200


def test_a_wide_panel_has_the_state_beside_the_buttons_and_nothing_moves(qtbot: QtBot) -> None:
    controls = make(qtbot, 780)
    assert controls.pause.text() == "Pause"
    assert controls.headline.mapTo(controls, QPoint(0, 0)).x() > controls.stop.geometry().right()
    before = [button.geometry() for button in (controls.start, controls.pause, controls.stop)]
    controls.show_paused(True)
    qtbot.wait(0)
    assert controls.pause.text() == "Continue"
    assert [button.geometry() for button in (controls.start, controls.pause, controls.stop)] == before
    controls.resize(284, 100)
    qtbot.wait(0)
    assert controls.pause.text() == ""
    assert controls.pause.accessibleName() == "Continue"
