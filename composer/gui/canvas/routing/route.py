"""Where a wire runs: straight or gently curved where the way is free, in rounded arcs around cards where it is not. Knows no Qt.

All coordinates are (along, across) the flow, so one set of rules serves both directions. The result depends only on the boxes
and the wires, never on the order of edits; `router` says which wires are led when.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from composer.gui.canvas.routing.spatial_index import MAX_NEIGHBOURS, Rect, SpatialIndex

Point = tuple[float, float]
Cards: TypeAlias = SpatialIndex[str]
Tracks: TypeAlias = Callable[[Rect], list[Rect]]  # those near a box that a wire must keep off

STUB = 12.0  # how far a wire runs straight out of a port before it turns
MARGIN = 12.0  # least distance of an arc from a card
TRACK = 12.0  # distance of neighbouring arcs
FORK = 24.0  # least offset at which a wire of a fork turns off sharply
BEND_PRICE = 6.0
UNDER_PRICE = 72.0  # skips nest above the main path until it is this much shorter below it
BAND = 100.0  # within this distance of cards on both sides a wire that runs back keeps to the middle
REACH = BAND + MARGIN + TRACK  # how far beyond the levels it tried a route looks
TRIES = 60


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A wire to be routed.

    Args:
        source: id of the item it leaves.
        target: id of the item it enters.
        start: place of the output port.
        end: place of the input port; the centre, where the target is a merge.
        radius: radius of the target if it is a merge, which is entered from any side; else 0.
        bundle: wires of one bundle (those of one output port) may share a track.
        fork: whether other wires leave the same port; it then turns off sharply, so that the label of the main one stays free.
        names: how far before the input port the names of ports begin; an arc comes down beside them, where there is room.
    """

    source: str
    target: str
    start: Point
    end: Point
    radius: float = 0.0
    bundle: Hashable = None
    fork: bool = False
    names: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a wire: the control points of one cubic curve or of several that follow each other, or the corners of a polyline
    that is drawn rounded.
    """

    points: tuple[Point, ...]
    curve: bool

    @property
    def middle(self) -> Point:
        """Where its label sits: the middle of the curve, or of the longest stretch."""
        if self.curve:
            (a, b, c, d) = self.points
            return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8
        p, q = max(pairwise(self.points), key=lambda s: abs(s[0][0] - s[1][0]) + 0.5 * abs(s[0][1] - s[1][1]))
        return (p[0] + q[0]) / 2, (p[1] + q[1]) / 2


def through_bends(link: RouteRequest, bends: Sequence[Point]) -> Route:
    """The way of a wire through bends: it passes each along the flow, and turns in between, so that one bend already makes an arc."""
    line = [link.start, *bends, link.end]
    corners = [link.start]
    for index, (one, other) in enumerate(pairwise(line)):
        turn = (one[0] + other[0]) / 2
        if index == 0:
            turn = link.start[0] + STUB
        elif index == len(bends):
            turn = link.end[0] if link.radius else link.end[0] - STUB  # a merge is entered from any side
        if len(corners) > 1 and (one[0] - corners[-2][0]) * (turn - one[0]) < 0:
            turn = one[0]  # not back the way it came
        corners += [(turn, one[1]), (turn, other[1])] if one[1] != other[1] else []
        corners.append(other)
    return Route(tuple(_cleaned(corners)), False)


def _cleaned(corners: Sequence[Point]) -> list[Point]:
    """Corners without those at which nothing turns."""
    kept = [corners[0]]
    for index, corner in enumerate(corners[1:], 1):
        after = next((later for later in corners[index + 1 :] if later != corner), None)
        if corner != kept[-1] and (after is None or not _straight(kept[-1], corner, after)):
            kept.append(corner)
    return kept if len(kept) > 1 else [corners[0], corners[-1]]


def _straight(one: Point, middle: Point, other: Point) -> bool:
    """Whether a point lies between two others on a line along or across the flow."""
    return any(
        one[axis] == middle[axis] == other[axis]
        and (middle[1 - axis] - one[1 - axis]) * (other[1 - axis] - middle[1 - axis]) > 0
        for axis in (0, 1)
    )


@dataclass(frozen=True, slots=True)
class RouteResult:
    """A route, the area whose boxes it depends on, and the track from which others keep off."""

    route: Route
    area: Rect
    track: Rect | None


def curve(start: Point, end: Point) -> Route:
    """A plain curve between two places, for a wire that is being drawn."""
    reach = max(24.0, abs(end[0] - start[0]) / 2)
    return Route((start, (start[0] + reach, start[1]), (end[0] - reach, end[1]), end), True)


def way(link: RouteRequest, cards: Cards, tracks: Tracks) -> RouteResult:
    """The way of one wire.

    Args:
        link: the wire.
        cards: what stands around.
        tracks: gives the tracks of other wires near a box.
    """
    return _direct(link, cards) or _around(link, cards, tracks)


def _direct(link: RouteRequest, cards: Cards) -> RouteResult | None:
    """A straight line or one gentle curve, if nothing stands in the way."""
    (a, c), (b, d) = link.start, link.end
    aside = abs(d - c)
    if aside > (link.radius + 4 if link.radius else FORK if link.fork else aside):
        return None
    end = (b - link.radius, d)
    if end[0] - a < 2 * STUB and not (aside < 2 and end[0] > a):
        return None
    made = curve(link.start, end)
    area = (a, min(c, d) - 4, b, max(c, d) + 4)
    blocking = [box for box, id in cards.near(area) if id not in (link.source, link.target)]
    if len(blocking) <= MAX_NEIGHBOURS:
        p, q, r, s = made.points
        for step in range(1, 16):
            t = step / 16
            u = 1 - t
            x = u * u * u * p[0] + 3 * u * u * t * q[0] + 3 * u * t * t * r[0] + t * t * t * s[0]
            y = u * u * u * p[1] + 3 * u * u * t * q[1] + 3 * u * t * t * r[1] + t * t * t * s[1]
            if any(box[0] - 4 < x < box[2] + 4 and box[1] - 4 < y < box[3] + 4 for box in blocking):
                return None
    return RouteResult(made, area, None)


def _around(link: RouteRequest, cards: Cards, tracks: Tracks) -> RouteResult:
    """Out of the port, to a free level, along it, and back to the port."""
    (a, c), (b, d) = link.start, link.end
    if len(cards.near((a - 1, c - 1, a + 1, c + 1))) > MAX_NEIGHBOURS:
        return RouteResult(
            curve(link.start, link.end), (min(a, b) - 1, min(c, d) - 1, max(a, b) + 1, max(c, d) + 1), None
        )
    leave = a + STUB
    arrive = b if link.radius else b - _stub(link, cards)
    low, high = min(leave, arrive), max(leave, arrive)
    begins = {c, d, (c + d) / 2} if arrive < leave else {c, d}
    levels = {_level(begin, sign, low, high, link, cards, tracks) for begin in begins for sign in (-1, 1)}

    def price(level: float) -> tuple[float, float]:
        crossed = [*_crossed(leave, c, level, cards), *_crossed(arrive, d, level, cards)]
        through = sum(id not in (link.source, link.target) for _, id in crossed)
        bends = sum(abs(level - y) > 1 for y in (c, d))
        # A wire that runs back, to a next row, does so midway between the rows.
        back = abs(level - (c + d) / 2) / 8 if arrive < leave else 0.0
        under = UNDER_PRICE if level > max(c, d) + 1 and arrive >= leave else 0.0
        return abs(level - c) + abs(level - d) + 300 * through + BEND_PRICE * bends + back + under, level

    level = min(levels, key=price)
    if arrive < leave:
        level = _centred(level, low, high, cards)
    track = (low, level - 1, high, level + 1) if high - low > STUB else None
    last = [(b, d + (link.radius if level > d else -link.radius))] if link.radius else [(arrive, d), (b, d)]
    route = Route(_corners([(a, c), (leave, c), (leave, level), (arrive, level), *last]), False)
    seen = (*levels, level, c, d)
    first = min(low, a, b - max(STUB, link.names) - MARGIN)
    area = (first - 4, min(seen) - REACH, max(high, b) + 4, max(seen) + REACH)
    return RouteResult(route, area, track)


def _stub(link: RouteRequest, cards: Cards) -> float:
    """How far before its input port an arc comes down."""
    b, d = link.end
    wide = max(STUB, link.names)
    free = all(id == link.target for _, id in cards.near((b - wide - MARGIN, d - MARGIN, b - 1, d + MARGIN)))
    return wide if free else STUB


def _crossed(x: float, y: float, level: float, cards: Cards) -> list[tuple[Rect, str]]:
    return cards.near((x - 2, min(y, level), x + 2, max(y, level))) if abs(y - level) > 1 else []


def _level(begin: float, sign: int, low: float, high: float, link: RouteRequest, cards: Cards, tracks: Tracks) -> float:
    """The first free level from a beginning, upwards or downwards."""
    level = begin
    for _ in range(TRIES):
        cut = cards.near((low - 2, level - MARGIN + 2, high + 2, level + MARGIN - 2))
        blocked = [box for box, id in cut if id != link.source or low < link.start[0]]
        if blocked:
            level = max(box[3] for box in blocked) + MARGIN if sign > 0 else min(box[1] for box in blocked) - MARGIN
            continue
        near = tracks((low, level - TRACK + 2, high, level + TRACK - 2))
        if not near:
            break
        level = max(box[3] for box in near) + TRACK - 1 if sign > 0 else min(box[1] for box in near) - TRACK + 1
    return level


def _centred(level: float, low: float, high: float, cards: Cards) -> float:
    """The middle of the free band around a level, if it is not too wide."""
    near = [box for box, _ in cards.near((low, level - BAND, high, level + BAND))]
    above = max((box[3] for box in near if box[3] <= level), default=None)
    below = min((box[1] for box in near if box[1] >= level), default=None)
    return level if above is None or below is None else (above + below) / 2


def _corners(points: list[Point]) -> tuple[Point, ...]:
    """Without the points that change no direction."""
    kept: list[Point] = []
    for point in points:
        if kept and abs(kept[-1][0] - point[0]) < 0.5 and abs(kept[-1][1] - point[1]) < 0.5:
            continue
        while len(kept) > 1 and any(
            abs(kept[-1][axis] - kept[-2][axis]) < 0.5 > abs(point[axis] - kept[-1][axis]) for axis in (0, 1)
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
