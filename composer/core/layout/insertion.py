"""Room for what was put between others: it finds its place, and what it feeds makes way along the flow.

An item moves only where it must and no further than it must: a gap ahead that is wide enough takes the push up.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from composer.core import edits
from composer.core.graph import Design, Frame, Graph, Point, Wire
from composer.core.layout.layered import Size, Spacing

BAND = 128.0  # pixels: items are looked up by the bands that they touch, so that each meets only the few beside it
NEAR = 16.0  # an item this far from the line of its neighbours was meant to stand on it


class Box(NamedTuple):
    """The area of an item, its edges along and across the flow."""

    first: float
    last: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Centre along the flow."""
        return (self.first + self.last) / 2

    @property
    def line(self) -> float:
        """Centre across the flow."""
        return (self.top + self.bottom) / 2

    def shifted(self, along: float, across: float = 0.0) -> "Box":
        """This area elsewhere."""
        return Box(self.first + along, self.last + along, self.top + across, self.bottom + across)


Boxes = dict[str, Box]


def with_room(
    design: Design,
    placed: Collection[str],
    sizes: Mapping[str, Size],
    graph: str = "",
    *,
    direction: str = "right",
    room: Mapping[Wire, float] | None = None,
    spacing: Spacing | None = None,
) -> Design:
    """The design with room for items that were just put where others may stand; frames grow with their members.

    Args:
        design: the design with the new items in it, wired.
        placed: their ids; they keep their places to each other.
        sizes: width and height of each item of the graph in pixels.
        graph: name of the graph that holds them.
        direction: ``right`` or ``down``, the way the wires run.
        room: least distance between the two ends of single wires, where a label needs more than the usual gap.
        spacing: distances.
    """
    places = make_room(design.graph(graph), placed, sizes, direction, room=room, spacing=spacing)
    moved = edits.move(design, places, graph) if places else design
    frames = grown_frames(design.graph(graph), moved.graph(graph), placed, sizes)
    return edits.set_frames(moved, frames, graph) if frames != moved.graph(graph).frames else moved


def make_room(
    graph: Graph,
    placed: Collection[str],
    sizes: Mapping[str, Size],
    direction: str = "right",
    *,
    room: Mapping[Wire, float] | None = None,
    spacing: Spacing | None = None,
) -> dict[str, Point]:
    """Where items must go so that some that were just placed overlap none of the others.

    Items between others in the flow stand in the gap of their wires, and what they feed is pushed ahead as far as the gap is too
    narrow. A single one that meets anything else moves aside, several push the lanes beside them apart. Items that only hang on the
    graph, or are not wired at all, move aside as they are. The time is that of a sort.

    Args:
        graph: the graph with the new items in it.
        placed: their ids; they keep their places to each other.
        sizes: width and height of each item in pixels.
        direction: ``right`` or ``down``, the way the wires run.
        room: least distance between the two ends of single wires, where a label needs more than the usual gap.
        spacing: distances.

    Returns:
        The centres of the items that move, each by whole steps of the grid except to the line of a neighbour.
    """
    gaps, turned = spacing or Spacing(), direction == "down"
    boxes = dict(_boxes(graph, sizes, turned))
    chosen = set(placed)
    group = [id for id in boxes if id in chosen]
    if not group or len(group) == len(boxes):
        return {}
    flow = _Flow(graph, boxes, chosen, room or {}, gaps)
    if flow.between:
        ahead = flow.ahead()
        flow.shift(group, flow.step(), flow.line_up() if len(group) == 1 else 0.0)
        others = {id: box for id, box in boxes.items() if id not in flow.group}
        beside = {id: box for id, box in others.items() if id not in ahead}
        if len(group) == 1:
            flow.shift(group, 0.0, _aside([flow.boxes[group[0]]], beside.values(), gaps))
        else:
            for id, across in _spread([flow.boxes[id] for id in group], beside, others, gaps).items():
                flow.shift((id,), 0.0, across)
        for id, along in _pushed(flow, ahead).items():
            flow.shift((id,), along)
    else:
        flow.shift(
            group,
            0.0,
            _aside([boxes[id] for id in group], [box for id, box in boxes.items() if id not in flow.group], gaps),
        )
    return dict(_places(graph, boxes, flow.boxes, turned))


def grown_frames(before: Graph, after: Graph, placed: Collection[str], sizes: Mapping[str, Size]) -> tuple[Frame, ...]:
    """The frames, each as far around its members as it was; items put between two members of a frame become members.

    Args:
        before: the graph with the new items where they were put.
        after: the graph with every item in its place.
        placed: ids of the new items.
        sizes: width and height of each item in pixels.
    """
    return tuple(_grown(frame, before, after, placed, sizes) for frame in after.frames)


def _grown(frame: Frame, before: Graph, after: Graph, placed: Collection[str], sizes: Mapping[str, Size]) -> Frame:
    members = {id for id in frame.nodes if after.item(id) is not None}
    old = members - set(placed)  # new members tell nothing of how the frame lay around the others
    joined = [id for id in placed if id not in members and _joins(after, id, members | set(placed))]
    if not members or (not joined and old == members and all(before.item(id) == after.item(id) for id in old)):
        return frame
    x, y, width, height = frame.rect
    was, now = _around(before, old or members, sizes), _around(after, {*members, *joined}, sizes)
    left, top, right, bottom = (
        edge + b - a for edge, a, b in zip((x, y, x + width, y + height), was, now, strict=True)
    )
    if not old:
        left, top, right, bottom = (
            min(left, now[0] - NEAR),
            min(top, now[1] - NEAR),
            max(right, now[2] + NEAR),
            max(bottom, now[3] + NEAR),
        )
    return replace(frame, rect=(left, top, right - left, bottom - top), nodes=(*frame.nodes, *joined))


def _joins(graph: Graph, id: str, members: set[str]) -> bool:
    """Whether an item is wired between members of a frame."""
    entering = [wire.source in members for wire in graph.in_wires(id)]
    leaving = [wire.target in members for wire in graph.out_wires(id)]
    return bool(entering and leaving) and all(entering) and all(leaving)


def _around(graph: Graph, ids: Iterable[str], sizes: Mapping[str, Size]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the area that holds some items."""
    found = [box for id, box in _boxes(graph, sizes, False, ids)]
    return (
        min(b.first for b in found),
        min(b.top for b in found),
        max(b.last for b in found),
        max(b.bottom for b in found),
    )


def _boxes(
    graph: Graph, sizes: Mapping[str, Size], turned: bool, ids: Iterable[str] | None = None
) -> Iterator[tuple[str, Box]]:
    for id in graph.ids() if ids is None else ids:
        item = graph.item(id)
        assert item is not None
        (along, across), (length, depth) = item.position, sizes[id]
        if turned:
            along, across, length, depth = across, along, depth, length
        yield id, Box(along - length / 2, along + length / 2, across - depth / 2, across + depth / 2)


def _places(graph: Graph, before: Boxes, after: Boxes, turned: bool) -> Iterator[tuple[str, Point]]:
    for id, box in after.items():
        if box is not before[id]:
            place = (box.line, box.middle) if turned else (box.middle, box.line)
            if (item := graph.item(id)) is not None and item.position != place:
                yield id, place


class _Flow:
    """The new items, the wires that enter and leave them, and what lies ahead of them."""

    def __init__(self, graph: Graph, boxes: Boxes, group: set[str], room: Mapping[Wire, float], gaps: Spacing) -> None:
        self.graph, self.group, self.gaps = graph, group, gaps
        self.boxes = dict(boxes)
        self._room = room
        self._middle = (min(boxes[id].first for id in group) + max(boxes[id].last for id in group)) / 2
        self._entering = [wire for id in group for wire in graph.in_wires(id) if wire.source not in group]
        self._leaving = [wire for id in group for wire in graph.out_wires(id) if wire.target not in group]
        self.between = bool(self._entering and self._leaving)

    def gap(self, wire: Wire) -> float:
        """The least distance between the ends of a wire."""
        return max(self.gaps.layer, self._room.get(wire, 0.0))

    def step(self) -> float:
        """How far the group must go along the flow to keep its distance from what feeds it, and if it can from what it feeds."""
        boxes = self.boxes
        least = max(
            (
                boxes[w.source].last + self.gap(w) - boxes[w.target].first
                for w in self._entering
                if boxes[w.source].middle < self._middle
            ),
            default=-math.inf,
        )
        most = min(
            (
                boxes[w.target].first - self.gap(w) - boxes[w.source].last
                for w in self._leaving
                if boxes[w.target].middle > self._middle
            ),
            default=math.inf,
        )
        grid, back = self.gaps.grid, min(most, 0.0)
        return math.ceil(least / grid) * grid if least > back else max(math.floor(back / grid) * grid, least)

    def line_up(self) -> float:
        """How far a single item must go across to stand on the line of a neighbour that it nearly stands on."""
        (id,) = self.group
        ends = [wire.source for wire in self._entering] + [wire.target for wire in self._leaving]
        off = [self.boxes[end].line - self.boxes[id].line for end in ends]
        return next((across for across in off if abs(across) <= NEAR), 0.0)

    def ahead(self) -> set[str]:
        """What depends on the group and lies further along; in rows, the next row begins further back and stays."""
        found: set[str] = set()
        queue = list(self.group)
        while queue:
            for wire in self.graph.out_wires(queue.pop()):
                if wire.target not in found and wire.target not in self.group:
                    found.add(wire.target)
                    queue.append(wire.target)
        return {id for id in found if self.boxes[id].middle > self._middle}

    def shift(self, ids: Iterable[str], along: float, across: float = 0.0) -> None:
        """Put some items elsewhere."""
        if along or across:
            for id in ids:
                self.boxes[id] = self.boxes[id].shifted(along, across)


def _aside(group: list[Box], others: Iterable[Box], gaps: Spacing) -> float:
    """How far a group must go across the flow to be clear of others: forward, unless backward is at most half as far."""
    barred: list[Point] = []  # shifts at which a member would meet another item
    covered = False
    in_band: defaultdict[int, list[Box]] = defaultdict(list)
    for other in others:
        for band in _bands(other.first - gaps.track, other.last + gaps.track):
            in_band[band].append(other)
    for box in group:
        for band in _bands(box.first, box.last):
            for other in in_band[band]:
                if other.last + gaps.track > box.first and other.first - gaps.track < box.last:
                    barred.append((other.top - gaps.lane - box.bottom, other.bottom + gaps.lane - box.top))
                    covered = covered or _abreast(box, other)
    if not covered:
        return 0.0
    forward = backward = 0.0
    for low, high in sorted(barred):
        if low < forward < high:
            forward = high
    for low, high in sorted(barred, key=lambda span: -span[1]):
        if low < backward < high:
            backward = low
    shift = backward if -backward <= forward / 2 else forward
    return math.copysign(math.ceil(abs(shift) / gaps.grid) * gaps.grid, shift)


def _spread(group: list[Box], beside: Boxes, others: Boxes, gaps: Spacing) -> dict[str, float]:
    """How far others must give way across the flow to a group that meets what is beside it: whole lanes, so that each stays straight."""
    line = (min(box.top for box in group) + max(box.bottom for box in group)) / 2
    shifts: dict[str, float] = {}
    for side in (1.0, -1.0):
        near = {
            id: min(side * (box.top - line), side * (box.bottom - line))
            for id, box in others.items()
            if side * (box.line - line) > 0
        }
        edge, need = math.inf, 0.0
        for id in near.keys() & beside.keys():
            for box in group:
                reach = max(side * (box.top - line), side * (box.bottom - line))
                if (
                    near[id] < reach
                    and beside[id].last + gaps.track > box.first
                    and beside[id].first - gaps.track < box.last
                ):
                    edge, need = min(edge, near[id]), max(need, reach + gaps.lane - near[id])
        need = math.ceil(need / gaps.grid) * gaps.grid
        shifts |= {id: side * need for id, distance in near.items() if need and distance >= edge}
    return shifts


def _pushed(flow: _Flow, ahead: set[str]) -> dict[str, float]:
    """How far items must go along the flow, each pushed by the group or by one that was pushed before it and began before it."""
    boxes, gaps = flow.boxes, flow.gaps
    widest = max(box.last - box.first for box in boxes.values())
    front = max(boxes[id].last for id in flow.group)
    pushes: dict[str, float] = {}
    in_band: defaultdict[int, list[str]] = defaultdict(list)  # pushed ones, in the order in which they began
    longest = 0.0
    begin = min((boxes[id].first for id in ahead), default=math.inf)
    candidates = [id for id, box in boxes.items() if box.first >= begin and id not in flow.group]
    for id in sorted(candidates, key=lambda id: (boxes[id].first, id)):
        box = boxes[id]
        push = 0.0
        for wire in flow.graph.in_wires(id):
            by = boxes[wire.source]
            if wire.source in flow.group and id in ahead:
                push = max(push, by.last + flow.gap(wire) - box.first)
            elif wire.source in pushes and by.last <= box.first:
                push = max(push, min(pushes[wire.source], by.last + pushes[wire.source] + flow.gap(wire) - box.first))
        if id in ahead and box.first < front + gaps.layer:
            for member in flow.group:
                if _abreast(boxes[member], box):
                    push = max(push, boxes[member].last + gaps.layer - box.first)
        bands = _bands(box.top, box.bottom)
        for band in bands:
            for other in reversed(in_band[band]):
                by = boxes[other]
                if by.first + widest + longest + gaps.layer <= box.first:
                    break
                if _abreast(by, box):
                    push = max(push, min(pushes[other], by.last + pushes[other] + gaps.layer - box.first))
        if push > 0:
            pushes[id] = math.ceil(push / gaps.grid) * gaps.grid
            longest = max(longest, pushes[id])
            for band in bands:
                in_band[band].append(id)
    return pushes


def _bands(low: float, high: float) -> range:
    return range(int(low // BAND), int(high // BAND) + 1)


def _abreast(one: Box, other: Box) -> bool:
    """Whether one item would meet another by moving along."""
    return one.top < other.bottom and other.top < one.bottom
