"""The message line of the panels."""

import pytest
from pytestqt.qtbot import QtBot

from composer.gui.widgets.notice import Notice


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("the training process ended", "The training process ended"),
        ("net.py exists already", "net.py exists already"),
        ("stem: out_channels: 0 is not positive", "stem: out_channels: 0 is not positive"),
        ("3 runs were deleted", "3 runs were deleted"),
        ("", ""),
    ],
)
def test_an_ordinary_first_word_is_capitalized_and_a_name_is_not(qtbot: QtBot, message: str, text: str) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_message(message)
    assert notice.text == text


def test_a_message_replaces_the_buttons_of_the_one_before(qtbot: QtBot) -> None:
    notice, calls = Notice(), []
    qtbot.addWidget(notice)
    notice.show_message("Deleted", actions=[("Undo", lambda: calls.append("undo"))])
    notice.show_message("Failed", "error", details="traceback", actions=[("Retry", lambda: calls.append("retry"))])
    assert notice.level == "error"
    assert notice.action("Undo") is None
    assert notice.action("Details") is not None
    retry = notice.action("Retry")
    assert retry is not None
    retry.click()
    assert calls == ["retry"]
    assert (notice.text, notice.level) == ("", "")  # a click on an action closes the message
