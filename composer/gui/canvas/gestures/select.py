"""Select: a click on a wire or the background, or a rubber band around nodes."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from composer.core.graph import Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.look import theme

Z_BAND = 50.0


class BoxGesture(Gesture):
    """Draws a rubber band and selects what it touches; Shift adds, Ctrl toggles, a click selects nothing."""

    def start(self, pointer: Pointer) -> None:
        """Remember the selection, which Shift and Ctrl extend."""
        super().start(pointer)
        self._before = self.document.selection
        self._band: QGraphicsRectItem | None = None

    def move(self, pointer: Pointer) -> None:
        """Draw the band, and mark what it would select."""
        assert self.pressed is not None
        if self._band is None:
            if not self.dragged(pointer):
                return
            pen = QPen(theme.color("accent"), 1)
            pen.setCosmetic(True)
            self._band = QGraphicsRectItem()
            self._band.setPen(pen)
            self._band.setBrush(theme.color("accent", 0.1))
            self._band.setZValue(Z_BAND)
            self.scene.addItem(self._band)
        self._band.setRect(QRectF(self.pressed.scene, pointer.scene).normalized())
        selected = set(self._selection(pointer))
        for id, node in self.scene.nodes.items():
            node.show_state(selected=id in selected)

    def _selection(self, pointer: Pointer) -> tuple[str, ...]:
        """Return what is selected if the button is released now."""
        assert self.pressed is not None
        band = QRectF(self.pressed.scene, pointer.scene).normalized()
        inside = tuple(id for id, node in self.scene.nodes.items() if band.intersects(node.scene_body()))
        if pointer.shift:
            return tuple(dict.fromkeys((*self._before, *inside)))
        if pointer.ctrl:
            return tuple(id for id in (*self._before, *inside) if (id in self._before) != (id in inside))
        return inside

    def end(self, pointer: Pointer) -> None:
        """Select what the band touches."""
        selection: tuple[str, ...] = ()
        if self._band is not None:
            selection = self._selection(pointer)
        elif pointer.shift or pointer.ctrl:
            selection = self._before
        self._remove_band()
        self.document.select(selection)
        self.scene.highlight.show_selection()

    def cancel(self) -> None:
        """Remove the band."""
        self._remove_band()
        self.scene.highlight.show_selection()

    def _remove_band(self) -> None:
        if self._band is not None:
            self.scene.removeItem(self._band)
            self._band = None


class WireClick(Gesture):
    """Selects a wire; Shift adds, Ctrl toggles.

    Args:
        surface: the view.
        wire: the wire under the pointer.
    """

    def __init__(self, surface: Surface, wire: Wire) -> None:
        super().__init__(surface)
        self._wire = wire

    def end(self, pointer: Pointer) -> None:
        """Change the selection."""
        wires = self.document.wire_selection
        if pointer.ctrl and self._wire in wires:
            self.document.select(self.document.selection, [wire for wire in wires if wire != self._wire])
        elif pointer.ctrl or pointer.shift:
            self.document.select(self.document.selection, (*wires, self._wire))
        else:
            self.document.select((), (self._wire,))
