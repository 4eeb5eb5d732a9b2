"""Typed values: what people write becomes what the design holds, and back."""

import doctest
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core import value_text
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.graph import Each, Ramp
from composer.core.value_text import from_text, shape_from_text, to_text

INT = ParamSpec("heads", "int", default=4, range=(1, 64))
FLOAT = ParamSpec("ratio", "float", default=4.0)
PAIR = ParamSpec("kernel", "tuple", default=(3, 3), items=("int", 2))
SIZES = ParamSpec("kernel_size", "int", default=3, range=(1, 31), axes=2)
CHOICE = ParamSpec("act", "choice", default="relu", choices=("relu", "gelu"), optional=True)
VARIABLES = {"width": 32}


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(value_text).failed == 0


@pytest.mark.parametrize(
    ("text", "spec", "value"),
    [
        ("8", INT, 8),
        ("64*2/4", INT, 32),
        ("=width*2", INT, "=width*2"),
        ("width*2", INT, "=width*2"),
        ("2", FLOAT, 2.0),
        ("1e-3", FLOAT, 0.001),
        ("3, 5", PAIR, (3, 5)),
        ("(3, 5)", PAIR, (3, 5)),
        ("3 × 5", PAIR, (3, 5)),
        ("7", PAIR, (7, 7)),
        ("=width, 3", PAIR, ("=width", 3)),
        ("=width", PAIR, "=width"),
        ("3", SIZES, 3),
        ("1, 7", SIZES, (1, 7)),
        ("1 × 7", SIZES, (1, 7)),
        ("=width, 3", SIZES, ("=width", 3)),
        ("width*2", SIZES, "=width*2"),
        ("gelu", CHOICE, "gelu"),
        ("none", CHOICE, None),
        ("each 2, 1, 1", INT, Each((2, 1, 1))),
        ("each: 2, =width", INT, Each((2, "=width"))),
        ("ramp 0, 0.1", FLOAT, Ramp(0.0, 0.1)),
        ("true", None, True),
        ("some text", None, "some text"),
        ("64*2", None, 128),
    ],
)
def test_text_becomes_a_value(text: str, spec: ParamSpec | None, value: object) -> None:
    result = from_text(text, spec, VARIABLES)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "spec", "said"),
    [
        ("65", INT, "from 1 to 64"),
        ("1.5", INT, "integer"),
        ("", INT, "empty"),
        ("os.system('x')", INT, "other than arithmetic"),
        ("height*2", INT, "; variables: "),
        ("=1+", INT, "arithmetic"),
        ("1, 2, 3", PAIR, "a list of 2"),
        ("swish", CHOICE, "relu, gelu"),
        ("each", INT, "each 2, 1, 1"),
        ("ramp 1", FLOAT, "ramp 0, 0.1"),
        ("9**9**9", INT, "power"),
    ],
)
def test_what_is_no_value_is_refused_with_a_reason(text: str, spec: ParamSpec, said: str) -> None:
    with pytest.raises(UserError, match=said):
        from_text(text, spec, VARIABLES)


@given(
    st.one_of(st.integers(1, 64), st.lists(st.integers(1, 64), min_size=1, max_size=5).map(lambda v: Each(tuple(v))))
)
def test_a_value_is_read_back_from_its_text(value: object) -> None:
    assert from_text(to_text(value), INT) == value


@given(st.text(max_size=30))
def test_no_text_does_harm(text: str) -> None:
    for spec in (INT, FLOAT, PAIR, CHOICE, None):
        with suppress(UserError):
            from_text(text, spec, VARIABLES)


def test_shapes() -> None:
    assert shape_from_text("3, 224, 224") == (3, 224, 224)
    assert shape_from_text("3 x 16*2 x =size") == (3, 32, "=size")
    for bad in ("", "3, -1", "a b", "0", "3, 2.5", "True"):
        with pytest.raises(UserError):
            shape_from_text(bad)
