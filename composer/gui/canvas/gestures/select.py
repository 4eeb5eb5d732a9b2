"""Select: a click on a wire or the ground, or a box around nodes."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from composer.core.graph import Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer
from composer.gui.look import theme


class BoxGesture(Gesture):
    """Draws a box and selects what it touches; Shift adds, Ctrl toggles, a mere click clears."""

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        self._before = self.session.document.selection
        self._box: QGraphicsRectItem | None = None

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        assert self.began is not None
        if self._box is None:
            if not self.dragged(pointer):
                return
            pen = QPen(theme.color("accent"), 1)
            pen.setCosmetic(True)
            self._box = QGraphicsRectItem()
            self._box.setPen(pen)
            self._box.setBrush(theme.color("accent", 0.1))
            self._box.setZValue(50)
            self.scene.addItem(self._box)
        self._box.setRect(QRectF(self.began.scene, pointer.scene).normalized())
        chosen = set(self._chosen(pointer))
        for id, node in self.scene.nodes.items():
            node.show_state(selected=id in chosen)

    def _chosen(self, pointer: Pointer) -> tuple[str, ...]:
        assert self.began is not None
        box = QRectF(self.began.scene, pointer.scene).normalized()
        inside = tuple(id for id, node in self.scene.nodes.items() if box.intersects(node.scene_body()))
        if pointer.shift:
            return tuple(dict.fromkeys((*self._before, *inside)))
        if pointer.ctrl:
            return tuple(id for id in (*self._before, *inside) if (id in self._before) != (id in inside))
        return inside

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        drawn = self._box is not None
        chosen = self._chosen(pointer) if drawn else self._before if pointer.shift or pointer.ctrl else ()
        self._remove_box()
        self.session.document.select(chosen)
        self.scene.show_selection()

    def cancel(self) -> None:
        """Leave everything as it was."""
        self._remove_box()
        self.scene.show_selection()

    def _remove_box(self) -> None:
        if self._box is not None:
            self.scene.removeItem(self._box)
            self._box = None


class WireClick(Gesture):
    """Selects a wire; Shift adds, Ctrl toggles."""

    def __init__(self, view: "GraphView", wire: Wire) -> None:  # type: ignore[name-defined]  # noqa: F821
        super().__init__(view)
        self._wire = wire

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        wires = self.session.document.wire_selection
        if pointer.ctrl and self._wire in wires:
            self.session.document.select(
                self.session.document.selection, [wire for wire in wires if wire != self._wire]
            )
        elif pointer.ctrl or pointer.shift:
            self.session.document.select(self.session.document.selection, (*wires, self._wire))
        else:
            self.session.document.select((), (self._wire,))
