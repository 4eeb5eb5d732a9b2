"""Which wires carry a chip with the tensor shape, and how much space between cards the labels need."""

from collections.abc import Iterable

from composer.core.graph import Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import output_shape, port_index
from composer.gui.canvas.items.items import SceneItems
from composer.gui.canvas.items.wire_item import ChipItem, chip_width
from composer.gui.session.session import Session

CHIP_GAP = 36.0  # of the gap between two cards, beside the chip
NAMES_GAP = 28.0  # likewise beside port names, on a wire without a chip
DOWN_GAP = 28.0  # likewise above and below a chip, where wires run down


class WireLabels:
    """Shows on chips the shapes that a reader of the drawing would not expect.

    Args:
        session: gives the shapes.
        items: the drawn wires and chips.
    """

    def __init__(self, session: Session, items: SceneItems) -> None:
        self._session = session
        self._items = items

    def show_shapes(self, ids: Iterable[str]) -> None:
        """Update the shapes of the wires that leave some items, and the chips there and one step downstream."""
        # 1. Set the shapes. They may make a chip of the next wires appear or go, because a chip is shown only where
        #    the shape changes, so the items that these wires feed are looked at too.
        sources = set(ids)
        for id in list(sources):
            for wire in self._items.out_wires.get(id, ()):
                self._items.wires[wire].set_shape(self._shape(wire))
                sources.add(wire.target)
        # 2. Show one chip for each output port whose shape differs from that at the input.
        for id in sources:
            labelled: set[str] = set()
            for wire in self._items.out_wires.get(id, ()):
                if wire.source_port not in labelled and self._changes_shape(wire):
                    labelled.add(wire.source_port)
                    self._chip(wire).show_label(self._items.wires[wire].label, self._items.wires[wire].middle)
                elif wire in self._items.chips:
                    self._items.remove(self._items.chips.pop(wire))

    def _chip(self, wire: Wire) -> ChipItem:
        if wire not in self._items.chips:
            self._items.chips[wire] = ChipItem()
            self._items.add(self._items.chips[wire])
        return self._items.chips[wire]

    def _shape(self, wire: Wire) -> tuple[int, ...] | None:
        """Return the shape on a wire, batch axis first; None while it is unknown."""
        index = port_index(self._items.nodes[wire.source].content.outputs, wire.source_port)
        return output_shape(self._session.document.graph, wire.source, index, self._session.facts_for(wire.source))

    def _changes_shape(self, wire: Wire) -> bool:
        """Return whether the shape on a wire differs from that on the first wire into its source."""
        wires = self._items.wires
        shape = wires[wire].shape_
        if shape is None:
            return False
        upstream = [wires[before].shape_ for before in self._items.in_wires.get(wire.source, ()) if before in wires]
        return not upstream or upstream[0] != shape

    def label_of(self, id: str, port: str) -> str:
        """Return the shape that leaves a port as its wires show it; empty if it is unknown or has no wires."""
        wires = self._items.wires
        labels = (
            wires[wire].label
            for wire in self._items.out_wires.get(id, ())
            if wire.source_port == port and wire in wires
        )
        return next(labels, "")

    # --- space between cards ----------------------------------------------------------------------------------------

    def gaps(self) -> dict[Wire, float]:
        """Return the gap that each wire needs between its ends, in pixels of the scene."""
        chips = self._items.chips
        return {
            wire: self.gap_for(chips[wire].text if wire in chips else "", self.names_width(wire))
            for wire in self._items.wires
        }

    def gap_for(self, label: str, names: float) -> float:
        """Return the gap that a wire needs.

        Args:
            label: text of its chip; empty without one.
            names: width of the port names at its ends.
        """
        if self._items.down:
            return metrics.CHIP_HEIGHT + DOWN_GAP if label else 0.0
        if label:
            return names + chip_width(label) + CHIP_GAP
        return names + (NAMES_GAP if names else 0.0)

    def names_width(self, wire: Wire) -> float:
        """Return the width of the port names at those ends of a wire that are drawn."""
        nodes = self._items.nodes
        ends = (nodes.get(wire.source), True), (nodes.get(wire.target), False)
        return sum(node.labels_width(output) for node, output in ends if node is not None)
