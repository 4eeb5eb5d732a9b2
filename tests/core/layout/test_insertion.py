"""Room for new items: nothing overlaps afterwards, nothing moves that need not, frames go along."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from composer.core import edits, subgraphs
from composer.core.graph import Design, Frame, Graph, Input, Node, Output, Wire
from composer.core.layout.frames import grow_frames
from composer.core.layout.insertion import make_space, shifted_positions
from composer.core.layout.layered import Spacing, layout
from tests.strategies import examples, graphs
from tests.work import calls

CARD = (120.0, 72.0)
GAPS = Spacing()


def chain(*ids: str, step: float = 160.0, extra: tuple[Wire, ...] = ()) -> Design:
    """Cards in a row, 40 px between them."""
    nodes = {id: Node(id, "Conv2d", position=(step * index, 0.0)) for index, id in enumerate(ids)}
    wires = tuple(Wire(one, other) for one, other in pairwise(ids))
    return Design(main=Graph({}, nodes, {}, (*wires, *extra)))


def card_sizes(graph: Graph) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(graph.ids(), CARD)


def spliced(design: Design, wire: Wire, at: tuple[float, float]) -> Design:
    design = edits.insert_on_wire(design, wire, Node("new", "Conv2d", position=at))
    return make_space(design, ["new"], card_sizes(design.main))


def places(design: Design, *ids: str) -> list[tuple[float, float]]:
    return [design.main.nodes[id].position for id in ids]


def overlaps(graph: Graph, sizes: dict[str, tuple[float, float]]) -> set[frozenset[str]]:
    """Pairs of items that cover each other."""
    overlaps = set()
    items = [graph.item(id) for id in graph.ids()]
    for index, one in enumerate(items):
        for other in items[:index]:
            (x, y), (w, h) = one.position, sizes[one.id]
            (u, v), (p, q) = other.position, sizes[other.id]
            if abs(x - u) < (w + p) / 2 and abs(y - v) < (h + q) / 2:
                overlaps.add(frozenset((one.id, other.id)))
    return overlaps


def test_a_narrow_gap_is_widened_by_what_is_lacking():
    after = spliced(chain("a", "b", "c"), Wire("a", "b"), (80, 0))
    assert places(after, "a", "new", "b", "c") == [(0, 0), (160, 0), (320, 0), (480, 0)]


def test_a_wide_gap_further_on_takes_the_push_up():
    design = chain("a", "b", "c", "d")
    design = edits.move(design, {"c": (500, 0), "d": (660, 0)})
    after = spliced(design, Wire("a", "b"), (80, 0))
    assert places(after, "b", "c", "d") == [(320, 0), (500, 0), (660, 0)]


def test_in_a_gap_that_is_wide_enough_nothing_else_moves():
    design = chain("a", "b", "c", step=400)
    assert places(spliced(design, Wire("a", "b"), (200, 0)), "a", "new", "b", "c") == [
        (0, 0),
        (200, 0),
        (400, 0),
        (800, 0),
    ]
    near = spliced(design, Wire("a", "b"), (332, 8))
    assert places(near, "new", "b") == [(240, 0), (400, 0)]  # in the gap and on the line of its neighbours


def test_gaps_that_were_narrower_than_usual_stay_as_they_were():
    design = chain("a", "b", "c", step=130)
    after = spliced(design, Wire("a", "b"), (65, 0))
    assert places(after, "c")[0][0] - places(after, "b")[0][0] == 130


def test_a_wire_with_a_label_gets_room_for_it():
    design = edits.insert_on_wire(chain("a", "b"), Wire("a", "b"), Node("new", "Conv2d", position=(80, 0)))
    positions = shifted_positions(design.main, ["new"], card_sizes(design.main), min_gap={Wire("new", "b"): 100.0})
    assert positions == {"new": (160, 0), "b": (380, 0)}


def test_wires_may_run_down():
    design = chain("a", "b", "c")
    design = edits.move(design, {id: (y, x * 0.7) for id, (x, y) in zip("abc", places(design, *"abc"), strict=True)})
    design = edits.insert_on_wire(design, Wire("a", "b"), Node("new", "Conv2d", position=(0, 56)))
    assert shifted_positions(design.main, ["new"], card_sizes(design.main), "down") == {
        "new": (0, 112),
        "b": (0, 224),
        "c": (0, 336),
    }


def test_on_a_skip_it_moves_aside_and_leaves_the_row_alone():
    design = chain("a", "b", "c", "d", extra=(Wire("a", "d"),))
    after = spliced(design, Wire("a", "d"), (240, -60))
    assert places(after, "a", "b", "c", "d") == places(design, "a", "b", "c", "d")
    assert places(after, "new") == [(240, -112)]


def test_what_stands_in_the_way_of_the_pushed_is_pushed_too_but_not_what_lies_beside():
    design = chain("a", "b")
    for id, place in {"way": (320, 20), "beside": (160, 150), "before": (0, 150)}.items():
        design = edits.add(design, Node(id, "Conv2d", position=place))
    after = spliced(design, Wire("a", "b"), (80, 0))
    assert places(after, "b", "way", "beside", "before") == [(320, 0), (480, 20), (160, 150), (0, 150)]


def test_in_rows_the_next_row_stays():
    design = chain("a", "b", "c", "d")
    design = edits.move(design, {"c": (0, 200), "d": (160, 200)})
    after = spliced(design, Wire("a", "b"), (80, 0))
    assert places(after, "b", "c", "d") == [(320, 0), (0, 200), (160, 200)]


def test_a_copy_on_top_of_the_original_comes_to_stand_under_it():
    design = chain("a", "b", "c")
    design, fresh = edits.paste(design, edits.excerpt(design, ["b"]))
    after = make_space(design, fresh.values(), card_sizes(design.main))
    assert places(after, "b", "b_2") == [(160, 0), (160, 112)]
    again, fresh = edits.paste(after, edits.excerpt(after, ["b"]))
    assert places(make_space(again, fresh.values(), card_sizes(again.main)), "b_3") == [(160, -112)]


def test_a_copy_on_free_ground_stays_where_it_is():
    design = chain("a", "b", "c")
    design, fresh = edits.paste(design, edits.excerpt(design, ["b"]), (0.0, 80.0))
    assert make_space(design, fresh.values(), card_sizes(design.main)) is design


def test_an_unpacked_sub_graph_pushes_what_it_feeds_and_parts_the_lanes():
    design = chain("a", "use", "d", "e")
    design = edits.add(design, Node("under", "Conv2d", position=(300, 112)))
    inner = Graph(
        {"x": Input("x")},
        {
            "p": Node("p", "Conv2d", position=(0, 0)),
            "q": Node("q", "Conv2d", position=(160, 0)),
            "r": Node("r", "Add", position=(160, 120)),
        },
        {"y": Output("y", (320, 0))},
        (Wire("x", "p"), Wire("p", "q"), Wire("p", "r"), Wire("q", "y")),
        frames=(Frame("inside", "", (-80, -60, 320, 240), ("p", "q", "r")),),
    )
    design = replace(design, graphs={"part": inner})
    design = edits.update_item(design, "use", block="graph:part")
    design = edits.set_frames(design, [Frame("around", "", (80, -60, 320, 120), ("use", "d"))])
    unpacked, ids = subgraphs.unpack(design, "use")
    after = make_space(unpacked, ids, card_sizes(unpacked.main))
    assert not overlaps(after.main, card_sizes(after.main))
    assert places(after, "a", "p", "q", "d", "e") == [(0, 0), (160, -60), (320, -60), (480, 0), (640, 0)]
    assert after.main.nodes["under"].position == (300, 60 + 36 + 40 + 36)
    around, inside = after.main.frames
    assert around.nodes == ("p", "q", "r", "d") and inside.nodes == ("p", "q", "r")
    assert inside.rect == (80, -120, 320, 240)
    assert around.rect[0] + around.rect[2] >= 480 + 60 + 16


def test_frames_grow_with_their_members_and_take_in_what_is_put_between_them():
    design = edits.set_frames(
        chain("a", "b", "c"),
        [Frame("f", "", (-80, -60, 320, 120), ("a", "b")), Frame("g", "", (240, -60, 160, 120), ("c",))],
    )
    after = spliced(design, Wire("a", "b"), (80, 0))
    first, second = after.main.frames
    assert (first.rect, first.nodes) == ((-80, -60, 480, 120), ("a", "b", "new"))
    assert (second.rect, second.nodes) == ((400, -60, 160, 120), ("c",))


def test_frames_of_what_does_not_move_are_the_same():
    design = edits.set_frames(chain("a", "b", step=400), [Frame("f", "", (-80, -60, 160, 120), ("a",))])
    design = edits.insert_on_wire(design, Wire("a", "b"), Node("new", "Conv2d", position=(200, 0)))
    assert grow_frames(design.main, design.main, ["new"], card_sizes(design.main)) == design.main.frames


@examples(150)
@given(graphs(), st.data())
def test_whatever_is_put_on_whatever_wire_nothing_overlaps_and_nothing_moves_twice(graph: Graph, data: st.DataObject):
    assume(graph.wires)
    cards = st.tuples(st.sampled_from((24.0, 128.0, 248.0)), st.sampled_from((24.0, 72.0, 120.0)))
    direction = data.draw(st.sampled_from(("right", "down")))
    row = data.draw(st.sampled_from((None, 500.0)))
    sizes = {id: data.draw(cards) for id in [*graph.ids(), "brand_new"]}
    design = edits.move(Design(main=graph), layout(graph, sizes, direction, row=row))
    assume(not overlaps(design.main, sizes))
    wire = data.draw(st.sampled_from(graph.wires))
    (x, y), (u, v) = (design.main.item(id).position for id in (wire.source, wire.target))
    share = data.draw(st.floats(0, 1))
    at = (round(x + (u - x) * share), round(y + (v - y) * share))
    put = edits.insert_on_wire(design, wire, Node("brand_new", "Conv2d", position=at))
    after = make_space(put, ["brand_new"], sizes, direction=direction)
    assert not overlaps(after.main, sizes)
    assert shifted_positions(after.main, ["brand_new"], sizes, direction).keys() <= {"brand_new"}
    axis = 1 if direction == "down" else 0
    for id in graph.ids():
        before, now = design.main.item(id).position, after.main.item(id).position
        assert now[axis] >= before[axis] and now[1 - axis] == before[1 - axis]


@examples(80)
@given(graphs(), st.data())
def test_wherever_a_copy_of_anything_is_put_it_covers_nothing(graph: Graph, data: st.DataObject):
    sizes = {id: (data.draw(st.sampled_from((24.0, 128.0))), 72.0) for id in graph.ids()}
    design = edits.move(Design(main=graph), layout(graph, sizes))
    assume(not overlaps(design.main, sizes))
    selected = data.draw(st.lists(st.sampled_from(tuple(graph.ids())), min_size=1, unique=True))
    offset = data.draw(st.tuples(st.integers(-300, 300), st.integers(-300, 300)))
    put, fresh = edits.paste(design, edits.excerpt(design, selected), offset)
    sizes |= {new: sizes[old] for old, new in fresh.items()}
    after = make_space(put, fresh.values(), sizes)
    assert not overlaps(after.main, sizes)
    assert all(after.main.item(id) == design.main.item(id) for id in graph.ids())


@pytest.mark.parametrize("what", ["splice", "paste"])
def test_the_work_grows_about_as_the_graph(what: str):
    def work(count: int) -> int:
        design = chain(*(f"n{index}" for index in range(count)))
        if what == "splice":
            design = edits.insert_on_wire(design, Wire("n0", "n1"), Node("new", "Conv2d", position=(80, 0)))
            placed = ["new"]
        else:
            design, fresh = edits.paste(design, edits.excerpt(design, design.main.ids()))
            placed = list(fresh.values())
        sizes = card_sizes(design.main)
        return calls(lambda: shifted_positions(design.main, placed, sizes))

    assert work(2000) < 15 * work(200)  # 10 times the items; the square would be 100 times
