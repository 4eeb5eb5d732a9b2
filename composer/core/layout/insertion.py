"""Space for new items: they keep their distance from others, and what they feed moves ahead along the flow.

An item moves only if it must, and only as far as it must: a gap further ahead that is wide enough absorbs the shift.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from composer.core import edits
from composer.core.graph import Design, Graph, Point, Wire
from composer.core.layout.boxes import Boxes, FlowBox, Size, boxes_of
from composer.core.layout.frames import grow_frames
from composer.core.layout.layered import Spacing
from composer.core.topology import reachable

# Items are looked up by the bands of this depth in pixels that they touch, so that each is compared only with its
# neighbours.
BAND = 128.0
ALIGN_DISTANCE = 16.0  # an item this close to the line of its neighbour, in pixels, is meant to be on that line


def make_space(
    design: Design,
    new_ids: Collection[str],
    sizes: Mapping[str, Size],
    *,
    graph: str = "",
    direction: str = "right",
    min_gap: Mapping[Wire, float] | None = None,
    spacing: Spacing | None = None,
) -> Design:
    """Return the design with space around items that were just put into it; frames grow with their members.

    Args:
        design: the design with the new items in it, wired.
        new_ids: ids of the new items; they keep their positions relative to each other.
        sizes: width and height of each item of the graph in pixels.
        graph: name of the graph that holds them.
        direction: ``right`` or ``down``, the way the wires run.
        min_gap: least distance in pixels between the ends of single wires whose label needs more than the usual gap.
        spacing: distances.
    """
    home = design.graph(graph)
    positions = shifted_positions(home, new_ids, sizes, direction, min_gap=min_gap, spacing=spacing)
    moved = edits.move(design, positions, graph=graph) if positions else design
    frames = grow_frames(home, moved.graph(graph), new_ids, sizes)
    return edits.set_frames(moved, frames, graph=graph) if frames != moved.graph(graph).frames else moved


def shifted_positions(
    graph: Graph,
    new_ids: Collection[str],
    sizes: Mapping[str, Size],
    direction: str = "right",
    *,
    min_gap: Mapping[Wire, float] | None = None,
    spacing: Spacing | None = None,
) -> dict[str, Point]:
    """Compute where items must move so that new items overlap none of the others.

    New items between others in the flow go into the gap of their wires, and what they feed moves ahead as far as the
    gap is too narrow. A single new item that overlaps anything else moves aside; several of them push the lanes beside
    them apart. New items with wires on one side only, or with none, move aside together. The time is that of a sort.

    Args:
        graph: the graph with the new items in it.
        new_ids: ids of the new items; they keep their positions relative to each other.
        sizes: width and height of each item in pixels.
        direction: ``right`` or ``down``, the way the wires run.
        min_gap: least distance in pixels between the ends of single wires whose label needs more than the usual gap.
        spacing: distances.

    Returns:
        The centers of the items that move, shifted by multiples of the grid except to the line of a neighbour.
    """
    gaps, down = spacing or Spacing(), direction == "down"
    boxes = dict(boxes_of(graph, sizes, down=down))
    new = set(new_ids)
    group = [id for id in boxes if id in new]
    if not group or len(group) == len(boxes):
        return {}
    flow = _Flow(graph, boxes, new, min_gap or {}, gaps)
    if not flow.between:
        others = [box for id, box in boxes.items() if id not in new]
        flow.shift(group, 0.0, _shift_aside([boxes[id] for id in group], others, gaps))
        return dict(_moved_centers(graph, boxes, flow.boxes, down))
    # 1. The group goes along the flow into the gap of its wires, a single item also onto the line of a neighbour.
    ahead = flow.ahead()
    flow.shift(group, flow.shift_along(), flow.shift_to_line() if len(group) == 1 else 0.0)
    # 2. Across the flow it makes way for what does not move ahead of it, or pushes that aside.
    others_by_id = {id: box for id, box in flow.boxes.items() if id not in new}
    beside = {id: box for id, box in others_by_id.items() if id not in ahead}
    if len(group) == 1:
        flow.shift(group, 0.0, _shift_aside([flow.boxes[group[0]]], beside.values(), gaps))
    else:
        for id, across in _spread([flow.boxes[id] for id in group], beside, others_by_id, gaps).items():
            flow.shift((id,), 0.0, across)
    # 3. What the group feeds moves ahead, and pushes what it meets.
    for id, along in _push_ahead(flow, ahead).items():
        flow.shift((id,), along)
    return dict(_moved_centers(graph, boxes, flow.boxes, down))


def _moved_centers(graph: Graph, before: Boxes, after: Boxes, down: bool) -> Iterator[tuple[str, Point]]:
    for id, box in after.items():
        if box is not before[id]:
            center = (box.line, box.middle) if down else (box.middle, box.line)
            if (item := graph.item(id)) is not None and item.position != center:
                yield id, center


class _Flow:
    """The new items, the wires that enter and leave them, and what is ahead of them.

    Attributes:
        graph: the graph.
        group: ids of the new items.
        gaps: distances.
        boxes: boxes of all items at their current positions.
        between: whether wires enter the group and wires leave it.
    """

    def __init__(
        self, graph: Graph, boxes: Boxes, group: set[str], min_gap: Mapping[Wire, float], gaps: Spacing
    ) -> None:
        self.graph, self.group, self.gaps = graph, group, gaps
        self.boxes = dict(boxes)
        self._min_gap = min_gap
        self._middle = (min(boxes[id].first for id in group) + max(boxes[id].last for id in group)) / 2
        self._entering = [wire for id in group for wire in graph.in_wires(id) if wire.source not in group]
        self._leaving = [wire for id in group for wire in graph.out_wires(id) if wire.target not in group]
        self.between = bool(self._entering and self._leaving)

    def gap(self, wire: Wire) -> float:
        """Return the least distance between the ends of a wire."""
        return max(self.gaps.layer, self._min_gap.get(wire, 0.0))

    def shift_along(self) -> float:
        """Return how far the group must move along the flow.

        It always keeps its distance from what feeds it. It moves back from what it feeds only as far as that allows.
        """
        boxes = self.boxes
        least = max(
            (
                boxes[wire.source].last + self.gap(wire) - boxes[wire.target].first
                for wire in self._entering
                if boxes[wire.source].middle < self._middle
            ),
            default=-math.inf,
        )
        most = min(
            (
                boxes[wire.target].first - self.gap(wire) - boxes[wire.source].last
                for wire in self._leaving
                if boxes[wire.target].middle > self._middle
            ),
            default=math.inf,
        )
        grid, back = self.gaps.grid, min(most, 0.0)
        return math.ceil(least / grid) * grid if least > back else max(math.floor(back / grid) * grid, least)

    def shift_to_line(self) -> float:
        """Return how far a single item must move across the flow to the line of a neighbour that it nearly is on."""
        (id,) = self.group
        ends = [wire.source for wire in self._entering] + [wire.target for wire in self._leaving]
        offsets = (self.boxes[end].line - self.boxes[id].line for end in ends)
        return next((offset for offset in offsets if abs(offset) <= ALIGN_DISTANCE), 0.0)

    def ahead(self) -> set[str]:
        """Return the items that depend on the group and are further along.

        In a drawing of several rows the next row starts further back, so that it stays.
        """
        dependent = reachable(self.group, lambda id: (wire.target for wire in self.graph.out_wires(id)))
        return {id for id in dependent if id not in self.group and self.boxes[id].middle > self._middle}

    def shift(self, ids: Iterable[str], along: float, across: float = 0.0) -> None:
        """Shift some items."""
        if along or across:
            for id in ids:
                self.boxes[id] = self.boxes[id].shifted(along, across)


def _shift_aside(group: list[FlowBox], others: Iterable[FlowBox], gaps: Spacing) -> float:
    """Return how far a group must shift across the flow to be clear of others: forward, or backward if half as far."""
    # 1. Sort the others into bands along the flow.
    in_band: defaultdict[int, list[FlowBox]] = defaultdict(list)
    for other in others:
        for band in _bands(other.first - gaps.track, other.last + gaps.track):
            in_band[band].append(other)
    # 2. Collect the intervals of shifts at which a member would be too close to another item.
    blocked: list[tuple[float, float]] = []
    overlap = False
    for box in group:
        for band in _bands(box.first, box.last):
            for other in in_band[band]:
                if other.last + gaps.track > box.first and other.first - gaps.track < box.last:
                    blocked.append((other.top - gaps.lane - box.bottom, other.bottom + gaps.lane - box.top))
                    overlap = overlap or box.overlaps_across(other)
    if not overlap:
        return 0.0
    # 3. Walk to the first shift that no interval blocks, in both directions.
    forward = backward = 0.0
    for low, high in sorted(blocked):
        if low < forward < high:
            forward = high
    for low, high in sorted(blocked, key=lambda interval: -interval[1]):
        if low < backward < high:
            backward = low
    shift = backward if -backward <= forward / 2 else forward
    return math.copysign(math.ceil(abs(shift) / gaps.grid) * gaps.grid, shift)


def _spread(group: list[FlowBox], beside: Boxes, others: Boxes, gaps: Spacing) -> dict[str, float]:
    """Return how far others must shift across the flow to make way for a group; whole lanes shift, to stay straight.

    Args:
        group: boxes of the new items.
        beside: items that do not move ahead of the group.
        others: all other items.
        gaps: distances.
    """
    line = (min(box.top for box in group) + max(box.bottom for box in group)) / 2
    shifts: dict[str, float] = {}
    for side in (1.0, -1.0):
        # Distances from the line of the group to the near edges of the items on this side.
        near = {
            id: min(side * (box.top - line), side * (box.bottom - line))
            for id, box in others.items()
            if side * (box.line - line) > 0
        }
        # The nearest item that the group reaches, and the shift that clears all that it reaches.
        edge, needed = math.inf, 0.0
        for id in near.keys() & beside.keys():
            for box in group:
                reach = max(side * (box.top - line), side * (box.bottom - line))
                alongside = beside[id].last + gaps.track > box.first and beside[id].first - gaps.track < box.last
                if near[id] < reach and alongside:
                    edge, needed = min(edge, near[id]), max(needed, reach + gaps.lane - near[id])
        needed = math.ceil(needed / gaps.grid) * gaps.grid
        # Everything from that item outwards shifts alike.
        shifts |= {id: side * needed for id, distance in near.items() if needed and distance >= edge}
    return shifts


def _push_ahead(flow: _Flow, ahead: set[str]) -> dict[str, float]:
    """Return how far items must move along the flow.

    Each is pushed by the group, or by an item that was pushed and starts before it. One sweep along the flow is enough,
    because every push comes from an item that starts earlier.
    """
    boxes, gaps = flow.boxes, flow.gaps
    widest = max(box.last - box.first for box in boxes.values())
    front = max(boxes[id].last for id in flow.group)
    pushes: dict[str, float] = {}
    pushed_in_band: defaultdict[int, list[str]] = defaultdict(list)  # in the order in which they start
    longest_push = 0.0
    start = min((boxes[id].first for id in ahead), default=math.inf)
    candidates = [id for id, box in boxes.items() if box.first >= start and id not in flow.group]
    for id in sorted(candidates, key=lambda id: (boxes[id].first, id)):
        box = boxes[id]
        push = 0.0
        # 1. The wires into the item keep their least length.
        for wire in flow.graph.in_wires(id):
            source = boxes[wire.source]
            if wire.source in flow.group and id in ahead:
                push = max(push, source.last + flow.gap(wire) - box.first)
            elif wire.source in pushes and source.last <= box.first:
                by = pushes[wire.source]
                push = max(push, min(by, source.last + by + flow.gap(wire) - box.first))
        # 2. The item keeps its distance from members of the group behind it, wired or not.
        if id in ahead and box.first < front + gaps.layer:
            for member in flow.group:
                if boxes[member].overlaps_across(box):
                    push = max(push, boxes[member].last + gaps.layer - box.first)
        # 3. The item keeps its distance from pushed items behind it, at most by their own push.
        bands = _bands(box.top, box.bottom)
        for band in bands:
            for other in reversed(pushed_in_band[band]):
                behind = boxes[other]
                if behind.first + widest + longest_push + gaps.layer <= box.first:
                    break  # neither this one nor those that start before it can reach the item
                if behind.overlaps_across(box):
                    push = max(push, min(pushes[other], behind.last + pushes[other] + gaps.layer - box.first))
        if push > 0:
            pushes[id] = math.ceil(push / gaps.grid) * gaps.grid
            longest_push = max(longest_push, pushes[id])
            for band in bands:
                pushed_in_band[band].append(id)
    return pushes


def _bands(low: float, high: float) -> range:
    return range(int(low // BAND), int(high // BAND) + 1)
