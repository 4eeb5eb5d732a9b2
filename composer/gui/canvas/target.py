"""What is under the pointer when a context menu opens."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF

from composer.core.graph import Wire
from composer.gui.canvas.hit_test import WIRE_REACH, frame_at, node_at, wire_at
from composer.gui.canvas.view import GraphView

PointerTargetKind = Literal["node", "wire", "frame", "canvas"]


@dataclass(frozen=True, slots=True)
class PointerTarget:
    """The item under the pointer.

    Attributes:
        position: position in the scene; None for a command that was not run at a position.
        node: id of an input, node or output.
        wire: a wire.
        frame: id of a frame.
    """

    position: QPointF | None = None
    node: str = ""
    wire: Wire | None = None
    frame: str = ""

    @property
    def kind(self) -> PointerTargetKind:
        """The kind of item; ``canvas`` for the background."""
        if self.node:
            return "node"
        if self.wire is not None:
            return "wire"
        return "frame" if self.frame else "canvas"


def target_at(view: GraphView, position: QPointF) -> PointerTarget:
    """Return what is at a position in the scene: a node before a wire before a frame."""
    scene = view.design_scene
    if (node := node_at(scene, position)) is not None:
        return PointerTarget(position, node=node.id)
    if (wire := wire_at(scene, position, view.reach(WIRE_REACH))) is not None:
        return PointerTarget(position, wire=wire.wire)
    if (frame := frame_at(scene, position)) is not None:
        return PointerTarget(position, frame=frame.frame.id)
    return PointerTarget(position)
