"""Frames after an insertion: they grow with their members, and take in what was put between two of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from composer.core.graph import Frame, Graph
from composer.core.layout.boxes import Size, boxes_of

MARGIN = 16.0  # pixels around the members of a frame that consists of new items only


def grow_frames(before: Graph, after: Graph, new_ids: Collection[str], sizes: Mapping[str, Size]) -> tuple[Frame, ...]:
    """Return the frames of a graph with their old distance around their members.

    Args:
        before: the graph with the new items where they were put.
        after: the graph with every item at its final position.
        new_ids: ids of the new items.
        sizes: width and height of each item in pixels.
    """
    return tuple(_grow(frame, before, after, new_ids, sizes) for frame in after.frames)


def _grow(frame: Frame, before: Graph, after: Graph, new_ids: Collection[str], sizes: Mapping[str, Size]) -> Frame:
    members = {id for id in frame.nodes if after.item(id) is not None}
    joining = [id for id in new_ids if id not in members and _is_between(after, id, members | set(new_ids))]
    # New members say nothing about the distance that the frame had around the others.
    old = members - set(new_ids)
    unmoved = old == members and all(before.item(id) == after.item(id) for id in old)
    if not members or (not joining and unmoved):
        return frame
    # Each edge keeps its distance from the bounds of the members.
    x, y, width, height = frame.rect
    edges = (x, y, x + width, y + height)
    bounds_before = _bounds(before, old or members, sizes)
    bounds_after = _bounds(after, {*members, *joining}, sizes)
    left, top, right, bottom = (
        edge + new - previous for edge, previous, new in zip(edges, bounds_before, bounds_after, strict=True)
    )
    if not old:
        left, top = min(left, bounds_after[0] - MARGIN), min(top, bounds_after[1] - MARGIN)
        right, bottom = max(right, bounds_after[2] + MARGIN), max(bottom, bounds_after[3] + MARGIN)
    return replace(frame, rect=(left, top, right - left, bottom - top), nodes=(*frame.nodes, *joining))


def _is_between(graph: Graph, id: str, members: set[str]) -> bool:
    """Return whether an item is wired to members on both sides, and to nothing else."""
    sources = [wire.source in members for wire in graph.in_wires(id)]
    targets = [wire.target in members for wire in graph.out_wires(id)]
    return bool(sources and targets) and all(sources) and all(targets)


def _bounds(graph: Graph, ids: Iterable[str], sizes: Mapping[str, Size]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the area that holds some items."""
    boxes = [box for _, box in boxes_of(graph, sizes, ids)]
    return (
        min(box.first for box in boxes),
        min(box.top for box in boxes),
        max(box.last for box in boxes),
        max(box.bottom for box in boxes),
    )
