"""Routes: straight where nothing is in between, around cards elsewhere, and independent of the history."""

import random

import pytest

from composer.gui.canvas.routing.route import STUB, Route, RouteRequest
from composer.gui.canvas.routing.router import Router, route_all
from composer.gui.canvas.routing.spatial_index import Rect

CARD = (80.0, 36.0)


def card(x: float, y: float) -> Rect:
    return x - CARD[0], y - CARD[1], x + CARD[0], y + CARD[1]


def request(
    a: tuple[float, float], b: tuple[float, float], source: str = "a", target: str = "b", **more: object
) -> RouteRequest:
    end = b if more.get("radius") else (b[0] - CARD[0], b[1])
    return RouteRequest(source, target, (a[0] + CARD[0], a[1]), end, bundle=source, **more)  # type: ignore[arg-type]


def inside(route: Route, at: Rect) -> bool:
    """Return whether a polyline crosses a card."""
    for (a, c), (b, d) in zip(route.points, route.points[1:], strict=False):
        if min(a, b) < at[2] and max(a, b) > at[0] and min(c, d) < at[3] and max(c, d) > at[1]:
            return True
    return False


def test_neighbors_in_line_are_connected_by_a_straight_line() -> None:
    (route,) = route_all({"a": card(0, 0), "b": card(240, 0)}, {"w": request((0, 0), (240, 0))}).values()
    assert route.curve
    assert {c for _, c in route.points} == {0}


def test_a_skip_arcs_around_what_it_passes_and_enters_a_merge_from_above() -> None:
    rects = {"a": card(0, 0), "m": card(240, 0), "b": (466.0, -14.0, 494.0, 14.0)}
    (route,) = route_all(rects, {"w": request((0, 0), (480, 0), radius=14.0)}).values()
    assert not route.curve
    assert not inside(route, rects["m"])
    assert route.points[-1] == (480, -14)
    assert min(c for _, c in route.points) < rects["m"][1]


def test_an_arc_comes_down_beside_port_names_if_there_is_space() -> None:
    rects = {"a": card(0, 0), "m": card(240, 0), "b": card(560, 0)}
    for names, before in ((0.0, STUB), (60.0, 60.0)):
        (route,) = route_all(rects, {"w": request((0, 0), (560, 0), names=names)}).values()
        assert route.points[-2] == (480 - before, 0)
    rects["m"] = card(340, 0)
    (route,) = route_all(rects, {"w": request((0, 0), (560, 0), names=60.0)}).values()
    assert route.points[-2] == (480 - STUB, 0)


def test_skips_nest_and_those_of_one_port_share_a_track() -> None:
    rects = {f"n{i}": card(240 * i, 0) for i in range(6)}
    routes = route_all(
        rects,
        {
            "short": request((240, 0), (720, 0), "n1", "n3"),
            "long": request((0, 0), (960, 0), "n0", "n4"),
            "same": request((0, 0), (1200, 0), "n0", "n5"),
        },
    )
    level = {key: min(c for _, c in route.points) for key, route in routes.items()}
    assert level["long"] < level["short"]
    assert level["same"] == level["long"]


def test_a_wire_back_runs_midway_between_the_rows() -> None:
    rects = {"a": card(800, 0), "b": card(0, 200)}
    (route,) = route_all(rects, {"w": request((800, 0), (0, 200))}).values()
    assert 100 in {c for _, c in route.points}


def test_wires_between_stacked_cards_are_routed_quickly() -> None:
    rects = {f"n{i}": card(0, 0) for i in range(400)}
    requests = {f"w{i}": request((0, 0), (0, 0), f"n{i}", f"n{i + 1}") for i in range(399)}
    assert len(route_all(rects, requests)) == 399


@pytest.mark.parametrize("crowd", [0, 30])
def test_routing_after_changes_equals_routing_from_scratch(crowd: int) -> None:
    dice = random.Random(3)
    rects = {f"n{i}": card(dice.randrange(0, 2400, 40), dice.randrange(-400, 400, 20)) for i in range(40)}
    rects |= {f"h{i}": card(dice.randrange(1000, 1160, 40), dice.randrange(-40, 40, 20)) for i in range(crowd)}
    names = list(rects)

    def make(source: str, target: str) -> RouteRequest:
        a, b = rects[source], rects[target]
        return RouteRequest(
            source,
            target,
            (a[2], (a[1] + a[3]) / 2),
            (b[0], (b[1] + b[3]) / 2),
            bundle=source,
            names=4.0 * int(target[1:]),
        )

    ends = {f"w{i}": (dice.choice(names), dice.choice(names)) for i in range(60)}
    router = Router[str]()
    shown: dict[str, Route] = {}
    for _ in range(40):
        for name in dice.sample(names, 2):
            rects[name] = card(dice.randrange(0, 2400, 40), dice.randrange(-400, 400, 20))
        ends[dice.choice(list(ends))] = (dice.choice(names), dice.choice(names))
        ends.pop(dice.choice(list(ends)))
        ends[f"x{dice.randrange(10**6)}"] = (dice.choice(names), dice.choice(names))
        requests = {key: make(*pair) for key, pair in ends.items()}
        for key in {*requests, *router.wires()}:
            router.request(key, requests.get(key))
        for name, rect in rects.items():
            router.place(name, rect)
        shown = {key: route for key, route in shown.items() if key in requests} | router.route()
        mixed = dice.sample(list(rects.items()), len(rects))
        assert shown == route_all(dict(mixed), requests)
