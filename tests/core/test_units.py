import doctest

from composer.core import units


def test_the_examples_in_the_docstrings_hold() -> None:
    failed, tried = doctest.testmod(units)
    assert tried >= 7
    assert failed == 0
