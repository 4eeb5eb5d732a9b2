"""Adding blocks from the list at the pointer: on the background, on a wire, or at the end of a dropped wire."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QCursor

from composer.core.blocks.block_search import block_choices, filter_choices, mark_misreading
from composer.core.blocks.ports import index_of, is_variadic, output_ports
from composer.core.graph import SUBGRAPH, Point, Wire
from composer.gui.canvas.hit_test import WIRE_REACH, node_at, wire_at
from composer.gui.canvas.items import metrics
from composer.gui.canvas.overlays.quick_add import QuickAdd
from composer.gui.canvas.view import GraphView
from composer.gui.canvas.wiring import End, best_port, candidates, connect, tokens_at, wire_between
from composer.gui.session.session import Session

LIST_OFFSET = QPoint(-24, 12)  # of the list from the pointer, so that the first row is under it


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a block is added.

    Attributes:
        point: the position in the scene.
        wire: the wire on which it is inserted; None for none.
        end: the port to which it is wired; None for none.
        kind: tensor layout at that port.
    """

    point: QPointF
    wire: Wire | None = None
    end: End | None = None
    kind: str = "any"


class BlockAdder:
    """Opens the list of blocks and adds what is picked.

    Args:
        view: the view.
        choices: the list.
    """

    def __init__(self, view: GraphView, choices: QuickAdd) -> None:
        self._view = view
        self._scene = view.design_scene
        self._session = view.session
        self._choices = choices
        self._destination = Destination(QPointF())
        choices.picked.connect(self._add)

    def open_at_pointer(self) -> None:
        """Open the list for the selected wire, or for what is at the pointer; if it is open already, go down in it."""
        if self._choices.isVisible():
            self._choices.step(1)
        else:
            self.open(self._destination_at_pointer())

    def _destination_at_pointer(self) -> Destination:
        """Return the selected wire, the wire at the pointer, the background there, or the center of the view."""
        view, scene, document = self._view, self._scene, self._session.document
        at = view.viewport().mapFromGlobal(QCursor.pos())
        inside = view.viewport().rect().contains(at) and view.underMouse()
        point = view.mapToScene(at) if inside else view.visible_rect().center()
        if not document.selection and len(document.wire_selection) == 1:
            (wire,) = document.wire_selection
            if wire in scene.wires:
                return Destination(scene.wires[wire].middle, wire)
        if inside and node_at(scene, point) is None:
            item = wire_at(scene, point, view.reach(WIRE_REACH))
            return Destination(point, item.wire if item is not None else None)
        return Destination(point)

    def open(self, destination: Destination) -> None:
        """Open the list of the blocks that fit a destination."""
        document = self._session.document
        choices = block_choices(document.design, self._session.catalog, document.graph_name)
        if destination.end is not None:
            tokens = tokens_at(self._session, destination.end)
            choices = filter_choices(choices, destination.kind, from_output=destination.end.output, tokens=tokens)
        if destination.wire is not None:
            choices = [choice for choice in choices if choice.takes and choice.gives]
            choices = mark_misreading(choices, tokens_at(self._session, self._source(destination.wire)))
        self._destination = destination
        at = self._view.viewport().mapTo(self._choices.home, self._view.mapFromScene(destination.point))
        self._choices.open_at(choices, at + LIST_OFFSET)

    def _source(self, wire: Wire) -> End:
        """Return the output at which a wire starts."""
        document = self._session.document
        ports = output_ports(document.design, self._session.catalog, document.graph_name, wire.source)
        return End(wire.source, output=True, index=index_of(ports, wire.source_port) or 0)

    def _add(self, block: str) -> None:
        document, to = self._session.document, self._destination
        # The design may have changed while the list was open.
        if to.wire is not None and to.wire in document.graph.wires:
            document.insert_on_wire(to.wire, block, metrics.snap_point(to.point))
        elif to.end is not None and to.end.id in self._scene.nodes:
            add_at_port(self._session, block, to.point, to.end, down=self._scene.down)
        else:
            document.add_block(block, metrics.snap_point(to.point))


def add_at_port(session: Session, block: str, point: QPointF, end: End, *, down: bool) -> None:
    """Add an item and wire it to a port, as one step of the history.

    Args:
        session: the session.
        block: what `Document.add_block` takes.
        point: where the wire was dropped, in the scene.
        end: the port.
        down: whether wires run top-down.
    """
    document = session.document
    document.undo_stack.beginMacro(f"Add {block.removeprefix(SUBGRAPH)}")
    try:
        id = document.add_block(block, _beside(point, end, down), aside=True)
        if not id:
            return
        offered = {other: fits for other, fits in candidates(session, end) if other.id == id}
        target = best_port(session, id, offered)
        if target is not None:
            wire = wire_between(session, end, target)
            variadic = is_variadic(document.design, session.catalog, document.graph_name, wire)
            document.edit(f"Wire {wire}", connect, wire, variadic=variadic)
    finally:
        document.undo_stack.endMacro()


def _beside(point: QPointF, end: End, down: bool) -> Point:
    """Return the position of a card whose port, not whose middle, is where the wire was dropped."""
    half = (metrics.CARD_HEIGHT if down else metrics.MIN_WIDTH) / 2
    shift = half if end.output else -half
    return metrics.snap_point(point + (QPointF(0, shift) if down else QPointF(shift, 0)))
