"""Finding a block by a few letters."""

import pytest

from composer.core.blocks.block_search import block_choices, filter_choices, search
from composer.core.blocks.catalog import read_catalog
from composer.core.graph import Design, Graph

CHOICES = block_choices(Design(graphs={"stage": Graph()}), read_catalog(), "")


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("mbconv", "MBConv"),
        ("mhsa", "MultiHeadSelfAttention"),
        ("sq", "SqueezeExcite"),
        ("conv2d", "Conv2d"),
        ("stage", "stage"),
    ],
)
def test_the_best_match_comes_first(text: str, best: str) -> None:
    assert search(CHOICES, text)[0].name == best


def test_no_text_shows_all_and_nonsense_nothing() -> None:
    assert search(CHOICES, "") == CHOICES
    assert search(CHOICES, "qqqqxz") == []


def test_tags_find_blocks_too() -> None:
    assert "Add" in [choice.name for choice in search(CHOICES, "residual")]


def test_a_wire_filters_by_layout() -> None:
    after_map = {choice.name for choice in filter_choices(CHOICES, "map", from_output=True)}
    assert {"Conv2d", "Add", "Output"} <= after_map
    assert not {"TokensToMap", "Input"} & after_map
    before_map = {choice.name for choice in filter_choices(CHOICES, "map", from_output=False)}
    assert {"Conv2d", "Input"} <= before_map
    assert not {"ClassifierHead", "Output"} & before_map


def test_a_graph_is_not_offered_inside_itself() -> None:
    assert "graph:stage" in {choice.block for choice in CHOICES}
    inside = block_choices(Design(graphs={"stage": Graph()}), read_catalog(), "stage")
    assert "graph:stage" not in {choice.block for choice in inside}


def test_what_would_misread_the_tokens_on_a_wire_comes_last() -> None:
    after_tokens = filter_choices(CHOICES, "tokens", from_output=True, tokens=True)
    assert [choice.name for choice in search(after_tokens, "classif")][:2] == ["TokenClassifierHead", "ClassifierHead"]
    assert {choice.name for choice in after_tokens if choice.misreads} == {
        "BatchNorm1d",
        "ClassifierHead",
        "Conv1d",
        "GroupNorm",
    }
    assert after_tokens[-4].misreads and not after_tokens[-5].misreads
    # A map is what it is for, and a sequence that enters the network may have its channels first.
    for kind in ("map", "tokens"):
        assert search(filter_choices(CHOICES, kind, from_output=True), "classif")[0].name == "ClassifierHead"


def test_of_equal_matches_the_one_that_needs_no_second_wire_comes_first() -> None:
    after_tokens = filter_choices(CHOICES, "tokens", from_output=True, tokens=True)
    assert search(after_tokens, "transf")[0].name == "TransformerEncoderLayer"
    assert search(after_tokens, "multiheadcross")[0].name == "MultiHeadCrossAttention"
