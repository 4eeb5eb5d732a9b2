"""The canvas: the view of the shown graph with what floats over it."""

from collections.abc import Collection, Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QCursor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QInputDialog, QVBoxLayout, QWidget

from composer.core import edits
from composer.core.bends import straighten
from composer.core.graph import Design, Point, Wire
from composer.core.layout.layered import layout as place_items
from composer.gui.canvas import adding, keys, menu, picture
from composer.gui.canvas.camera import FIT_MARGIN
from composer.gui.canvas.gestures.base import WIRE_REACH, snapped_point
from composer.gui.canvas.gestures.wiring import End
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.differences import Differences
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.overlays.breadcrumb import Breadcrumb
from composer.gui.canvas.overlays.empty_state import EmptyState
from composer.gui.canvas.overlays.heat import HeatLegend, heat_color, shares
from composer.gui.canvas.overlays.minimap import Minimap
from composer.gui.canvas.overlays.quick_add import QuickAdd
from composer.gui.canvas.overlays.quick_search import block_choices, filtered
from composer.gui.canvas.overlays.rename_field import RenameField
from composer.gui.canvas.overlays.replace_list import ReplaceList
from composer.gui.canvas.overlays.tool_strip import ToolStrip
from composer.gui.canvas.placement import CanvasPlacement
from composer.gui.canvas.scene import DesignScene
from composer.gui.canvas.view import GraphView
from composer.gui.session import settings
from composer.gui.session.cost_lens import HEATS, written
from composer.gui.session.session import Session
from composer.gui.shell import keymap

GAP = 12  # from the edges of the canvas to what floats
ROW_ASPECT = 1.9  # width to height that a layout in rows aims at
DIRECTION = "canvas/direction"


class CanvasView(QWidget):
    """The drawing, with breadcrumb, style, minimap, heat legend and what an empty canvas says.

    Args:
        session: the session.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        direction = str(settings.settings().value(DIRECTION, "right"))
        self.scene = DesignScene(session, direction)
        self.scene.setParent(self)
        self.differences = Differences(self.scene)
        self.view = GraphView(self.scene, session, self)
        self.setFocusProxy(self.view)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.view)
        self.empty = EmptyState(session, self)
        self.breadcrumb = Breadcrumb(session, self)
        self.strip = ToolStrip(self)
        self.minimap = Minimap(self.view, self)
        self.legend = HeatLegend(self)
        self.list = QuickAdd(self)
        self.replace_list = ReplaceList(session, self)
        self.field = RenameField(session, self.view)
        self._motion = LayoutMotion(self.scene, self)
        session.document.use_placement(CanvasPlacement(self.view, self.scene, self._motion, self.show_items))
        self._wish: tuple[QPointF, Wire | None, End | None] = (QPointF(), None, None)
        self._coloured = False
        self._fit_due = True
        self.given_up: frozenset[str] = frozenset()  # keys that the user has taken from their commands
        self._connect()
        self._show_empty()

    def _connect(self) -> None:
        session, view, strip = self.session, self.view, self.strip
        view.quick_add_asked.connect(self._ask_at)
        view.rename_asked.connect(self.rename)
        view.menu_asked.connect(lambda place, at: menu.show_menu(self, place, at))
        view.key_pressed.connect(lambda event: keys.press(self, event))
        self.list.picked.connect(self._on_picked)
        for opened in (self.list, self.replace_list):
            opened.closed.connect(lambda: self.view.setFocus(Qt.FocusReason.OtherFocusReason))
        strip.hand_chosen.connect(self._take_hand)
        strip.fit_asked.connect(self.fit)
        strip.layout_asked.connect(self.layout)
        strip.heat_chosen.connect(self.show_cost_heat)
        strip.show_heat("", session.lens)
        session.lens.changed.connect(self._on_lens)
        self.scene.changed_extent.connect(self._show_empty)
        self.scene.rebuilt.connect(self._on_rebuilt)
        session.facts_changed.connect(lambda _ids, _revision: self._refresh_heat())
        session.theme_changed.connect(self._refresh_theme)

    # --- where one looks --------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show everything."""
        self.view.fit(self.scene.extent())

    def fit_selection(self) -> None:
        """Show the selection, or everything if nothing is selected."""
        rect = QRectF()
        for id in self.session.document.selection:
            rect = rect.united(self.scene.nodes[id].scene_body())
        if rect.isNull():
            self.fit()
        else:
            self.view.fit(rect.adjusted(-60, -60, 60, 60), most=1.25)

    def zoom_reset(self) -> None:
        """Show the middle of the view at 100 %."""
        self.view.glide(1.0, self.view.seen().center())

    def show_item(self, id: str) -> None:
        """Bring an item of the shown graph into view, if it is not."""
        node = self.scene.nodes.get(id)
        if node is not None and not self.view.seen().contains(node.scene_body()):
            self.view.glide(max(self.view.scale_now, metrics.DETAIL_SCALE), node.pos())

    def show_items(self, ids: Collection[str]) -> None:
        """Bring some items of the shown graph into view, as near as they were, if they are not."""
        rect = QRectF()
        for id in ids:
            if (node := self.scene.nodes.get(id)) is not None:
                rect = rect.united(node.scene_body())
        if not rect.isNull() and not self.view.seen().contains(rect):
            self.view.glide(min(self.view.scale_now, self.view.scale_for(rect)), rect.center())

    def set_animated(self, on: bool) -> None:
        """Whether fit and layout move there (the default) or are there at once."""
        self.view.animated = on
        self._motion.on = on

    # --- layout -----------------------------------------------------------------------------------------------------

    def layout(self, way: str = "") -> None:
        """Arrange the selection if it holds several items, else everything.

        Args:
            way: ``right`` in one line, ``down`` or ``rows``; empty for the direction in force, in rows where one line would be too long.
        """
        if way in ("right", "down"):
            self.set_direction(way)
        elif way == "rows":
            self.set_direction("right")
        graph = self.session.document.graph
        only = set(self.session.document.selection) if len(self.session.document.selection) > 1 and not way else None
        sizes = {id: metrics.size(node.content) for id, node in self.scene.nodes.items()}
        row = self._row_length(sizes) if only is None and way != "right" and not self.scene.down else None
        places = place_items(
            graph, sizes, "down" if self.scene.down else "right", room=self.scene.layer.label_room(), only=only, row=row
        )
        with self._motion:
            moved = self.session.document.edit("Arrange", _arranged, places)
            reached = self.scene.extent()  # where the cards come to lie: leaving this block sends them on their way
        if moved and only is None:
            self.view.fit(reached)

    def _row_length(self, sizes: Mapping[str, tuple[float, float]]) -> float:
        """The length of rows at which the drawing comes out about as wide as a page."""
        length = sum(width + 56.0 for width, _ in sizes.values())
        seen = min(max(self.view.viewport().width() - 2.0 * FIT_MARGIN, 900.0), 1600.0)
        return float(max(seen, (length * 190.0 * ROW_ASPECT) ** 0.5))

    def set_direction(self, direction: str) -> None:
        """Let wires run ``right`` or ``down``, here and in every new design."""
        settings.settings().setValue(DIRECTION, direction)
        self.scene.direction = direction
        self.scene.set_direction(direction)

    # --- adding and naming ------------------------------------------------------------------------------------------

    def quick_add(self) -> None:
        """Open the list of blocks: for the selected wire or the one at the pointer, else for the ground there or the middle of the view."""
        if self.list.isVisible():
            self.list.step(1)
            return
        at = self.view.viewport().mapFromGlobal(QCursor.pos())
        inside = self.view.viewport().rect().contains(at) and self.view.underMouse()
        place = self.view.mapToScene(at) if inside else self.view.seen().center()
        chosen = self.session.document.wire_selection if not self.session.document.selection else ()
        found = self.scene.wires.get(chosen[0]) if len(chosen) == 1 else None
        if found is not None:
            place = found.middle
        elif inside and self.scene.node_at(place) is None:
            found = self.scene.wire_at(place, self.view.reach(WIRE_REACH))
        self.ask_block(place, found.wire if found is not None else None)

    def _ask_at(self, place: QPointF, wish: tuple[End, str] | None) -> None:
        self.ask_block(place, end=wish[0] if wish else None, kind=wish[1] if wish else "any")

    def ask_block(self, place: QPointF, wire: Wire | None = None, *, end: End | None = None, kind: str = "any") -> None:
        """Open the list of blocks.

        Args:
            place: where the block will stand.
            wire: a wire on which it is put.
            end: a port to which it is wired.
            kind: layout at that port.
        """
        session = self.session
        found = block_choices(session.document.design, session.catalog, session.document.graph_name)
        if end is not None:
            found = filtered(found, kind, from_output=end.output)
        if wire is not None:
            found = [choice for choice in found if choice.takes and choice.gives]
        self._wish = (place, wire, end)
        at = self.view.mapFromScene(place)
        self.list.ask(found, self.view.viewport().mapTo(self, at) + QPoint(-24, 12))

    def _on_picked(self, block: str) -> None:
        place, wire, end = self._wish
        if wire is not None and wire in self.session.document.graph.wires:
            self.session.document.insert_on_wire(wire, block, snapped_point(place))
        elif end is not None and end.id in self.scene.nodes:
            adding.at_port(self.session, block, place, end, down=self.scene.down)
        else:
            self.session.document.add_block(block, snapped_point(place))

    def replace_block(self) -> None:
        """Open the list of blocks that may take the place of the selected ones."""
        ids = [id for id in self.session.document.selection if id in self.session.document.graph.nodes]
        if ids:
            self.show_item(ids[0])
            corner = self.view.mapFromScene(self.scene.nodes[ids[0]].scene_body().bottomLeft())
            self.replace_list.open(self.view.viewport().mapTo(self, corner) + QPoint(0, 8))

    def rename(self, id: str = "") -> None:
        """Edit an id in place; that of the selected item if none is named."""
        id = id or (self.session.document.selection[0] if len(self.session.document.selection) == 1 else "")
        node = self.scene.nodes.get(id)
        if node is None:
            return
        self.show_item(id)
        body = self.view.mapFromScene(node.scene_body()).boundingRect()
        top = QRect(body.left() + 8, body.top() + 6, body.width() - 16, min(24, body.height()))
        self.field.ask(id, QRect(self.view.viewport().mapTo(self.view, top.topLeft()), top.size()))

    def rename_frame(self, id: str) -> None:
        """Ask for another title of a frame."""
        frame = self.scene.frames[id].frame
        title, done = QInputDialog.getText(self, "Rename frame", "Title", text=frame.title)
        if done:
            self.session.document.edit("Rename frame", menu.titled_frame, id, title)

    def nudge(self, along: float, down: float) -> None:
        """Move the selection by a few pixels; nudges in a row are one step of the history."""
        places = {id: self.scene.nodes[id].pos() for id in self.session.document.selection if id in self.scene.nodes}
        if places:
            moved = {id: (place.x() + along, place.y() + down) for id, place in places.items()}
            self.session.document.edit("Nudge", edits.move, moved, merge_key=("nudge", tuple(sorted(moved))))

    # --- heat and pictures ------------------------------------------------------------------------------------------

    def set_heat(self, heat: Mapping[str, float] | None, legend: str = "", high: str = "1") -> None:
        """Colour the cards.

        Args:
            heat: a share of one for each id; None for no colours.
            legend: what the colours mean.
            high: what a share of one stands for.
        """
        self.scene.set_heat({id: heat_color(value) for id, value in (heat or {}).items()})
        if heat is None:
            self.legend.hide()
        else:
            self.legend.explain(legend, high)
        self.strip.show_heat(self.session.lens.heat, self.session.lens)
        self._place_floating()

    def show_cost_heat(self, cost: str) -> None:
        """Colour the cards by one of the costs of `HEATS`; empty for no colours."""
        self.session.lens.set_heat(cost)

    def _on_lens(self) -> None:
        if self.session.lens.heat:
            self._refresh_heat()
        elif self._coloured:
            self._coloured = False
            self.set_heat(None)
        self.strip.show_heat(self.session.lens.heat, self.session.lens)

    def _refresh_heat(self) -> None:
        session, heat = self.session, self.session.lens.heat
        if heat:
            self._coloured = True
            facts = self.scene.facts()
            values = {
                id: session.lens.value(heat, id, facts.get(id), session.document.instance_path)
                for id in session.document.graph.nodes
            }
            found, most = shares(values)
            self.set_heat(found, HEATS[heat], written(heat, most))

    def export_picture(self, path: Path | str) -> None:
        """Write the whole graph as .png, .svg or .pdf.

        Raises:
            composer.core.errors.UserError: if the ending is not known or the file cannot be written.
        """
        picture.export_picture(self.scene, Path(path))

    # --- what floats ------------------------------------------------------------------------------------------------

    def _take_hand(self, on: bool) -> None:
        self.view.hand = on
        self.view.show_cursor()

    def _on_rebuilt(self) -> None:
        self.list.close_()
        self.replace_list.close_()
        self.field.hide()
        self._fit_due = True
        QTimer.singleShot(0, self, self._fit_if_due)
        if self._is_heap():
            QTimer.singleShot(0, self, self._spread)
        self._refresh_heat()

    def _is_heap(self) -> bool:
        """Whether nothing has a place yet, as in a design that a script wrote."""
        return len(self.scene.nodes) > 1 and len({node.pos().toTuple() for node in self.scene.nodes.values()}) == 1

    def _spread(self) -> None:
        if self._is_heap():
            self.layout()

    def _fit_if_due(self) -> None:
        if self._fit_due and self.isVisible() and self.view.viewport().width() > 50:
            self._fit_due = False
            self.view.show_at(self.view.scale_for(self.scene.extent()), self.scene.extent().center())

    def _show_empty(self) -> None:
        self.empty.setVisible(not self.scene.nodes and not self.session.document.instance_path)

    def refresh_keys(self) -> None:
        """Take over the keys that the user has chosen."""
        self.given_up = keymap.given_up()
        self.strip.refresh_keys()
        self.empty.refresh_keys()

    def _refresh_theme(self) -> None:
        self.strip.refresh_theme()
        self.empty.refresh_theme()
        self.view.viewport().update()

    def _place_floating(self) -> None:
        width, height = self.width(), self.height()
        self.breadcrumb.move(GAP, GAP)
        self.strip.adjustSize()
        self.strip.move(width - self.strip.width() - GAP, GAP)
        self.minimap.move(width - self.minimap.width() - GAP, height - self.minimap.height() - GAP)
        self.legend.move(GAP, height - self.legend.height() - GAP)
        hint = self.empty.sizeHint()
        self.empty.setGeometry((width - hint.width()) // 2, (height - hint.height()) // 2, hint.width(), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what floats in its place."""
        super().resizeEvent(event)
        self._place_floating()
        self._fit_if_due()

    def event(self, event: QEvent) -> bool:
        """Show the drawing whole when first shown."""
        if event.type() == QEvent.Type.Show:
            self._place_floating()
            QTimer.singleShot(0, self, self._fit_if_due)
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key means."""
        keys.press(self, event)


def _arranged(design: Design, places: Mapping[str, Point], graph: str = "") -> Design:
    """The design with items in other places, and their wires led anew."""
    return straighten(edits.move(design, places, graph), places, graph=graph)
