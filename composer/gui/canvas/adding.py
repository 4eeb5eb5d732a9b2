"""Adding a block at the end of a wire that was dropped on empty ground."""

from PySide6.QtCore import QPointF

from composer.core.blocks.ports import is_variadic
from composer.core.graph import SUBGRAPH, Point
from composer.gui.canvas.gestures.base import snapped_point
from composer.gui.canvas.gestures.wiring import End, best_port, candidates, wire_between, wired
from composer.gui.canvas.items import metrics
from composer.gui.session.session import Session


def at_port(session: Session, block: str, place: QPointF, end: End, *, down: bool) -> None:
    """Add an item and wire it to a port, as one step of the history.

    Args:
        session: the session.
        block: what `Document.add_block` takes.
        place: where the wire was dropped.
        end: the port.
        down: whether wires run down.
    """
    session.document.undo_stack.beginMacro(f"Add {block.removeprefix(SUBGRAPH)}")
    try:
        id = session.document.add_block(block, _beside(place, end, down), aside=True)
        if not id:
            return
        target = best_port(session, id, {other: fit for other, fit in candidates(session, end) if other.id == id})
        if target is not None:
            wire = wire_between(session, end, target)
            variadic = is_variadic(session.document.design, session.catalog, session.document.graph_name, wire)
            session.document.edit(f"Wire {wire}", wired, wire, variadic=variadic)
    finally:
        session.document.undo_stack.endMacro()


def _beside(place: QPointF, end: End, down: bool) -> Point:
    """A place for a card so that its port, not its middle, is where the wire was dropped."""
    half = (metrics.CARD_HEIGHT if down else metrics.MIN_WIDTH) / 2
    shift = half if end.output else -half
    return snapped_point(place + (QPointF(0, shift) if down else QPointF(shift, 0)))
