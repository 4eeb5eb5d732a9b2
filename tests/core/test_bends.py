"""Bends: part of the drawing and its file, of nothing else; they come along with what moves."""

import pytest
from hypothesis import given

from composer.core import edits, subgraphs
from composer.core.bends import bend_index, bends_of, set_bends, straighten
from composer.core.diff import diff
from composer.core.errors import DesignError
from composer.core.files.design_file import design_hash, dumps, loads
from composer.core.files.design_json import from_json, to_json
from composer.core.graph import Design, Graph, Node, Wire
from tests.strategies import designs, examples

PLACES = ((40.0, 60.0), (80.5, -20.0))


def pair() -> Design:
    """Two nodes, one bent wire between them, one straight one."""
    nodes = {id: Node(id, "Add", position=(100.0 * index, 0.0)) for index, id in enumerate("abc")}
    return Design("pair", Graph({}, nodes, {}, (Wire("a", "b", bends=PLACES), Wire("b", "c"))))


def test_a_bent_wire_is_one_line_of_the_file_and_a_straight_one_is_as_ever():
    text = dumps(pair())
    assert "  - a -> b: [[40, 60], [80.5, -20]]\n  - b -> c\n" in text
    assert bends_of(loads(text).main, Wire("a", "b")) == PLACES


@pytest.mark.parametrize(
    "led", ["3", "far", "[1, 2]", "[[1]]", "[[1, x]]", "{a: 1}", "[" + ", ".join(["[0, 0]"] * 101) + "]"]
)
def test_bends_that_are_none_are_refused_with_their_line(led: str):
    text = dumps(pair()).replace("[[40, 60], [80.5, -20]]", led)
    with pytest.raises(DesignError, match=r"^own.yaml, line \d+: bends? of wire 'a -> b'"):
        loads(text, "own.yaml")


@examples(100)
@given(designs())
def test_file_and_pipe_keep_them(design: Design):
    for read in (loads(dumps(design)), from_json(to_json(design))):
        for name, graph in design.all_graphs():
            assert [wire.bends for wire in read.graph(name).wires] == [wire.bends for wire in graph.wires]


def test_they_are_no_part_of_the_network():
    bent = pair()
    straight = set_bends(bent, Wire("a", "b"), ())
    assert design_hash(bent) == design_hash(straight)
    assert not diff(bent, straight).structural


def test_a_diff_names_the_bent_wires():
    bent = pair()
    other = set_bends(bent, Wire("b", "c"), [(1, 2)])
    change = diff(bent, other)
    assert not change.empty and not change.structural and change.graphs[""].bent == (Wire("b", "c"),)
    assert diff(bent, set_bends(bent, Wire("a", "b"), PLACES)).empty


def test_they_move_with_both_ends_and_stay_when_one_end_moves():
    both = edits.move(pair(), {"a": (10, 20), "b": (110, 20)})
    assert bends_of(both.main, Wire("a", "b")) == ((50, 80), (90.5, 0))
    one = edits.move(pair(), {"a": (10, 20)})
    assert bends_of(one.main, Wire("a", "b")) == PLACES


def test_a_renamed_node_keeps_the_bends_of_its_wires():
    assert bends_of(edits.rename(pair(), "a", "z").main, Wire("z", "b")) == PLACES


def test_copies_and_unpacked_sub_graphs_have_them_in_their_place():
    design = pair()
    pasted, fresh = edits.paste(design, edits.excerpt(design, ["a", "b"]), (0, 300))
    assert bends_of(pasted.main, Wire(fresh["a"], fresh["b"])) == ((40, 360), (80.5, 280))
    result, use = subgraphs.make(design, ["a", "b"], "part")
    back, _ = subgraphs.unpack(result, use)
    assert bends_of(back.main, Wire("a", "b")) == PLACES


def test_what_is_put_on_a_bent_wire_or_arranged_anew_has_straight_wires():
    design = edits.insert_on_wire(pair(), Wire("a", "b"), Node("new", "Add"))
    assert not any(wire.bends for wire in design.main.wires)
    assert not any(wire.bends for wire in straighten(pair(), ["b"]).main.wires)
    assert straighten(pair(), ["c"]).main.wires[0].bends == PLACES


def test_a_wire_that_does_not_exist_cannot_be_bent():
    with pytest.raises(DesignError, match="c -> a does not exist"):
        set_bends(pair(), Wire("c", "a"), [(0, 0)])


def test_a_new_bend_comes_where_the_wire_passes_it():
    assert bend_index((), ((0, 0), (100, 0)), (50, 9)) == 0
    way, led = ((0, 0), (12, 0), (12, 80), (100, 80), (100, 0), (120, 0)), ((40, 80), (70, 80))
    assert [bend_index(led, way, new) for new in ((11, 40), (50, 82), (99, 30))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("new", "index"),
    [
        ((10, 9), 0),  # before the start
        ((23, 19), 0),  # 30 % along the slanted segment, 5 pixels beside it
        ((35, 35), 1),  # 70 %
        ((40, 60), 1),  # beyond its end, nearest to the corner
        ((40, 30), 1),  # within the bend, nearer to the way up
        ((5, 55), 1),  # outside, where the way down continued backwards would pass
        ((75, 40), 2),  # beside the way down
        ((80, 20), 3),  # on another bend
        ((88, 13), 3),
        ((120, 9), 3),  # behind the end
    ],
)
def test_a_new_bend_is_ordered_by_the_nearest_point_of_a_slanted_route(new: tuple[int, int], index: int):
    route = ((10, 10), (40, 50), (100, 10))
    bends = ((21, 33), (45, 49), (80, 20))  # half way up, just behind the corner, two thirds down
    assert bend_index(bends, route, new) == index
