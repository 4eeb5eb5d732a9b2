"""Selection and pointer on the canvas: which nodes and wires stand out, and the shape label of the hovered wire."""

from PySide6.QtWidgets import QGraphicsScene

from composer.core.graph import Wire
from composer.gui.canvas.items.items import SceneItems
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.wire_item import ChipItem
from composer.gui.session.session import Session

Z_HOVER = 20.0  # above the cards


class Highlight:
    """Shows the session's selection and what is under the pointer.

    Args:
        scene: the scene, for the label of the hovered wire.
        session: gives the selection.
        items: the drawn items.
    """

    def __init__(self, scene: QGraphicsScene, session: Session, items: SceneItems) -> None:
        self._session = session
        self._items = items
        self._hovered_node = ""
        self._hovered_wire: Wire | None = None
        self._chip = ChipItem()  # shows the shape on the hovered wire
        self._chip.setZValue(Z_HOVER)
        self._chip.setVisible(False)
        scene.addItem(self._chip)

    def show_selection(self) -> None:
        """Outline the selected nodes, color their wires and fade the other wires."""
        session = self._session
        ids, wires = set(session.document.selection), set(session.document.wire_selection)
        differs = False
        for id, node in self._items.nodes.items():
            if node.selected != (id in ids):
                node.show_state(selected=not node.selected)
                differs = True
        others = self._resting_state()
        for item in self._items.wires.values():
            wire = item.wire
            if wire.source in ids or wire.target in ids or (wires and wire in wires):
                state = "selected"
            else:
                state = "hover" if wire == self._hovered_wire else others
            if item.state != state:
                item.set_state(state)
                differs = True
            if item.bends:
                bend = session.document.bend
                item.set_bends(item.bends, bend[1] if bend is not None and bend[0] == wire else -1)
        if differs:
            self._items.notify_changed(moved=False)

    def _resting_state(self) -> str:
        """Return the state of wires that are neither selected nor hovered."""
        return "faded" if self._session.document.selection or self._session.document.wire_selection else "rest"

    def hover_node(self, node: NodeItem | None, port: tuple[bool, int] | None = None) -> None:
        """Mark the node under the pointer, and one of its ports.

        Args:
            node: the node; None for no node.
            port: (whether it is an output, index).
        """
        before = self._items.nodes.get(self._hovered_node)
        if before is not None and before is not node:
            before.show_state(hovered=False, lit=None)
        self._hovered_node = node.id if node is not None else ""
        if node is not None:
            node.show_state(hovered=True, lit=port)

    def hover_wire(self, wire: Wire | None) -> None:
        """Mark the wire under the pointer and show its shape; None for no wire."""
        if wire == self._hovered_wire:
            return
        wires = self._items.wires
        before, self._hovered_wire = self._hovered_wire, wire
        for changed in (before, wire):
            if changed is not None and changed in wires and wires[changed].state != "selected":
                wires[changed].set_state("hover" if changed == wire else self._resting_state())
        label = wires[wire].label if wire is not None and wire in wires else ""
        self._chip.setVisible(bool(label))
        if wire is not None and label:
            self._chip.show_label(label, wires[wire].middle, strong=True)

    def wire_removed(self, wire: Wire) -> None:
        """Stop marking a wire that is about to be removed."""
        if wire == self._hovered_wire:
            self.hover_wire(None)

    def hide(self) -> None:
        """Show neither selection nor pointer, as an image of the design should; `show_selection` shows both again."""
        for node in self._items.nodes.values():
            node.show_state(hovered=False, selected=False)
        self._chip.setVisible(False)
        for item in self._items.wires.values():
            item.set_state("rest")
