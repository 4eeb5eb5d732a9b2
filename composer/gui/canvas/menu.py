"""The context menu, by what lies under the pointer."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QMenu

from composer.core import edits, names
from composer.core.bends import set_bends
from composer.core.graph import Design, Frame, Graph
from composer.gui.canvas.gestures.base import WIRE_REACH
from composer.gui.canvas.items.metrics import GRID
from composer.gui.canvas.overlays.repair_menu import RepairRows
from composer.gui.session import clipboard

if TYPE_CHECKING:
    from composer.gui.canvas.canvas import CanvasView

FRAME_PAD, FRAME_TOP = 6 * GRID, 12 * GRID


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

    node = scene.node_at(place)
    wire = None if node is not None else scene.wire_at(place, canvas.view.reach(WIRE_REACH))
    frame = None if node is not None or wire is not None else scene.frame_at(place)
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
        row("Frame selection", lambda: frame_selection(canvas))
        row("Arrange selection", canvas.layout, len(session.document.selection) > 1)
        attached = [w for w in session.document.graph.wires if {w.source, w.target} & set(session.document.selection)]
        row("Remove wires", lambda: session.document.edit("Remove wires", edits.disconnect, attached), bool(attached))
        menu.addSeparator()
        row("Delete and reconnect", lambda: session.document.delete_selection(reconnect=True))
        row("Delete", session.document.delete_selection)
    elif wire is not None:
        row("Put a block in between…", lambda: canvas.ask_block(place, wire.wire))
        led = wire.wire
        row("Straighten", lambda: session.document.edit(f"Straighten {led}", set_bends, led, ()), bool(wire.bends))
        row("Remove wire", session.document.delete_selection)
    elif frame is not None:
        row("Select members", lambda: session.document.select(frame.frame.nodes))
        row("Rename frame…", lambda: canvas.rename_frame(frame.frame.id))
        row("Remove frame", lambda: session.document.edit("Remove frame", without_frame, frame.frame.id))
    else:
        row("Add block…", lambda: canvas.ask_block(place))
        row("Paste", lambda: session.document.paste(place), clipboard.available())
        menu.addSeparator()
        row("Select all", lambda: session.document.select(session.document.graph.ids()), bool(scene.nodes))
        row("Arrange", canvas.layout, bool(scene.nodes))
        row("Show everything", canvas.fit, bool(scene.nodes))
        if session.document.instance_path:
            row("Leave sub-graph", session.document.leave)
    return menu


def frame_selection(canvas: "CanvasView") -> bool:
    """Put a frame around the selected items."""
    ids = canvas.session.document.selection
    rect = canvas.scene.nodes[ids[0]].scene_body()
    for id in ids:
        rect = rect.united(canvas.scene.nodes[id].scene_body())
    rect = rect.adjusted(-FRAME_PAD, -FRAME_TOP, FRAME_PAD, FRAME_PAD)
    area = (rect.x(), rect.y(), rect.width(), rect.height())
    return canvas.session.document.edit("Frame selection", with_frame, "Group", area, ids)


def with_frame(
    design: Design, title: str, rect: tuple[float, float, float, float], nodes: tuple[str, ...], graph: str = ""
) -> Design:
    """Add a frame."""
    home: Graph = design.graph(graph)
    id = names.fresh("frame", {frame.id for frame in home.frames})
    return edits.set_frames(design, (*home.frames, Frame(id, title, rect, nodes)), graph)


def without_frame(design: Design, id: str, graph: str = "") -> Design:
    """Remove a frame, not what is in it."""
    return edits.set_frames(design, [frame for frame in design.graph(graph).frames if frame.id != id], graph)


def titled_frame(design: Design, id: str, title: str, graph: str = "") -> Design:
    """Give a frame another title."""
    frames = [Frame(f.id, title, f.rect, f.nodes) if f.id == id else f for f in design.graph(graph).frames]
    return edits.set_frames(design, frames, graph)
