"""Which gesture a press begins, by the button, the keys and what lies under the pointer."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from composer.gui.canvas.gestures.base import PORT_REACH, WIRE_REACH, Gesture, Pointer
from composer.gui.canvas.gestures.bend import BendGesture
from composer.gui.canvas.gestures.cut import CutGesture
from composer.gui.canvas.gestures.move import MoveGesture
from composer.gui.canvas.gestures.select import BoxGesture
from composer.gui.canvas.gestures.wire import WireGesture
from composer.gui.canvas.gestures.wiring import End
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.wire_layer import index_of_name

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView


def choose(view: "GraphView", pointer: Pointer) -> Gesture | None:
    """The gesture that a press begins; None if it begins none."""
    scene = view.design_scene
    if pointer.button == Qt.MouseButton.RightButton:
        return CutGesture(view) if pointer.ctrl else None
    if pointer.button != Qt.MouseButton.LeftButton:
        return None
    if pointer.alt and scene.node_at(pointer.scene) is None:
        return CutGesture(view)
    port = scene.port_at(pointer.scene, view.reach(PORT_REACH))
    if port is not None:
        return _from_port(view, *port)
    node = scene.node_at(pointer.scene)
    if node is not None:
        return MoveGesture(view, node)
    bend = scene.bend_at(pointer.scene, view.reach(PORT_REACH))
    if bend is not None:
        return BendGesture(view, bend[0].wire, bend[1])
    wire = scene.wire_at(pointer.scene, view.reach(WIRE_REACH))
    if wire is not None:
        return BendGesture(view, wire.wire)
    frame = scene.frame_at(pointer.scene)
    return MoveGesture(view, None, frame) if frame is not None else BoxGesture(view)


def _from_port(view: "GraphView", node: NodeItem, output: bool, index: int) -> Gesture:
    """A new wire; from an input that has one already, the end of that wire is taken instead."""
    scene = view.design_scene
    if not output:
        arrived = [
            wire
            for wire in scene.graph.in_wires(node.id)
            if index_of_name(node.content.inputs, wire.target_port) == index
        ]
        if arrived:
            last = arrived[-1]
            names = scene.nodes[last.source].content.outputs
            return WireGesture(view, End(last.source, True, index_of_name(names, last.source_port)), last)
    return WireGesture(view, End(node.id, output, index))
