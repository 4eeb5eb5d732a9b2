"""Ids: what may be one, and how free ones are found."""

import keyword

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from composer.core.names import MAX_LENGTH, camel, fresh, problem, snake
from tests.strategies import examples


@pytest.mark.parametrize("name", ["attn_2", "x", "on", "input", "Stem", "conv1x1", "add", "stage_2", "a" * MAX_LENGTH])
def test_good(name: str) -> None:
    assert problem(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        (None, "empty"),
        (3, "empty"),
        ("a b", "not a plain identifier"),
        ("1a", "not a plain identifier"),
        ("a-b", "not a plain identifier"),
        ("a\n", "not a plain identifier"),
        ("é", "not a plain identifier"),
        ("_private", "underscore"),
        ("__class__", "underscore"),
        ("class", "keyword"),
        ("match", "keyword"),
        ("self", "used by Python"),
        ("print", "used by Python"),
        ("torch", "used by Python"),
        ("forward", "used by Python"),
        ("training", "used by Python"),
        ("train", "used by Python"),
        ("state_dict", "used by Python"),
        ("a" * (MAX_LENGTH + 1), "longer than 64"),
    ],
)
def test_bad(name: object, words: str) -> None:
    assert words in str(problem(name))


def test_no_id_hides_an_attribute_of_modules() -> None:
    assert [name for name in dir(torch.nn.Module()) if problem(name) is None] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MBConv", "mb_conv"),
        ("SqueezeExcite", "squeeze_excite"),
        ("BatchNorm2d", "batch_norm2d"),
        ("ECA", "eca"),
        ("Linear", "linear"),
        ("?", "node"),
    ],
)
def test_snake(name: str, expected: str) -> None:
    assert snake(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("stage_1", "Stage1"), ("my net", "MyNet"), ("1st", "Net1st"), ("", "Net"), ("attnBlock", "AttnBlock")],
)
def test_camel(name: str, expected: str) -> None:
    assert camel(name) == expected


@examples(200)
@given(st.text(max_size=80))
def test_camel_and_snake_give_identifiers_of_any_text(text: str) -> None:
    ascii_text = text.encode("ascii", "replace").decode()
    assert camel(ascii_text).isidentifier() and not keyword.iskeyword(camel(ascii_text))
    assert snake(ascii_text).isascii()


@examples(200)
@given(st.text(max_size=80), st.sets(st.sampled_from(("a", "a_2", "a_3", "attn", "self", "node", "node_2"))))
def test_fresh_gives_a_free_good_name_of_any_base(base: str, taken: set[str]) -> None:
    name = fresh(base, taken)
    assert name not in taken and problem(name) is None
    assert fresh(name, taken) == name


def test_fresh_counts_on() -> None:
    assert fresh("attn", {"attn"}) == "attn_2"
    assert fresh("attn_2", {"attn_2"}) == "attn_3"
    assert fresh("attn_7", {"attn_7"}) == "attn_2"
    assert fresh("class", set()) == "class_2"
