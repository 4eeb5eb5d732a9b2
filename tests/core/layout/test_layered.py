"""Layered placement: what runs straight, what stands beside it, and how long it takes."""

import time

import pytest

from composer.core.graph import Graph, Node, Wire
from composer.core.layout.layered import layout
from tests.patience import seconds

SIZE = (160.0, 64.0)


def graph(*chains: str) -> Graph:
    """A graph from chains such as ``"a b c"``."""
    ids = dict.fromkeys(id for chain in chains for id in chain.split())
    wires = dict.fromkeys(
        Wire(a, b) for chain in chains for a, b in zip(chain.split(), chain.split()[1:], strict=False)
    )
    return Graph(nodes={id: Node(id, "Conv2d") for id in ids}, wires=tuple(wires))


def sizes(of: Graph) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(of.ids(), SIZE)


def overlaps(places: dict[str, tuple[float, float]]) -> list[tuple[str, str]]:
    overlaps = []
    items = list(places.items())
    for index, (a, (ax, ay)) in enumerate(items):
        for b, (bx, by) in items[index + 1 :]:
            if abs(ax - bx) < SIZE[0] and abs(ay - by) < SIZE[1]:
                overlaps.append((a, b))
    return overlaps


def test_a_chain_is_a_straight_line_on_the_grid() -> None:
    places = layout(graph("a b c d"), sizes(graph("a b c d")))
    assert len({y for _, y in places.values()}) == 1
    assert [x for x, _ in places.values()] == sorted(x for x, _ in places.values())
    assert all(value % 4 == 0 for place in places.values() for value in place)


def test_the_other_direction_runs_down() -> None:
    places = layout(graph("a b c d"), sizes(graph("a b c d")), "down")
    assert len({x for x, _ in places.values()}) == 1
    assert places["d"][1] > places["a"][1]


def test_a_residual_net_keeps_its_main_path_straight() -> None:
    net = graph("x a b add_1 c d add_2 out", "x add_1", "add_1 add_2")
    places = layout(net, sizes(net))
    assert len({y for _, y in places.values()}) == 1


def test_a_branch_lies_beside_the_main_path() -> None:
    net = graph("x a b c add", "x s add")
    places = layout(net, sizes(net))
    assert {places[id][1] for id in ("x", "a", "b", "c", "add")} == {places["x"][1]}
    assert places["s"][1] > places["x"][1] + SIZE[1]
    assert not overlaps(places)


def test_what_feeds_a_late_item_stands_next_to_it() -> None:
    net = graph("x a b c d out", "context embed d")
    places = layout(net, sizes(net))
    assert places["embed"][0] == places["c"][0]
    assert places["context"][0] == places["b"][0]


def test_room_for_a_label_widens_its_gap() -> None:
    net = graph("a b c")
    plain, wide = layout(net, sizes(net)), layout(net, sizes(net), min_gap={Wire("a", "b"): 120.0})
    assert wide["b"][0] - wide["a"][0] == SIZE[0] + 120
    assert wide["c"][0] - wide["b"][0] == plain["c"][0] - plain["b"][0]


def test_long_networks_go_on_in_a_next_row_where_one_wire_passes() -> None:
    net = graph(" ".join(f"n{i}" for i in range(12)), "n4 n7")
    places = layout(net, sizes(net), row=1000.0)
    rows = sorted({y for _, y in places.values()})
    assert len(rows) > 2
    assert max(x for x, _ in places.values()) + SIZE[0] / 2 <= 1000
    assert places["n4"][1] == places["n7"][1]
    assert not overlaps(places)


def test_placing_a_selection_leaves_its_corner_and_the_rest() -> None:
    net = graph("a b c")
    places = layout(net, sizes(net), only={"b", "c"})
    assert set(places) == {"b", "c"}
    assert (min(x for x, _ in places.values()), places["b"][1]) == (0, 0)


def test_separate_parts_do_not_overlap() -> None:
    net = graph("a b c", "d e", "f")
    assert not overlaps(layout(net, sizes(net)))


def test_a_cycle_is_placed_all_the_same() -> None:
    net = graph("a b c a")
    assert not overlaps(layout(net, sizes(net)))


def test_nothing_to_place() -> None:
    assert layout(Graph(), {}) == {}


@pytest.mark.parametrize("direction", ["right", "down"])
def test_a_thousand_nodes_are_quick(direction: str) -> None:
    blocks = " ".join(f"a{i} b{i} c{i} add{i}" for i in range(200))
    net = graph(
        f"x {blocks} out", *(f"add{i} add{i + 1}" for i in range(199)), *(f"a{i} s{i} c{i}" for i in range(200))
    )
    started = time.perf_counter()
    places = layout(net, sizes(net), direction)
    assert time.perf_counter() - started < seconds(0.5)
    assert len(places) == 1002
    if direction == "right":
        assert not overlaps(places)
