"""Attention: what the network looks at in an image, node by node."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from composer.core.files.design_json import to_json
from composer.core.files.run_folder import RunInfo
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.runs.captured_map import CapturedMap, Shown
from composer.gui.runs.run_library import in_words, known_runs
from composer.gui.session.session import Session
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import button, column, label, named, refresh_icons, row
from composer.gui.widgets.map_controls import MapControls
from composer.gui.widgets.map_view import MapView
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.sample_strip import SampleStrip
from composer.gui.widgets.two_part_delegate import COLOR_ROLE, DETAIL_ROLE, TwoPartDelegate
from composer.gui.workers.worker import Request

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SAMPLES = 48
UNTRAINED = ""
# Widths at first: images, maps, picture, controls.
SIZES = [164, 236, 400, 208]
CHANGED = "The design has changed since this picture"
BEGIN = ("Choose an image", "Take a sample at the left, or drop a picture here, to see what the network looks at")
GONE = ("This map is gone", "The engine that made it has been restarted since")
NO_MAPS = ("Nothing to look at", "This network has no attention, gates or branches; only its prediction is shown")


class AttentionPanel(Panel):
    """Sends an image through the network and shows its maps over the image."""

    title = "Attention"
    icon = "attention"
    area = "bottom"
    order = 70
    shortcut = "Ctrl+Alt+A"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.maps: list[CapturedMap] = []
        self._image: dict[str, Any] | None = None
        self._place: tuple[float, float] | None = None
        self._view_index = 0
        self._request: Request | None = None
        self._images_for: object = None
        self._no_images = ""  # why there are none
        self._asked: tuple[str, str] | None = (
            None  # digest of the design, and the run, that were last looked at, also in vain
        )
        self._notes: list[str] = []
        self._prediction: tuple[list[tuple[str, float]], str | None] = ([], None)
        self._run_by_hand = False
        self._runs: list[RunInfo] | None = None  # read anew when it may have changed, not with each edit
        self.strip, self.controls, self.view, self.notice = SampleStrip(), MapControls(), MapView(), Notice()
        self.weights = named(DropDown(), "Weights", "Whose weights: those of a run, or untrained ones")
        self.list = named(QListWidget(), "Maps")
        self.list.setItemDelegate(TwoPartDelegate(self.list))
        self.list_hint = label("Maps of the network appear here", "small", wrap=True)
        self.busy = QProgressBar(textVisible=False)
        self.busy.setRange(0, 100)
        self.setAcceptDrops(True)
        self._build()
        self.strip.chosen.connect(self._choose_image)
        self.weights.activated.connect(lambda _: self._choose_weights())
        self.list.currentRowChanged.connect(self._choose_map)
        self.controls.shown_chosen.connect(self._choose_view)
        self.controls.colors_chosen.connect(self.view.heat.set_colors)
        self.controls.opacity_chosen.connect(self.view.heat.set_opacity)
        self.controls.mark_cleared.connect(lambda: self._ask(None))
        self.controls.save_asked.connect(self.save_picture)
        self.view.heat.place_clicked.connect(lambda down, right: self._ask((down, right)))
        self.view.heat.place_cleared.connect(lambda: self._ask(None))
        self.view.heat.set_opacity(self.controls.opacity.value() / 100)
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.engine_state_changed.connect(lambda *_: self.refresh_soon())
        session.document.selection_changed.connect(self._follow_canvas)
        session.run_started.connect(lambda run: run.finished.connect(self._forget_runs))
        session.run_selected.connect(self._on_run_chosen)
        session.theme_changed.connect(self._refresh_theme)
        for run in session.runs:
            run.finished.connect(self._forget_runs)

    # --- what the user does -----------------------------------------------------------------------------------------

    def look(self) -> None:
        """Send the chosen image through the network."""
        if self._image is None:
            return
        if self._request is not None:
            self._request.cancel()
        design, run = self.session.document.design, self.weights.currentData() or UNTRAINED
        self.notice.clear()
        self._busy(0.05)
        params = {
            "design": to_json(design),
            "run": run or None,
            "image": {**self._image, "data": design.training.data},
            "nodes": None,
        }
        self._asked, image = (self.session.digest, run), self._image
        self._request = self.session.request(
            "capture",
            params,
            lambda result: self._on_maps(result, image),
            self._on_error,
            lambda share, _: self._busy(share),
        )

    def open_image(self) -> None:
        """Ask for an image file."""
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _ = QFileDialog.getOpenFileName(self, "Open image", "", f"Images ({kinds})")
        if path:
            self.strip.add_file(Path(path))

    def save_picture(self) -> None:
        """Ask where to save what is shown, and save it."""
        picture = self.view.picture()
        if picture is None:
            return
        shown = self.current_map
        stem = shown.title.split(":")[0] if shown is not None else "image"
        path, _ = QFileDialog.getSaveFileName(self, "Save picture", f"{stem}.png", "PNG (*.png)")
        if path:
            self.save_picture_to(path if Path(path).suffix else f"{path}.png")

    def save_picture_to(self, path: str) -> bool:
        """Save what is shown to a file."""
        picture = self.view.picture()
        done = picture is not None and picture.save(path)
        self.session.message.emit(
            f"Saved {Path(path).name}" if done else f"{path} cannot be written", "info" if done else "error"
        )
        return done

    @property
    def current_map(self) -> CapturedMap | None:
        """The map that is shown."""
        index = self.list.currentRow()
        return self.maps[index] if 0 <= index < len(self.maps) else None

    def _choose_image(self, choice: dict[str, Any]) -> None:
        self._image = choice
        self.look()

    def _choose_weights(self) -> None:
        self._run_by_hand = True
        self.look()

    def _choose_map(self, index: int) -> None:
        if 0 <= index < len(self.maps):
            self._view_index = 0
            self._show_map()

    def _choose_view(self, index: int) -> None:
        self._view_index = index
        self._show_map()

    def _ask(self, place: tuple[float, float] | None) -> None:
        shown = self.current_map
        if shown is None or not shown.has_queries or (place is None and self._place is None):
            return
        if (place is None) != (self._place is None):
            self._view_index = 0
        self._place = place
        self._show_map()

    # --- what the engine answers ------------------------------------------------------------------------------------

    def _on_images(self, result: dict[str, Any]) -> None:
        self._no_images = ""
        with QSignalBlocker(self.strip):
            self.strip.set_samples(result.get("images", []))

    def _on_images_error(self, text: str) -> None:
        self.strip.set_samples([])
        self._no_images = text[:1].upper() + text[1:]
        self.refresh_soon()

    def _on_maps(self, result: dict[str, Any], image: dict[str, Any]) -> None:
        self._request = None
        self._busy(None)
        before = self.current_map
        self.maps = [CapturedMap(entry) for entry in result["maps"]]
        picture = QImage(result["image_png"])
        height, width = result["image_size"]
        self.strip.set_thumbnail(image, picture)
        self.view.show_image(picture, QSize(width, height))
        rows = [(item["label"], item["probability"]) for item in result["prediction"]]
        self._notes = list(result.get("notes", ()))
        self._prediction = (rows, result.get("label"))
        self.controls.show()
        self._fill_list(before)
        if not self.maps:
            self.controls.set_views([], 0)
            self.controls.set_hint("", marked=False)
            self.controls.set_kind(over_image=False, bars=True)
            self.controls.set_prediction(*self._prediction, [*self._notes, NO_MAPS[1]])

    def _on_error(self, text: str) -> None:
        request, self._request = self._request, None
        self._busy(None)
        self.notice.show_message(
            text[:1].upper() + text[1:], "error", details=request.trace if request is not None else ""
        )

    # --- drawing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take over the design, the runs and the state of the engine."""
        self._fill_weights()
        design = self.session.document.design
        key = (tuple(design.main.inputs.values()), design.variables, design.training.data)
        if self.session.engine_state in ("ready", "busy") and design.main.inputs and key != self._images_for:
            self._images_for = key
            params = {"design": to_json(design), "data": design.training.data, "count": SAMPLES}
            self.session.request("images", params, self._on_images, self._on_images_error)
        if self._asked is None:
            waiting = self.session.engine_state in ("starting", "restarting")
            if self.view.currentIndex() == 0:
                begin = ("No sample images", self._no_images) if self._no_images else BEGIN
                self.view.say(*(("The engine is starting", "Images appear in a moment") if waiting else begin))
        elif self._image is not None and self._request is None:
            seen, run = self._asked
            now = self.weights.currentData() or UNTRAINED
            other = seen != self.session.digest
            # Looking is quick for a run's network; what is being drawn may be large, so that is left to the user.
            if now != run and (now or not other):
                self.look()
            elif not now and other:
                if self.notice.text != CHANGED:
                    self.notice.show_message(CHANGED, "info", actions=[("Look again", self.look)])
            elif self.notice.text == CHANGED:  # it was undone
                self.notice.clear()

    def _fill_weights(self) -> None:
        chosen = self.weights.currentData()
        digest = self.session.digest
        if self._runs is None:
            others = [run.folder for run in self.session.runs]
            if self.session.selected_run is not None:
                others.append(self.session.selected_run)
            self._runs = [info for info in known_runs(others) if info.has_weights]
        runs = sorted(self._runs, key=lambda info: info.design_hash != digest)
        with QSignalBlocker(self.weights):
            self.weights.clear()
            for info in runs:
                self.weights.addItem(
                    in_words(info) + ("" if info.design_hash == digest else "   (another design)"), str(info.path)
                )
                self.weights.setItemData(self.weights.count() - 1, str(info.path), Qt.ItemDataRole.ToolTipRole)
            self.weights.addItem("Untrained weights", UNTRAINED)
            wanted = chosen if self._run_by_hand else None
            if wanted is None:
                wanted = str(runs[0].path) if runs and runs[0].design_hash == digest else UNTRAINED
            self.weights.setCurrentIndex(
                max(0, self.weights.findData(wanted)) if self.weights.findData(wanted) >= 0 else len(runs)
            )

    def _fill_list(self, before: CapturedMap | None) -> None:
        keys = [found.key for found in self.maps]
        wanted = keys.index(before.key) if before is not None and before.key in keys else self._of_selection()
        if wanted is None:
            wanted = next((index for index, found in enumerate(self.maps) if found.entry["over_image"]), 0)
        with QSignalBlocker(self.list):
            self.list.clear()
            for found in self.maps:
                item = QListWidgetItem(found.title)
                item.setData(DETAIL_ROLE, found.detail)
                item.setData(COLOR_ROLE, self._color(found.node))
                item.setToolTip(f"{found.title}\n{found.detail}")
                self.list.addItem(item)
            self.list.setCurrentRow(wanted)
        self.list_hint.setVisible(not self.maps)
        if self.maps:
            self._show_map()

    def _show_map(self) -> None:
        found = self.current_map
        if found is None:
            return
        asked = found.has_queries and self._place is not None
        try:
            views = found.paid_by(*self._place) if asked and self._place is not None else found.pictures
        except OSError:  # it is read when it is first shown, from a folder that goes with the engine
            self.view.say(*GONE)
            self.notice.show_message(GONE[1], "info", actions=[("Look again", self.look)])
            return
        self._view_index = min(self._view_index, len(views) - 1)
        shown: Shown = views[self._view_index]
        self.controls.set_views([view.title for view in views], self._view_index)
        self.controls.set_kind(over_image=shown.over_image, bars=shown.bars)
        hint = "Click the image to see what that place looks at" if found.has_queries else ""
        self.controls.set_hint("What the marked place looks at" if asked else hint, marked=asked)
        self.controls.set_prediction(*self._prediction, [*self._notes, *found.notes])
        cell = found.query_cell(*self._place) if asked and self._place is not None else None
        self.view.heat.set_mark(cell, askable=found.has_queries)
        if shown.bars:
            self.view.show_bars(shown.values, shown.axis)
        else:
            self.view.show_map(shown.values, over_image=shown.over_image)

    def _of_selection(self) -> int | None:
        """The first map of the node that is selected on the canvas."""
        if len(self.session.document.selection) != 1:
            return None
        path = (*self.session.document.instance_path, *self.session.document.selection)
        return next((index for index, found in enumerate(self.maps) if found.path[: len(path)] == path), None)

    def _follow_canvas(self) -> None:
        index = self._of_selection()
        if index is not None and (shown := self.current_map) is not None:
            path = (*self.session.document.instance_path, *self.session.document.selection)
            if shown.path[: len(path)] != path:
                self.list.setCurrentRow(index)

    def _forget_runs(self, *_: object) -> None:
        self._runs = None
        self.refresh_soon()

    def showEvent(self, event: QShowEvent) -> None:
        """Runs may have come meanwhile."""
        self._forget_runs()
        super().showEvent(event)

    def _on_run_chosen(self) -> None:
        self._runs = None
        self._fill_weights()
        index = self.weights.findData(str(self.session.selected_run))
        if index >= 0:
            self.weights.setCurrentIndex(index)
            self._run_by_hand = True
            self.look()

    def _color(self, node: str) -> Any:
        found = self.session.document.design.main.nodes.get(node)
        spec = self.session.catalog.get(found.block) if found is not None else None
        return theme.family(spec.category if spec is not None else "graph")

    def _busy(self, share: float | None) -> None:
        self.busy.setValue(round(100 * share) if share is not None else 0)
        # Its room stays, so that nothing jumps.
        self.busy.setStyleSheet("" if share is not None else "QProgressBar { background: transparent; }")

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        self.controls.refresh_theme()
        self.notice.refresh_theme()
        for index, found in enumerate(self.maps):
            self.list.item(index).setData(COLOR_ROLE, self._color(found.node))
        self.update()

    # --- building ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.weights.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        inputs, chooser, middle = QWidget(), QWidget(), QWidget()
        inputs.setLayout(column(self.strip, button("Open image…", self.open_image), margin=8, spacing=8))
        chooser.setLayout(column(self.weights, self.list_hint, self.list, margin=8, spacing=4))
        middle.setLayout(column(self.busy, self.notice, self.view, margin=0, spacing=0))
        self.busy.setStyleSheet("QProgressBar { background: transparent; }")
        self.busy.setFixedHeight(3)
        self.notice.setContentsMargins(12, 4, 8, 4)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.controls)
        self.controls.hide()
        self._split = Reflow()
        self._split.turned.connect(lambda upright: self._split.setSizes([110, 130, 240, 160] if upright else SIZES))
        for part, width in ((inputs, 132), (chooser, 176), (middle, 160), (scroll, 176)):
            part.setMinimumWidth(width)
            self._split.addWidget(part)
        self._split.setStretchFactor(2, 1)
        self._split.setSizes(SIZES)
        self.setLayout(row(self._split))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept image files."""
        if _dragged(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at a dropped image."""
        path = _dragged(event)
        if path is not None:
            event.acceptProposedAction()
            self.strip.add_file(path)


def _dragged(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return next((file for file in files if file.suffix.lower() in SUFFIXES), None)
