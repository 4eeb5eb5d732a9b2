"""Settings as text."""

import doctest

from composer.core import setting_text


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(setting_text)
    assert result.attempted > 0
    assert result.failed == 0
