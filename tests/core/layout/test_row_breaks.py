"""Breaking a long drawing into rows."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from composer.core.layout.row_breaks import row_breaks


def columns(count: int) -> list[tuple[float, float]]:
    """Cards of 100 pixels, 50 pixels apart."""
    return [(50.0 + 150.0 * index, 100.0) for index in range(count)]


def chain(count: int) -> list[list[str]]:
    """A single wire passes on from each card but the last."""
    return [*([str(index)] for index in range(count - 1)), []]


def test_what_fits_stays_in_one_row() -> None:
    assert row_breaks(columns(4), chain(4), 550.0) == [(0, 3)]
    assert row_breaks(columns(1), [[]], 10.0) == [(0, 0)]


def test_rows_are_of_about_one_length() -> None:
    assert row_breaks(columns(9), chain(9), 800.0) == [(0, 4), (5, 8)]
    assert row_breaks(columns(6), chain(6), 600.0) == [(0, 2), (3, 5)]


def test_a_last_card_is_taken_into_rows_that_are_a_little_too_long() -> None:
    assert row_breaks(columns(5), chain(5), 600.0) == [(0, 4)]
    assert row_breaks(columns(5), chain(5), 450.0) == [(0, 2), (3, 4)]


def test_a_row_that_is_too_long_costs_four_times_one_that_is_too_short() -> None:
    """Two cards: one row of 250 pixels, or two of 100. The squares of what is off decide, those of too long rows by
    four.
    """
    assert 4 * (70 / 180) ** 2 > 2 * (80 / 180) ** 2
    assert row_breaks(columns(2), chain(2), 180.0) == [(0, 0), (1, 1)]
    assert 4 * (55 / 195) ** 2 < 2 * (95 / 195) ** 2
    assert row_breaks(columns(2), chain(2), 195.0) == [(0, 1)]


def test_a_cut_of_several_wires_is_worth_rows_that_are_a_tenth_off() -> None:
    passing = chain(20)
    assert row_breaks(columns(20), passing, 1450.0) == [(0, 9), (10, 19)]
    passing[9] = ["9", "9"]
    assert row_breaks(columns(20), passing, 1450.0) in ([(0, 8), (9, 19)], [(0, 10), (11, 19)])


def test_no_row_of_one_card_for_a_wire_that_passes_by() -> None:
    """A skip from the fourth card to the eighth: a break behind the fourth cuts two wires, yet of one item."""
    passing = [["0"], ["1"], ["2"], ["3", "3"], ["3", "4"], ["3", "5"], ["3", "6"], ["7"], []]
    assert row_breaks(columns(9), passing, 800.0) == [(0, 3), (4, 8)]


def test_where_nothing_can_be_cut_a_row_is_longer() -> None:
    passing = [["0", "x"], ["1", "x"], ["2", "x"], ["3"], ["4"], []]
    assert row_breaks(columns(6), passing, 250.0) == [(0, 3), (4, 5)]
    assert row_breaks(columns(3), [["0", "x"], ["1", "x"], []], 100.0) == [(0, 2)]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=9), st.floats(120.0, 900.0))
def test_rows_follow_each_other_and_end_where_they_may(wires: list[int], row: float) -> None:
    passing = [[["a"], ["a", "a"], ["a", "b"]][kind] for kind in wires[:-1]] + [[]]
    breaks = row_breaks(columns(len(passing)), passing, row)
    assert breaks[0][0] == 0 and breaks[-1][1] == len(passing) - 1
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(breaks))
    assert all(len(set(passing[last])) == 1 for _, last in breaks[:-1])


@given(st.integers(1, 60), st.floats(300.0, 2000.0))
def test_rows_of_a_chain_are_near_the_length_that_is_asked_for(count: int, row: float) -> None:
    lengths = [150.0 * (last - first) + 100.0 for first, last in row_breaks(columns(count), chain(count), row)]
    assert max(lengths) < 1.5 * row
    assert len(lengths) == 1 or min(lengths) > 0.5 * row - 150.0
