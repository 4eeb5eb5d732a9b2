"""Edits of frames, the titled rectangles behind groups of items."""

from collections.abc import Iterable

from composer.core import edits, names
from composer.core.graph import Design, Frame


def add_frame(
    design: Design, title: str, rect: tuple[float, float, float, float], ids: Iterable[str], *, graph: str = ""
) -> Design:
    """Add a frame around items.

    Args:
        design: the design.
        title: text of its title.
        rect: left, top, width and height, in pixels of the canvas.
        ids: the items that move with it.
        graph: name of the graph.
    """
    frames = design.graph(graph).frames
    id = names.fresh("frame", {frame.id for frame in frames})
    return edits.set_frames(design, (*frames, Frame(id, title, rect, tuple(ids))), graph=graph)


def remove_frame(design: Design, id: str, *, graph: str = "") -> Design:
    """Remove a frame; its members stay."""
    return edits.set_frames(design, [frame for frame in design.graph(graph).frames if frame.id != id], graph=graph)


def retitle_frame(design: Design, id: str, title: str, *, graph: str = "") -> Design:
    """Change the title of a frame."""
    frames = [Frame(f.id, title, f.rect, f.nodes) if f.id == id else f for f in design.graph(graph).frames]
    return edits.set_frames(design, frames, graph=graph)
