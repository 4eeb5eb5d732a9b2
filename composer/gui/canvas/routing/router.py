"""Which wires must be routed again after a change, and in what order. Knows no Qt."""

from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from composer.gui.canvas.routing.route import FlowPoint, Route, RouteRequest, RouteResult, find_route
from composer.gui.canvas.routing.spatial_index import Rect, SpatialIndex

Key = TypeVar("Key", bound=Hashable)


class Priority(NamedTuple):
    """The order in which wires are routed: short ones first, so that arcs nest.

    A wire keeps off the tracks of those before it. Everything but the number is a property of the wire, so that the
    order does not depend on the history; the number tells apart wires that are equal in all else.
    """

    length: float
    start: FlowPoint
    end: FlowPoint
    source: str
    target: str
    number: int
    bundle: Hashable


class Router(Generic[Key]):
    """Routes wires, and after a change only those whose surroundings changed.

    The result is the same as that of routing all wires from scratch. Wires are identified by keys of the caller.
    """

    def __init__(self) -> None:
        self._cards: SpatialIndex[str] = SpatialIndex()
        self._tracks: SpatialIndex[Priority] = SpatialIndex()
        self._areas: SpatialIndex[Priority] = SpatialIndex()  # what each route depends on
        self._requests: dict[Key, tuple[RouteRequest, Priority]] = {}
        self._keys: dict[Priority, Key] = {}
        self._results: dict[Key, RouteResult] = {}
        self._reported: dict[Key, Route] = {}  # what `route` returned last
        # Since the last `route`: where cards changed and tracks were removed, and the wires that are new or moved.
        self._changed: list[Rect] = []
        self._due: set[Key] = set()
        self._numbers = count()

    def items(self) -> list[str]:
        """Return the ids of all items that have a rectangle."""
        return self._cards.keys()

    def wires(self) -> list[Key]:
        """Return the keys of all wires."""
        return list(self._requests)

    def place(self, id: str, rect: Rect | None) -> None:
        """Set the rectangle of an item; None removes the item."""
        before = self._cards.get(id)
        if before != rect:
            self._cards.put(id, rect)
            self._changed += [area for area in (before, rect) if area is not None]

    def request(self, key: Key, request: RouteRequest | None) -> None:
        """Set what a wire connects; None removes the wire."""
        entry = self._requests.get(key)
        if entry is not None:
            if entry[0] == request:
                return
            self._remove(key, entry[1])
        if request is None:
            self._requests.pop(key, None)
            self._reported.pop(key, None)
            self._due.discard(key)
        else:
            (a, _), (b, _) = request.start, request.end
            ends = request.start, request.end, request.source, request.target
            priority = Priority(abs(b - a), *ends, next(self._numbers), request.bundle)
            self._requests[key], self._keys[priority] = (request, priority), key
            self._due.add(key)

    def _remove(self, key: Key, priority: Priority) -> None:
        if (track := self._tracks.get(priority)) is not None:
            self._changed.append(track)
        self._tracks.put(priority, None)
        self._areas.put(priority, None)
        self._results.pop(key, None)
        del self._keys[priority]

    def invalidate(self, keys: Iterable[Key]) -> None:
        """Make the next `route` return the routes of some wires, because the caller has drawn others meanwhile."""
        for key in keys:
            if key in self._requests:
                self._reported.pop(key, None)
                self._due.add(key)

    def route(self) -> dict[Key, Route]:
        """Return the routes that differ from those that were returned before."""
        # 1. Start with the new and moved wires, and with those whose surroundings changed.
        queued = {priority for area in self._changed for priority in self._areas.touching(area)} | {
            self._requests[key][1] for key in self._due
        }
        heap = list(queued)
        heapify(heap)
        rerouted: dict[Key, Route] = {}
        while heap:
            # 2. Route the first one, with the tracks of all wires before it as they are now: those are final, because
            #    a wire never depends on one after it.
            priority = heappop(heap)
            key = self._keys[priority]
            before = self._results.get(key)
            after = find_route(self._requests[key][0], self._cards, partial(self._tracks_before, priority))
            self._results[key] = after
            self._areas.put(priority, after.area)
            # 3. If its track moved, queue the wires after it that depend on where the track was or is.
            track_before = before.track if before is not None else None
            if track_before != after.track:
                self._tracks.put(priority, after.track)
                for track in (track_before, after.track):
                    for later in self._areas.touching(track) if track is not None else ():
                        if later > priority and later not in queued:
                            queued.add(later)
                            heappush(heap, later)
            # 4. Report the route if it is another one.
            if self._reported.get(key) != after.route:
                self._reported[key] = rerouted[key] = after.route
        self._changed.clear()
        self._due.clear()
        return rerouted

    def _tracks_before(self, priority: Priority, rect: Rect) -> list[Rect]:
        """Return the tracks near a rectangle that a wire must keep off."""
        return [track for track, other in self._tracks.near(rect, priority) if other.bundle != priority.bundle]


def route_all(rects: Mapping[str, Rect], requests: Mapping[Key, RouteRequest]) -> dict[Key, Route]:
    """Route wires from scratch.

    Args:
        rects: rectangles of the items by id.
        requests: the wires by key.
    """
    router: Router[Key] = Router()
    for id, rect in rects.items():
        router.place(id, rect)
    for key, request in requests.items():
        router.request(key, request)
    return router.route()
