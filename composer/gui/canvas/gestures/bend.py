"""Bend: drag a wire by its middle to lead it through a place, or drag such a place; a mere click selects."""

from typing import TYPE_CHECKING

from composer.core.bends import bend_index, bends_of, set_bends
from composer.core.graph import Point, Wire
from composer.gui.canvas.gestures.base import PORT_REACH, WIRE_REACH, Pointer, snapped_point
from composer.gui.canvas.gestures.select import WireClick

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView


class BendGesture(WireClick):
    """Drags a bend of a wire, a new one where none was taken hold of.

    Args:
        view: the view.
        wire: the wire under the pointer.
        index: which of its bends is under the pointer; None for the wire itself.
    """

    def __init__(self, view: "GraphView", wire: Wire, index: int | None = None) -> None:
        super().__init__(view, wire)
        self._index = index
        self._bends = bends_of(self.scene.graph, wire)
        self._place = 0  # of a new bend among the others
        self._moving = False

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        self._place = new_place(self.view, self._wire, pointer)

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        if self._moving or self.dragged(pointer):
            self._moving = True
            self.scene.layer.show_bent(self._wire, self._led(pointer)[0])

    def _led(self, pointer: Pointer) -> tuple[tuple[Point, ...], int]:
        """The bends with the dragged one at the pointer, and which that is."""
        place = snapped_point(pointer.scene)
        if self._index is not None:
            return (*self._bends[: self._index], place, *self._bends[self._index + 1 :]), self._index
        return (*self._bends[: self._place], place, *self._bends[self._place :]), self._place

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        if not self._moving:
            super().end(pointer)
            if self._index is not None and not (pointer.ctrl or pointer.shift):
                self.session.document.select((), (self._wire,), (self._wire, self._index))
            return
        led, index = self._led(pointer)
        self.cancel()
        if self.session.document.edit(f"Bend {self._wire}", set_bends, self._wire, led):
            self.session.document.select((), (self._wire,), (self._wire, index))

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self._moving:
            self.scene.restore_routes((self._wire.source, self._wire.target))


def new_place(view: "GraphView", wire: Wire, pointer: Pointer) -> int:
    """Where among the bends of a wire a new one at the pointer comes."""
    scene = view.design_scene
    led, route = bends_of(scene.graph, wire), scene.wires[wire].route
    way = (
        [(across, along) if scene.down else (along, across) for along, across in route.points]
        if route is not None
        else []
    )
    return bend_index(led, way, (pointer.scene.x(), pointer.scene.y()))


def toggle_bend(view: "GraphView", pointer: Pointer) -> bool:
    """Remove the bend at the pointer, or add one to the wire there, as a double click does; false if there is neither."""
    scene, session = view.design_scene, view.session
    bend = scene.bend_at(pointer.scene, view.reach(PORT_REACH))
    if bend is not None:
        session.document.remove_bend(bend[0].wire, bend[1])
        return True
    found = scene.wire_at(pointer.scene, view.reach(WIRE_REACH))
    if found is None:
        return False
    led, index = bends_of(scene.graph, found.wire), new_place(view, found.wire, pointer)
    if session.document.edit(
        f"Bend {found.wire}", set_bends, found.wire, (*led[:index], snapped_point(pointer.scene), *led[index:])
    ):
        session.document.select((), (found.wire,), (found.wire, index))
    return True
