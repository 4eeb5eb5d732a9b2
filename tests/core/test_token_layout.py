"""Runs of tokens: slices, joins and their text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.token_layout import TokenLayout, TokenRun, cells, join, unplaced

VIT = join((unplaced(1, "class"), unplaced(4, "register"), cells((2, 3)), unplaced(2, "memory")))
RUNS = st.one_of(
    st.builds(unplaced, st.integers(1, 5), st.sampled_from(["class", "register", "word", ""])),
    st.builds(cells, st.tuples(st.integers(1, 4), st.integers(1, 4))),
)
LAYOUTS = st.lists(RUNS, min_size=1, max_size=4).map(join)


def test_the_grid_is_found_between_other_tokens() -> None:
    assert VIT.length == 13
    assert VIT.grid_run == (5, TokenRun(6, "", (2, 3)))
    assert [run.role for run in VIT.front] == ["class", "register"]
    assert VIT.describe() == "1 class token, 4 registers, 2 x 3 positions, 2 memory tokens"


def test_of_two_grids_the_larger_one_is_drawn() -> None:
    fine_and_coarse = join((cells((4, 4)), cells((2, 2))))
    assert fine_and_coarse.grid_run == (0, TokenRun(16, "", (4, 4)))
    assert join((cells((2, 2)), cells((4, 4)))).grid_run == (4, TokenRun(16, "", (4, 4)))


def test_a_slice_remembers_its_cells() -> None:
    below = cells((8, 8)).take(48, None)
    assert below == TokenLayout((TokenRun(16, "", (8, 8), 48),))
    assert not below.runs[0].whole
    assert below.describe() == "16 of 8 x 8 positions"
    assert VIT.take(5, -2) == cells((2, 3))


@given(LAYOUTS, st.integers(0, 30))
def test_parts_of_a_layout_join_to_it(layout: TokenLayout, at: int) -> None:
    assert join((layout.take(0, at), layout.take(at, None))) == join((layout,))
    assert layout.take(0, at).length == min(at, layout.length)


@given(LAYOUTS)
def test_json_preserves_layouts(layout: TokenLayout) -> None:
    assert TokenLayout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


@pytest.mark.parametrize(("layout", "role", "expected"), [(unplaced(3, "input"), "input", True), (VIT, "class", False)])
def test_a_layout_of_one_role(layout: TokenLayout, role: str, expected: bool) -> None:
    assert layout.only(role) is expected
