"""The canvas: the view of the shown graph with everything that floats over it."""

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QInputDialog, QVBoxLayout, QWidget

from composer.core import edits
from composer.core.frames import add_frame, retitle_frame
from composer.core.graph import Wire
from composer.gui.canvas.adding import BlockAdder, Destination
from composer.gui.canvas.arrangement import Arrangement, saved_direction
from composer.gui.canvas.differences import Differences
from composer.gui.canvas.heat_map import HeatMap
from composer.gui.canvas.image_export import export_image
from composer.gui.canvas.items import metrics
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.overlays.breadcrumb import Breadcrumb
from composer.gui.canvas.overlays.empty_state import EmptyState
from composer.gui.canvas.overlays.heat import HeatLegend
from composer.gui.canvas.overlays.minimap import Minimap
from composer.gui.canvas.overlays.quick_add import QuickAdd
from composer.gui.canvas.overlays.rename_field import RenameField
from composer.gui.canvas.overlays.replace_list import ReplaceList
from composer.gui.canvas.overlays.tool_strip import ToolStrip
from composer.gui.canvas.placement import CanvasPlacement
from composer.gui.canvas.scene import DesignScene
from composer.gui.canvas.target import target_at
from composer.gui.canvas.view import GraphView
from composer.gui.canvas.wiring import End
from composer.gui.session import preferences
from composer.gui.session.session import Session

GAP = 12  # between the edges of the canvas and what floats over it
SELECTION_MARGIN = 60.0  # around the selection when it is fitted into the view
SELECTION_SCALE = 1.25  # largest scale at which it is shown
MIN_VIEW_WIDTH = 50  # of the viewport, below which the canvas is not laid out yet
FRAME_PAD, FRAME_TOP = 6 * metrics.GRID, 12 * metrics.GRID  # between a frame and its members


class CanvasView(QWidget):
    """The drawing, with breadcrumb, tools, minimap, heat legend, lists of blocks and the hint of an empty canvas.

    Args:
        session: the session.
        parent: Qt parent.

    Attributes:
        scene, view: the drawing and the view of it.
        breadcrumb, strip, minimap, legend, empty: what floats over it.
        list, replace_list, field: the list of blocks to add, that of replacements, and the name field.
        heat: the heat map.
        differences: the marks of a comparison.

    Signals:
        menu_requested: the context menu of a `PointerTarget`, at a position on the screen.
    """

    menu_requested = Signal(object, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.scene = DesignScene(session, saved_direction())
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
        self.minimap = Minimap(self.view, self.scene, self)
        self.legend = HeatLegend(self)
        self.heat = HeatMap(self.scene, self.legend)
        self.list = QuickAdd(self)
        self.replace_list = ReplaceList(session, self)
        self.field = RenameField(session, self.view)
        self._motion = LayoutMotion(self.scene, self)
        self._arrangement = Arrangement(self.scene, self.view, self._motion)
        self._adder = BlockAdder(self.view, self.list)
        session.document.use_placement(CanvasPlacement(self.view, self.scene, self._motion, self.show_items))
        self._fit_due = True
        self._connect()
        self._apply_preferences()
        self._show_keys()
        self._show_empty()

    def _connect(self) -> None:
        session, view, strip = self.session, self.view, self.strip
        view.quick_add_requested.connect(self._on_quick_add)
        view.rename_requested.connect(self.rename)
        view.menu_requested.connect(lambda point, at: self.menu_requested.emit(target_at(view, point), at))
        session.keymap.changed.connect(self._show_keys)
        session.preferences_changed.connect(self._apply_preferences)
        for popup in (self.list, self.replace_list):
            popup.closed.connect(lambda: self.view.setFocus(Qt.FocusReason.OtherFocusReason))
        strip.hand_toggled.connect(self._set_hand)
        strip.fit_requested.connect(self.fit)
        strip.layout_requested.connect(self.layout)
        strip.heat_selected.connect(session.lens.set_heat)
        strip.show_heat("", session.lens)
        self.heat.changed.connect(self._on_heat)
        self.scene.extent_changed.connect(self._show_empty)
        self.scene.rebuilt.connect(self._on_rebuilt)
        session.theme_changed.connect(self._refresh_theme)

    # --- what is visible --------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show everything."""
        self.view.fit(self.scene.extent())

    def fit_selection(self) -> None:
        """Show the selection; everything if nothing is selected."""
        rect = self._bodies(self.session.document.selection)
        if rect.isNull():
            self.fit()
        else:
            margin = SELECTION_MARGIN
            self.view.fit(rect.adjusted(-margin, -margin, margin, margin), SELECTION_SCALE)

    def _bodies(self, ids: Collection[str]) -> QRectF:
        """Return the rectangle that holds the bodies of items."""
        rect = QRectF()
        for id in ids:
            if (node := self.scene.nodes.get(id)) is not None:
                rect = rect.united(node.scene_body())
        return rect

    def zoom_reset(self) -> None:
        """Zoom to 100 %, around the center of the view."""
        self.view.glide(1.0, self.view.visible_rect().center())

    def show_item(self, id: str) -> None:
        """Bring an item of the shown graph into view, large enough to read; nothing moves if it is in view."""
        node = self.scene.nodes.get(id)
        if node is not None and not self.view.visible_rect().contains(node.scene_body()):
            self.view.glide(max(self.view.current_scale, metrics.DETAIL_SCALE), node.pos())

    def show_items(self, ids: Collection[str]) -> None:
        """Bring items of the shown graph into view, zooming out if needed; nothing moves if they are in view."""
        rect = self._bodies(ids)
        if not rect.isNull() and not self.view.visible_rect().contains(rect):
            self.view.glide(min(self.view.current_scale, self.view.scale_for(rect)), rect.center())

    def _apply_preferences(self) -> None:
        self.set_animated(not preferences.reduced_motion())

    def set_animated(self, on: bool) -> None:
        """Set whether fit and layout are animated, as they are by default."""
        self.view.animated = on
        self._motion.on = on

    def export_image(self, path: Path | str) -> None:
        """Write the whole graph as .png, .svg or .pdf.

        Raises:
            composer.core.errors.UserError: if the extension is unknown or the file cannot be written.
        """
        export_image(self.scene, Path(path))

    # --- layout -----------------------------------------------------------------------------------------------------

    def layout(self, direction: str = "") -> None:
        """Arrange the selection if it has several items, else everything; see `Arrangement.arrange`."""
        self._arrangement.arrange(direction)

    def set_direction(self, direction: str) -> None:
        """Let wires run ``right`` or ``down``, here and in every new design."""
        self._arrangement.set_direction(direction)

    def nudge(self, x: float, y: float) -> None:
        """Move the selection by pixels of the scene; consecutive nudges are one step of the history."""
        selection = self.session.document.selection
        positions = {id: self.scene.nodes[id].pos() for id in selection if id in self.scene.nodes}
        if positions:
            moved = {id: (position.x() + x, position.y() + y) for id, position in positions.items()}
            self.session.document.edit("Nudge", edits.move, moved, merge_key=("nudge", tuple(sorted(moved))))

    # --- adding and naming ------------------------------------------------------------------------------------------

    def quick_add(self) -> None:
        """Open the list of blocks, for the selected wire or what is at the pointer."""
        self._adder.open_at_pointer()

    def open_quick_add(self, point: QPointF, wire: Wire | None = None) -> None:
        """Open the list of blocks for a position in the scene, and for a wire on which the block is inserted."""
        self._adder.open(Destination(point, wire))

    def _on_quick_add(self, point: QPointF, port: tuple[End, str] | None) -> None:
        end, kind = port if port is not None else (None, "any")
        self._adder.open(Destination(point, end=end, kind=kind))

    def replace_block(self) -> None:
        """Open the list of blocks that may replace the selected ones."""
        ids = [id for id in self.session.document.selection if id in self.session.document.graph.nodes]
        if ids:
            self.show_item(ids[0])
            corner = self.view.mapFromScene(self.scene.nodes[ids[0]].scene_body().bottomLeft())
            self.replace_list.open(self.view.viewport().mapTo(self, corner) + QPoint(0, 8))

    def rename(self, id: str = "") -> None:
        """Edit the id of an item in place; by default that of the one selected item."""
        selection = self.session.document.selection
        id = id or (selection[0] if len(selection) == 1 else "")
        node = self.scene.nodes.get(id)
        if node is None:
            return
        self.show_item(id)
        body = self.view.mapFromScene(node.scene_body()).boundingRect()
        title = QRect(body.left() + 8, body.top() + 6, body.width() - 16, min(24, body.height()))
        self.field.open(id, QRect(self.view.viewport().mapTo(self.view, title.topLeft()), title.size()))

    def frame_selection(self) -> None:
        """Add a frame around the selected items."""
        ids = self.session.document.selection
        if ids:
            rect = self._bodies(ids).adjusted(-FRAME_PAD, -FRAME_TOP, FRAME_PAD, FRAME_PAD)
            area = (rect.x(), rect.y(), rect.width(), rect.height())
            self.session.document.edit("Frame selection", add_frame, "Group", area, ids)

    def rename_frame(self, id: str) -> None:
        """Open a dialog for the title of a frame."""
        frame = self.scene.frames[id].frame
        title, accepted = QInputDialog.getText(self, "Rename frame", "Title", text=frame.title)
        if accepted:
            self.session.document.edit("Rename frame", retitle_frame, id, title)

    # --- events -----------------------------------------------------------------------------------------------------

    def _set_hand(self, on: bool) -> None:
        self.view.hand = on
        self.view.show_cursor()

    def _on_heat(self) -> None:
        self.strip.show_heat(self.session.lens.heat, self.session.lens)
        self._place_overlays()

    def _on_rebuilt(self) -> None:
        self.list.close_()
        self.replace_list.close_()
        self.field.hide()
        self._fit_due = True
        QTimer.singleShot(0, self, self._fit_if_due)
        if self._arrangement.is_unplaced():
            QTimer.singleShot(0, self, self._arrangement.arrange_if_unplaced)
        self.heat.refresh()

    def _fit_if_due(self) -> None:
        if self._fit_due and self.isVisible() and self.view.viewport().width() > MIN_VIEW_WIDTH:
            self._fit_due = False
            self.view.show_at(self.view.scale_for(self.scene.extent()), self.scene.extent().center())

    def _show_empty(self) -> None:
        self.empty.setVisible(not self.scene.nodes and not self.session.document.instance_path)

    def _show_keys(self) -> None:
        self.strip.show_keys(self.session.keymap)
        self.empty.show_key(self.session.keymap.text("add_block"))

    def _refresh_theme(self) -> None:
        self.strip.refresh_theme()
        self.empty.refresh_theme()
        self.view.viewport().update()

    def _place_overlays(self) -> None:
        width, height = self.width(), self.height()
        self.breadcrumb.move(GAP, GAP)
        self.strip.adjustSize()
        self.strip.move(width - self.strip.width() - GAP, GAP)
        self.minimap.move(width - self.minimap.width() - GAP, height - self.minimap.height() - GAP)
        self.legend.move(GAP, height - self.legend.height() - GAP)
        self.empty.center()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the overlays to their edges."""
        super().resizeEvent(event)
        self._place_overlays()
        self._fit_if_due()

    def event(self, event: QEvent) -> bool:
        """Fit the drawing into the view when it is first shown."""
        if event.type() == QEvent.Type.Show:
            self._place_overlays()
            QTimer.singleShot(0, self, self._fit_if_due)
        return super().event(event)
