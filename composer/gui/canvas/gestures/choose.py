"""Which gesture a press starts, by the button, the keys and what is under the pointer."""

from PySide6.QtCore import Qt

from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.canvas.gestures.bend import BendGesture
from composer.gui.canvas.gestures.cut import CutGesture
from composer.gui.canvas.gestures.move import MoveGesture
from composer.gui.canvas.gestures.select import BoxGesture
from composer.gui.canvas.gestures.wire import WireGesture
from composer.gui.canvas.hit_test import PORT_REACH, WIRE_REACH, bend_at, frame_at, node_at, port_at, wire_at
from composer.gui.canvas.items.content import port_index
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.wiring import End


def choose(surface: Surface, pointer: Pointer) -> Gesture | None:
    """Return the gesture that a press starts; None if it starts none."""
    scene = surface.design_scene
    if pointer.button == Qt.MouseButton.RightButton:
        return CutGesture(surface) if pointer.ctrl else None
    if pointer.button != Qt.MouseButton.LeftButton:
        return None
    if pointer.alt and node_at(scene, pointer.scene) is None:
        return CutGesture(surface)
    port = port_at(scene, pointer.scene, surface.reach(PORT_REACH))
    if port is not None:
        return _from_port(surface, *port)
    node = node_at(scene, pointer.scene)
    if node is not None:
        return MoveGesture(surface, node)
    bend = bend_at(scene, pointer.scene, surface.reach(PORT_REACH))
    if bend is not None:
        return BendGesture(surface, bend[0].wire, bend[1])
    wire = wire_at(scene, pointer.scene, surface.reach(WIRE_REACH))
    if wire is not None:
        return BendGesture(surface, wire.wire)
    frame = frame_at(scene, pointer.scene)
    return MoveGesture(surface, None, frame) if frame is not None else BoxGesture(surface)


def _from_port(surface: Surface, node: NodeItem, output: bool, index: int) -> Gesture:
    """Return the gesture that draws a new wire, or that moves the end of the wire at an input that has one."""
    scene = surface.design_scene
    if not output:
        wires = [w for w in scene.graph.in_wires(node.id) if port_index(node.content.inputs, w.target_port) == index]
        if wires:
            last = wires[-1]
            names = scene.nodes[last.source].content.outputs
            return WireGesture(surface, End(last.source, True, port_index(names, last.source_port)), last)
    return WireGesture(surface, End(node.id, output, index))
