"""Bend: drag a wire by its middle to route it through a point, or drag such a bend; a click selects."""

from composer.core.bends import bend_index, bends_of, set_bends
from composer.core.graph import Point, Wire
from composer.gui.canvas.gestures.base import Pointer, Surface
from composer.gui.canvas.gestures.select import WireClick
from composer.gui.canvas.hit_test import PORT_REACH, WIRE_REACH, bend_at, wire_at
from composer.gui.canvas.items.metrics import snap_point


class BendGesture(WireClick):
    """Drags a bend of a wire, or adds one.

    Args:
        surface: the view.
        wire: the wire under the pointer.
        index: index of the bend under the pointer; None for the wire itself, which then gets a new bend.
    """

    def __init__(self, surface: Surface, wire: Wire, index: int | None = None) -> None:
        super().__init__(surface, wire)
        self._index = index
        self._bends = bends_of(self.scene.graph, wire)
        self._new_index = 0  # of a new bend among the others
        self._moving = False

    def start(self, pointer: Pointer) -> None:
        """Find where along the wire a new bend would come."""
        super().start(pointer)
        self._new_index = new_bend_index(self.surface, self._wire, pointer)

    def move(self, pointer: Pointer) -> None:
        """Route the wire through the pointer."""
        if self._moving or self.dragged(pointer):
            self._moving = True
            self.scene.wire_layer.show_bent(self._wire, self._bends_with(pointer)[0])

    def _bends_with(self, pointer: Pointer) -> tuple[tuple[Point, ...], int]:
        """Return the bends with the dragged one at the pointer, and the index of that one."""
        point = snap_point(pointer.scene)
        if self._index is not None:
            return (*self._bends[: self._index], point, *self._bends[self._index + 1 :]), self._index
        return (*self._bends[: self._new_index], point, *self._bends[self._new_index :]), self._new_index

    def end(self, pointer: Pointer) -> None:
        """Apply the bends, or select the wire if it was a click."""
        if not self._moving:
            super().end(pointer)
            if self._index is not None and not (pointer.ctrl or pointer.shift):
                self.document.select((), (self._wire,), (self._wire, self._index))
            return
        bends, index = self._bends_with(pointer)
        self.cancel()
        if self.document.edit(f"Bend {self._wire}", set_bends, self._wire, bends):
            self.document.select((), (self._wire,), (self._wire, index))

    def cancel(self) -> None:
        """Show the route that the wire had."""
        if self._moving:
            self.scene.wire_layer.restore_routes((self._wire.source, self._wire.target))


def new_bend_index(surface: Surface, wire: Wire, pointer: Pointer) -> int:
    """Return the index among the bends of a wire at which a new one at the pointer belongs."""
    scene = surface.design_scene
    bends, route = bends_of(scene.graph, wire), scene.wires[wire].route
    points = route.points if route is not None else ()
    corners = [(across, along) if scene.down else (along, across) for along, across in points]
    return bend_index(bends, corners, (pointer.scene.x(), pointer.scene.y()))


def toggle_bend(surface: Surface, pointer: Pointer) -> bool:
    """Remove the bend at the pointer, or add one to the wire there, as a double click does.

    Returns:
        Whether there was a bend or a wire.
    """
    scene, document = surface.design_scene, surface.session.document
    bend = bend_at(scene, pointer.scene, surface.reach(PORT_REACH))
    if bend is not None:
        document.remove_bend(bend[0].wire, bend[1])
        return True
    item = wire_at(scene, pointer.scene, surface.reach(WIRE_REACH))
    if item is None:
        return False
    wire, index = item.wire, new_bend_index(surface, item.wire, pointer)
    bends = bends_of(scene.graph, wire)
    bends = (*bends[:index], snap_point(pointer.scene), *bends[index:])
    if document.edit(f"Bend {wire}", set_bends, wire, bends):
        document.select((), (wire,), (wire, index))
    return True
