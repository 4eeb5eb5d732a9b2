"""The context menu, by what lies under the pointer."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QMenu

from composer.core import edits
from composer.core.bends import set_bends
from composer.core.frames import remove_frame
from composer.gui.canvas.hit_test import WIRE_REACH, frame_at, node_at, wire_at
from composer.gui.canvas.overlays.repair_menu import RepairRows
from composer.gui.session import clipboard

if TYPE_CHECKING:
    from composer.gui.canvas.canvas import CanvasView


def show_menu(canvas: "CanvasView", place: QPointF, at: QPoint) -> None:
    """Open the menu for a place in the scene."""
    menu = build_menu(canvas, place)
    menu.popup(at)


def build_menu(canvas: "CanvasView", place: QPointF) -> QMenu:
    """The menu for a place in the scene; a thing that is not selected yet becomes so first."""
    session, scene = canvas.session, canvas.scene
    menu = QMenu(canvas)
    menu.aboutToHide.connect(menu.deleteLater)

    def row(text: str, run: Callable[[], object], enabled: bool = True) -> None:
        action = menu.addAction(text)
        action.setEnabled(enabled)
        action.triggered.connect(lambda _checked=False: run())

    node = node_at(scene, place)
    wire = None if node is not None else wire_at(scene, place, canvas.view.reach(WIRE_REACH))
    frame = None if node is not None or wire is not None else frame_at(scene, place)
    if node is not None and node.id not in session.document.selection:
        session.document.select((node.id,))
    elif wire is not None and wire.wire not in session.document.wire_selection:
        session.document.select((), (wire.wire,))
    if node is not None:
        if node.content.error:
            RepairRows(menu, session, node.id)
        row("Rename", lambda: canvas.rename(node.id))
        if node.content.stacked:
            row("Enter sub-graph", lambda: session.document.enter(node.id))
            row(
                "Unpack sub-graph",
                lambda: session.command_requested.emit("ungroup", None),
                len(session.document.selection) == 1,
            )
            row(
                "Make unique",
                lambda: session.command_requested.emit("make_unique", None),
                len(session.document.selection) == 1,
            )
        elif node.id in session.document.graph.nodes:
            row("Replace block…", canvas.replace_block)
        menu.addSeparator()
        row("Cut", session.document.cut)
        row("Copy", session.document.copy)
        row("Duplicate", session.document.duplicate)
        menu.addSeparator()
        row(
            "Make sub-graph",
            lambda: session.command_requested.emit("group", None),
            any(id in session.document.graph.nodes for id in session.document.selection),
        )
        row("Frame selection", canvas.frame_selection)
        row("Arrange selection", canvas.layout, len(session.document.selection) > 1)
        attached = [w for w in session.document.graph.wires if {w.source, w.target} & set(session.document.selection)]
        row("Remove wires", lambda: session.document.edit("Remove wires", edits.disconnect, attached), bool(attached))
        menu.addSeparator()
        row("Delete and reconnect", lambda: session.document.delete_selection(reconnect=True))
        row("Delete", session.document.delete_selection)
    elif wire is not None:
        row("Put a block in between…", lambda: canvas.open_quick_add(place, wire.wire))
        led = wire.wire
        row("Straighten", lambda: session.document.edit(f"Straighten {led}", set_bends, led, ()), bool(wire.bends))
        row("Remove wire", session.document.delete_selection)
    elif frame is not None:
        row("Select members", lambda: session.document.select(frame.frame.nodes))
        row("Rename frame…", lambda: canvas.rename_frame(frame.frame.id))
        row("Remove frame", lambda: session.document.edit("Remove frame", remove_frame, frame.frame.id))
    else:
        row("Add block…", lambda: canvas.open_quick_add(place))
        row("Paste", lambda: session.document.paste(place), clipboard.available())
        menu.addSeparator()
        row("Select all", lambda: session.document.select(session.document.graph.ids()), bool(scene.nodes))
        row("Arrange", canvas.layout, bool(scene.nodes))
        row("Show everything", canvas.fit, bool(scene.nodes))
        if session.document.instance_path:
            row("Leave sub-graph", session.document.leave)
    return menu
