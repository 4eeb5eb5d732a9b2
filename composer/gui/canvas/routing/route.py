"""The route of one wire: a line or gentle curve where nothing is in between, else rounded arcs around the cards.

All coordinates are (along, across) the flow, so that one set of rules serves both directions. A route depends only on
the cards and on the wires that `router` routes before, never on the order of edits. Knows no Qt.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from composer.gui.canvas.routing.spatial_index import MAX_NEIGHBORS, Rect, SpatialIndex

FlowPoint: TypeAlias = tuple[float, float]  # (along, across) the flow
Cards: TypeAlias = SpatialIndex[str]
Tracks: TypeAlias = Callable[[Rect], list[Rect]]  # returns the tracks near a rectangle that a wire must keep off

STUB = 12.0  # how far a wire runs straight out of a port before it turns
MARGIN = 12.0  # least distance of an arc from a card
TRACK = 12.0  # distance of neighboring arcs
CLEARANCE = 4.0  # least distance of a curve from a card
FORK = 24.0  # least offset at which a wire of a fork turns off sharply
CURVE_SAMPLES = 16  # points of a curve that are tested against the cards
BAND = 100.0  # a wire that runs back keeps to the middle between cards that are nearer than this on both sides
REACH = BAND + MARGIN + TRACK  # how far beyond the levels that were tried a route depends on the cards
MAX_TRIES = 60  # steps of the search for a free level

# Costs in pixels: how much longer a route may be to avoid one of these.
CROSSING_COST = 300.0  # a card that is crossed
BEND_COST = 6.0  # a turn
UNDER_COST = 72.0  # running below the main path: skip connections nest above it


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A wire to be routed.

    Attributes:
        source: id of the item it leaves.
        target: id of the item it enters.
        start: position of the output port.
        end: position of the input port; the center if the target is a merge.
        radius: radius of the target if it is a merge, which is entered from any side; else 0.
        bundle: wires of one bundle (those of one output port) may share a track.
        fork: whether other wires leave the same port; it then turns off sharply and leaves space for their label.
        names: width of the port names before the input port; an arc comes down beside them if there is space.
    """

    source: str
    target: str
    start: FlowPoint
    end: FlowPoint
    radius: float = 0.0
    bundle: Hashable = None
    fork: bool = False
    names: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """The shape of a wire.

    Attributes:
        points: the control points of a cubic curve, or the corners of a polyline that is drawn rounded.
        curve: which of the two.
    """

    points: tuple[FlowPoint, ...]
    curve: bool

    @property
    def middle(self) -> FlowPoint:
        """Where its label is: the middle of the curve, or of the longest segment."""
        if self.curve:
            (a, b, c, d) = self.points
            return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8
        p, q = max(pairwise(self.points), key=lambda s: abs(s[0][0] - s[1][0]) + 0.5 * abs(s[0][1] - s[1][1]))
        return (p[0] + q[0]) / 2, (p[1] + q[1]) / 2


@dataclass(frozen=True, slots=True)
class RouteResult:
    """A route with what the router needs to know of it.

    Attributes:
        route: the route.
        area: the area whose cards and tracks it depends on; a change there may change the route.
        track: the long segment that other wires keep off; None if there is none.
    """

    route: Route
    area: Rect
    track: Rect | None


def curve(start: FlowPoint, end: FlowPoint) -> Route:
    """Return a plain curve between two points."""
    reach = max(24.0, abs(end[0] - start[0]) / 2)
    return Route((start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end), True)


def find_route(request: RouteRequest, cards: Cards, tracks: Tracks) -> RouteResult:
    """Return the route of one wire.

    Args:
        request: the wire.
        cards: the cards.
        tracks: returns the tracks of other wires near a rectangle.
    """
    return _direct(request, cards) or _around(request, cards, tracks)


def _direct(request: RouteRequest, cards: Cards) -> RouteResult | None:
    """Return a straight line or one gentle curve; None if it would be too steep or cross a card."""
    (a, c), (b, d) = request.start, request.end
    # 1. A merge is entered along the flow only nearly in line, and a wire of a fork is direct only at a small offset.
    offset = abs(d - c)
    max_offset = request.radius + 4 if request.radius else FORK if request.fork else offset
    if offset > max_offset:
        return None
    # 2. The ends need space for the curve, unless it is a straight line.
    end = (b - request.radius, d)
    if end[0] - a < 2 * STUB and not (offset < 2 and end[0] > a):
        return None
    route = curve(request.start, end)
    # 3. Test samples of the curve against the cards near it. In a heap of cards nothing helps, so nothing is tested.
    area = (a, min(c, d) - CLEARANCE, b, max(c, d) + CLEARANCE)
    blocking = [rect for rect, id in cards.near(area) if id not in (request.source, request.target)]
    if len(blocking) <= MAX_NEIGHBORS and _crosses(route, blocking):
        return None
    return RouteResult(route, area, None)


def _crosses(route: Route, cards: Sequence[Rect]) -> bool:
    """Return whether a curve comes nearer to a card than `CLEARANCE`."""
    p, q, r, s = route.points
    for step in range(1, CURVE_SAMPLES):
        t = step / CURVE_SAMPLES
        u = 1 - t
        x = u * u * u * p[0] + 3 * u * u * t * q[0] + 3 * u * t * t * r[0] + t * t * t * s[0]
        y = u * u * u * p[1] + 3 * u * u * t * q[1] + 3 * u * t * t * r[1] + t * t * t * s[1]
        for left, top, right, bottom in cards:
            if left - CLEARANCE < x < right + CLEARANCE and top - CLEARANCE < y < bottom + CLEARANCE:
                return True
    return False


def _around(request: RouteRequest, cards: Cards, tracks: Tracks) -> RouteResult:
    """Return a route out of the port, to a free level, along it, and back to the port."""
    (a, c), (b, d) = request.start, request.end
    # 1. In a heap of cards there is no free level: draw a plain curve.
    if len(cards.near((a - 1, c - 1, a + 1, c + 1))) > MAX_NEIGHBORS:
        area = (min(a, b) - 1, min(c, d) - 1, max(a, b) + 1, max(c, d) + 1)
        return RouteResult(curve(request.start, request.end), area, None)
    # 2. From the levels of both ports (and from the middle, if the wire runs back to another row), search upwards and
    #    downwards for levels that are free between the two turns.
    leave = a + STUB
    arrive = b if request.radius else b - _stub(request, cards)
    low, high = min(leave, arrive), max(leave, arrive)
    backward = arrive < leave
    first_levels = {c, d, (c + d) / 2} if backward else {c, d}
    levels = {_free_level(y, sign, low, high, request, cards, tracks) for y in first_levels for sign in (-1, 1)}
    # 3. Take the cheapest one; a wire that runs back moves to the middle of the gap between two rows.
    level = min(levels, key=lambda y: (_cost(y, leave, arrive, request, cards), y))
    if backward:
        level = _centered(level, low, high, cards)
    # 4. Build the corners; a merge is entered from above or below.
    track = (low, level - 1, high, level + 1) if high - low > STUB else None
    entry = [(b, d + (request.radius if level > d else -request.radius))] if request.radius else [(arrive, d), (b, d)]
    route = Route(_distinct_turns([(a, c), (leave, c), (leave, level), (arrive, level), *entry]), False)
    # 5. The route depends on everything within reach of the levels that were tried.
    tried = (*levels, level, c, d)
    first = min(low, a, b - max(STUB, request.names) - MARGIN)
    area = (first - 4, min(tried) - REACH, max(high, b) + 4, max(tried) + REACH)
    return RouteResult(route, area, track)


def _cost(level: float, leave: float, arrive: float, request: RouteRequest, cards: Cards) -> float:
    """Return the cost of running along a level: length across the flow, crossed cards, turns, and where it runs."""
    c, d = request.start[1], request.end[1]
    crossed = [*_crossed(leave, c, level, cards), *_crossed(arrive, d, level, cards)]
    crossings = sum(id not in (request.source, request.target) for _, id in crossed)
    bends = sum(abs(level - y) > 1 for y in (c, d))
    backward = arrive < leave
    off_middle = abs(level - (c + d) / 2) / 8 if backward else 0.0
    under = UNDER_COST if level > max(c, d) + 1 and not backward else 0.0
    length = abs(level - c) + abs(level - d)
    return length + CROSSING_COST * crossings + BEND_COST * bends + off_middle + under


def _stub(request: RouteRequest, cards: Cards) -> float:
    """Return how far before its input port an arc comes down: beside the port names, if there is space."""
    b, d = request.end
    wide = max(STUB, request.names)
    neighbors = cards.near((b - wide - MARGIN, d - MARGIN, b - 1, d + MARGIN))
    return wide if all(id == request.target for _, id in neighbors) else STUB


def _crossed(x: float, y: float, level: float, cards: Cards) -> list[tuple[Rect, str]]:
    """Return the cards that a segment across the flow crosses, from y to a level."""
    return cards.near((x - 2, min(y, level), x + 2, max(y, level))) if abs(y - level) > 1 else []


def _free_level(
    first: float, sign: int, low: float, high: float, request: RouteRequest, cards: Cards, tracks: Tracks
) -> float:
    """Return the first free level from a level on.

    Args:
        first: the level to start from.
        sign: 1 for greater levels, -1 for lesser ones.
        low: where the segment along the level starts.
        high: where it ends.
        request: the wire.
        cards: the cards.
        tracks: returns the tracks of other wires near a rectangle.
    """
    level = first
    for _ in range(MAX_TRIES):
        # 1. Go beyond the cards that are in the way. The source is not, unless the wire runs back past it.
        near = cards.near((low - 2, level - MARGIN + 2, high + 2, level + MARGIN - 2))
        blocking = [rect for rect, id in near if id != request.source or low < request.start[0]]
        if blocking:
            below, above = max(rect[3] for rect in blocking) + MARGIN, min(rect[1] for rect in blocking) - MARGIN
            level = below if sign > 0 else above
            continue
        # 2. Then beyond the tracks of other wires; the cards must be tested again after that.
        occupied = tracks((low, level - TRACK + 2, high, level + TRACK - 2))
        if not occupied:
            break
        below, above = max(rect[3] for rect in occupied) + TRACK - 1, min(rect[1] for rect in occupied) - TRACK + 1
        level = below if sign > 0 else above
    return level


def _centered(level: float, low: float, high: float, cards: Cards) -> float:
    """Return the middle of the gap around a level; the level itself if the gap is wider than `BAND` on a side."""
    near = [rect for rect, _ in cards.near((low, level - BAND, high, level + BAND))]
    above = max((rect[3] for rect in near if rect[3] <= level), default=None)
    below = min((rect[1] for rect in near if rect[1] >= level), default=None)
    return level if above is None or below is None else (above + below) / 2


def _distinct_turns(points: list[FlowPoint]) -> tuple[FlowPoint, ...]:
    """Return points without those that coincide with or continue the ones before, within half a pixel."""
    turns: list[FlowPoint] = []
    for point in points:
        if turns and abs(turns[-1][0] - point[0]) < 0.5 and abs(turns[-1][1] - point[1]) < 0.5:
            continue
        while len(turns) > 1 and any(
            abs(turns[-1][axis] - turns[-2][axis]) < 0.5 > abs(point[axis] - turns[-1][axis]) for axis in (0, 1)
        ):
            turns.pop()
        turns.append(point)
    return tuple(turns)
