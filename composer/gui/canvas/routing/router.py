"""Which wires must be led anew after a change, and in what order. Knows no Qt."""

from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from composer.gui.canvas.routing.route import Point, Route, RouteRequest, RouteResult, way
from composer.gui.canvas.routing.spatial_index import Rect, SpatialIndex

Key = TypeVar("Key", bound=Hashable)


class Turn(NamedTuple):
    """When a wire chooses its way: short ones first, so that arcs nest; it keeps off the tracks of those before it."""

    length: float
    start: Point
    end: Point
    source: str
    target: str
    number: int
    bundle: Hashable


class Router(Generic[Key]):
    """Leads wires, and after changes only those whose surroundings changed. The result is that of leading all anew.

    Wires are known by keys of the caller.
    """

    def __init__(self) -> None:
        self._cards: SpatialIndex[str] = SpatialIndex()
        self._tracks: SpatialIndex[Turn] = SpatialIndex()
        self._areas: SpatialIndex[Turn] = SpatialIndex()  # what each way depends on
        self._links: dict[Key, tuple[RouteRequest, Turn]] = {}
        self._keys: dict[Turn, Key] = {}
        self._ways: dict[Key, RouteResult] = {}
        self._told: dict[Key, Route] = {}
        self._changed: list[Rect] = []  # since the last time: places of cards and of tracks that are gone
        self._due: set[Key] = set()
        self._numbers = count()

    def items(self) -> list[str]:
        """The ids of all items that have a place."""
        return self._cards.names()

    def wires(self) -> list[Key]:
        """The keys of all wires."""
        return list(self._links)

    def place(self, id: str, box: Rect | None) -> None:
        """Put an item somewhere, or take it away."""
        before = self._cards.get(id)
        if before != box:
            self._cards.put(id, box)
            self._changed += [place for place in (before, box) if place is not None]

    def request(self, key: Key, link: RouteRequest | None) -> None:
        """Let a wire join two ports, or take it away."""
        known = self._links.get(key)
        if known is not None:
            if known[0] == link:
                return
            self._take_back(key, known[1])
        if link is None:
            self._links.pop(key, None)
            self._told.pop(key, None)
            self._due.discard(key)
        else:
            length = abs(link.end[0] - link.start[0])
            turn = Turn(length, link.start, link.end, link.source, link.target, next(self._numbers), link.bundle)
            self._links[key], self._keys[turn] = (link, turn), key
            self._due.add(key)

    def invalidate(self, keys: Iterable[Key]) -> None:
        """Tell the routes of some wires again the next time, because they were shown elsewhere meanwhile."""
        for key in keys:
            if key in self._links:
                self._told.pop(key, None)
                self._due.add(key)

    def route(self) -> dict[Key, Route]:
        """The routes that differ from those of the last time."""
        queue = {turn for place in self._changed for turn in self._areas.touching(place)} | {
            self._links[key][1] for key in self._due
        }
        line = list(queue)
        heapify(line)
        led: dict[Key, Route] = {}
        while line:
            turn = heappop(line)
            key = self._keys[turn]
            before = self._ways.get(key)
            after = self._ways[key] = way(self._links[key][0], self._cards, partial(self._tracks_before, turn))
            self._areas.put(turn, after.area)
            if (before.track if before is not None else None) != after.track:
                self._tracks.put(turn, after.track)
                for track in (before.track if before is not None else None, after.track):
                    for later in self._areas.touching(track) if track is not None else ():
                        if later > turn and later not in queue:
                            queue.add(later)
                            heappush(line, later)
            if self._told.get(key) != after.route:
                self._told[key] = led[key] = after.route
        self._changed.clear()
        self._due.clear()
        return led

    def _tracks_before(self, turn: Turn, box: Rect) -> list[Rect]:
        """Tracks near a box that a wire must keep off."""
        return [track for track, other in self._tracks.near(box, turn) if other.bundle != turn.bundle]

    def _take_back(self, key: Key, turn: Turn) -> None:
        if (track := self._tracks.get(turn)) is not None:
            self._changed.append(track)
        self._tracks.put(turn, None)
        self._areas.put(turn, None)
        self._ways.pop(key, None)
        del self._keys[turn]


def route_all(boxes: Mapping[str, Rect], links: Mapping[Key, RouteRequest]) -> dict[Key, Route]:
    """The ways of some wires around some items, by id and by key."""
    router: Router[Key] = Router()
    for id, box in boxes.items():
        router.place(id, box)
    for key, link in links.items():
        router.request(key, link)
    return router.route()
