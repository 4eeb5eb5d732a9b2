"""Attention: what the network attends to in an image, node by node."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QImage, QImageWriter, QShowEvent
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

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.design_json import to_json
from composer.core.files.run_folder import RunInfo
from composer.core.run_table import RunRow, read_row
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.runs.map_entry import DisplayedMap, MapEntry
from composer.gui.runs.run_library import in_words, roots
from composer.gui.runs.run_scan import RunScan
from composer.gui.session.session import Session
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import button, column, label, named, refresh_icons, row
from composer.gui.widgets.map_controls import MapControls
from composer.gui.widgets.map_view import MapView
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.sample_strip import SampleStrip
from composer.gui.widgets.save_dialog import ask_save_file
from composer.gui.widgets.two_part_delegate import COLOR_ROLE, DETAIL_ROLE, TwoPartDelegate
from composer.gui.workers.worker import Request

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SAMPLES = 48
UNTRAINED = ""
# Initial widths: images, maps, view, controls.
SIZES = [164, 236, 400, 208]
CHANGED = "The design has changed since these maps were captured"
CHOOSE_IMAGE = (
    "Choose an image",
    "Pick a sample at the left, or drop an image file here, to see what the network attends to",
)
MISSING = ("This map no longer exists", "The engine that captured it has been restarted since")
NO_MAPS = "This network has no attention, gates or branches; only its prediction is shown"


class AttentionPanel(Panel):
    """Sends an image through the network and shows its maps over the image.

    Attributes:
        maps: the maps of the last reply.
        strip: the images to choose from.
        weights: the runs whose weights are used.
        list: the maps, one row each.
        view: the current map.
        controls: how it is shown.
        notice: error messages and offers.
    """

    title = "Attention"
    icon = "attention"
    area = "bottom"
    order = 70
    shortcut = "Ctrl+Alt+A"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.maps: list[MapEntry] = []
        self._image: dict[str, Any] | None = None
        self._position: tuple[float, float] | None = None
        self._view_index = 0
        self._request: Request | None = None
        self._images_for: object = None
        self._no_images = ""  # reason why there are no sample images
        # Digest of the design, and the run, of the last request, whether it succeeded or not.
        self._requested: tuple[str, str] | None = None
        self._notes: list[str] = []
        self._prediction: tuple[list[tuple[str, float]], str | None] = ([], None)
        self._run_by_hand = False
        self._runs: list[RunInfo] = []  # those with weights, newest first
        self._listed: tuple[list[RunInfo], str] | None = None  # runs and network of `weights`
        self._scan = RunScan(self)
        self.strip, self.controls, self.view, self.notice = SampleStrip(), MapControls(), MapView(), Notice()
        self.weights = named(DropDown(), "Weights", "The weights of a run, or untrained ones")
        self.list = named(QListWidget(), "Maps")
        self.list.setItemDelegate(TwoPartDelegate(self.list))
        self.list_hint = label("Maps of the network appear here", "small", wrap=True)
        self.busy = QProgressBar(textVisible=False)
        self.busy.setRange(0, 100)
        self.setAcceptDrops(True)
        self._build()
        self.strip.image_chosen.connect(self._choose_image)
        self.weights.activated.connect(lambda _: self._choose_weights())
        self.list.currentRowChanged.connect(self._choose_map)
        self.controls.view_selected.connect(self._choose_view)
        self.controls.colors_selected.connect(self.view.heat.set_colors)
        self.controls.opacity_changed.connect(self.view.heat.set_opacity)
        self.controls.mark_cleared.connect(lambda: self._select_position(None))
        self.controls.save_requested.connect(self.save_image)
        self.view.heat.position_clicked.connect(lambda row, column: self._select_position((row, column)))
        self.view.heat.position_cleared.connect(lambda: self._select_position(None))
        self.view.heat.set_opacity(self.controls.opacity.value() / 100)
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.document.selection_changed.connect(self._follow_canvas)
        session.run_started.connect(lambda run: run.finished.connect(self._read_runs))
        session.run_selected.connect(self._on_run_chosen)
        session.sample_selected.connect(self._on_sample_chosen)
        session.theme_changed.connect(self._refresh_theme)
        for run in session.runs:
            run.finished.connect(self._read_runs)
        self._scan.read.connect(self._on_runs)

    # --- actions of the user ----------------------------------------------------------------------------------------

    def capture(self) -> None:
        """Send the selected image through the network."""
        if self._image is None:
            return
        if self._request is not None:
            self._request.cancel()
        design, run = self.session.located_design, self.weights.currentData() or UNTRAINED
        self.notice.clear()
        self._show_progress(0.05)
        params = {
            "design": to_json(design),
            "run": run or None,
            "image": self._image,
            "nodes": None,
        }
        self._requested, image = (self.session.network.key, run), self._image
        self._request = self.session.request(
            "capture_maps",
            params,
            lambda result: self._on_maps(result, image),
            self._on_error,
            lambda share, _: self._show_progress(share),
        )

    def open_image(self) -> None:
        """Let the user choose an image file."""
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _ = QFileDialog.getOpenFileName(self, "Open image", "", f"Images ({kinds})")
        if path:
            self.strip.add_file(Path(path))

    def save_image(self) -> None:
        """Let the user choose a file, and save the view to it."""
        if self.view.to_image() is None:
            return
        current = self.current_map
        stem = current.title.split(":")[0] if current is not None else "image"
        path = ask_save_file(self, "Save image", f"{stem}.png", "PNG (*.png)", ".png")
        if path is not None:
            self.save_image_to(str(path))

    def save_image_to(self, path: str) -> bool:
        """Save the view to a file; return whether it was written."""
        image = self.view.to_image()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        suffix = Path(path).suffix.removeprefix(".").encode() or b"png"
        written = image is not None and QImageWriter(buffer, QByteArray(suffix)).write(image)
        if written:
            try:
                write_atomically(Path(path), lambda file: file.write(bytes(buffer.data().data())))
            except UserError:
                written = False
        self.session.message.emit(
            f"Saved {Path(path).name}" if written else f"{path} cannot be written", "info" if written else "error"
        )
        return written

    @property
    def current_map(self) -> MapEntry | None:
        """The selected map."""
        index = self.list.currentRow()
        return self.maps[index] if 0 <= index < len(self.maps) else None

    def _choose_image(self, choice: dict[str, Any]) -> None:
        self._image = choice
        self.capture()

    def _choose_weights(self) -> None:
        self._run_by_hand = True
        self.capture()

    def _choose_map(self, index: int) -> None:
        if 0 <= index < len(self.maps):
            self._view_index = 0
            self._show_map()

    def _choose_view(self, index: int) -> None:
        self._view_index = index
        self._show_map()

    def _select_position(self, position: tuple[float, float] | None) -> None:
        captured = self.current_map
        if captured is None or not captured.has_queries or (position is None and self._position is None):
            return
        if (position is None) != (self._position is None):
            self._view_index = 0
        self._position = position
        self._show_map()

    # --- replies of the engine --------------------------------------------------------------------------------------

    def _on_images(self, result: dict[str, Any]) -> None:
        self._no_images = ""
        with QSignalBlocker(self.strip):
            self.strip.set_samples(result.get("images", []))
        self.refresh_soon()

    def _on_images_error(self, text: str) -> None:
        self.strip.set_samples([])
        self._no_images = text[:1].upper() + text[1:]
        self.refresh_soon()

    def _on_maps(self, result: dict[str, Any], image: dict[str, Any]) -> None:
        self._request = None
        self._show_progress(None)
        before = self.current_map
        self.maps = [MapEntry(entry) for entry in result["maps"]]
        display = QImage(result["image_png"])
        height, width = result["image_size"]
        self.strip.set_thumbnail(image, display)
        self.view.show_image(display, QSize(width, height))
        rows = [(item["label"], item["probability"]) for item in result["prediction"]]
        self._notes = list(result.get("notes", ()))
        self._prediction = (rows, result.get("label"))
        self.controls.show()
        self._fill_list(before)
        if not self.maps:
            self.controls.set_views([], 0)
            self.controls.set_hint("", marked=False)
            self.controls.set_kind(over_image=False, bars=True)
            self.controls.set_prediction(*self._prediction, [*self._notes, NO_MAPS])

    def _on_error(self, text: str) -> None:
        request, self._request = self._request, None
        self._show_progress(None)
        self.notice.show_message(text, "error", details=request.trace if request is not None else "")

    # --- drawing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the current design, runs and engine state."""
        self._fill_weights()
        design = self.session.located_design
        key = (tuple(design.main.inputs.values()), design.variables, design.training.data)
        if self.session.engine_state in ("ready", "busy") and design.main.inputs and key != self._images_for:
            self._images_for = key
            params = {"design": to_json(design), "count": SAMPLES}
            self.session.request("sample_images", params, self._on_images, self._on_images_error)
        if self._requested is None:
            waiting = self.session.engine_state in ("starting", "restarting")
            if self.view.currentIndex() == 0:
                hint = ("No sample images", self._no_images) if self._no_images else CHOOSE_IMAGE
                self.view.show_message(*(("The engine is starting", "Images appear in a moment") if waiting else hint))
        elif self._image is not None and self._request is None:
            network, run = self._requested
            selected_run = self.weights.currentData() or UNTRAINED
            edited = network != self.session.network.key
            # A capture in a run's network is quick; the edited design may be large, so that is left to the user.
            if selected_run != run and (selected_run or not edited):
                self.capture()
            elif not selected_run and edited:
                if self.notice.text != CHANGED:
                    self.notice.show_message(CHANGED, "info", actions=[("Capture again", self.capture)])
            elif self.notice.text == CHANGED:  # the edit was undone
                self.notice.clear()

    def _fill_weights(self) -> None:
        selected = self.weights.currentData()
        listed = (self._runs, self.session.network.key)
        if listed == self._listed:  # building a list of a thousand runs at every edit would be noticed
            return
        self._listed = listed
        runs = sorted(self._runs, key=lambda info: not self.session.is_trained_by(info))
        with QSignalBlocker(self.weights):
            self.weights.clear()
            for info in runs:
                self.weights.addItem(
                    in_words(info) + ("" if self.session.is_trained_by(info) else "   (another design)"), str(info.path)
                )
                self.weights.setItemData(self.weights.count() - 1, str(info.path), Qt.ItemDataRole.ToolTipRole)
            self.weights.addItem("Untrained weights", UNTRAINED)
            if not self._run_by_hand or selected is None:
                selected = str(runs[0].path) if runs and self.session.is_trained_by(runs[0]) else UNTRAINED
            index = self.weights.findData(selected)
            self.weights.setCurrentIndex(index if index >= 0 else len(runs))

    def _fill_list(self, before: MapEntry | None) -> None:
        keys = [captured.key for captured in self.maps]
        current = keys.index(before.key) if before is not None and before.key in keys else self._map_of_selection()
        if current is None:
            current = next((index for index, captured in enumerate(self.maps) if captured.over_image), 0)
        with QSignalBlocker(self.list):
            self.list.clear()
            for captured in self.maps:
                item = QListWidgetItem(captured.title)
                item.setData(DETAIL_ROLE, captured.detail)
                item.setData(COLOR_ROLE, self._color(captured.node))
                item.setToolTip(f"{captured.title}\n{captured.detail}")
                self.list.addItem(item)
            self.list.setCurrentRow(current)
        self.list_hint.setVisible(not self.maps)
        if self.maps:
            self._show_map()

    def _show_map(self) -> None:
        captured = self.current_map
        if captured is None:
            return
        position = self._position if captured.has_queries else None
        try:
            views = captured.attention_of(*position) if position is not None else captured.views
        except OSError:  # files are read when a map is first shown, and removed when the engine ends
            self.view.show_message(*MISSING)
            self.notice.show_message(MISSING[1], "info", actions=[("Capture again", self.capture)])
            return
        self._view_index = min(self._view_index, len(views) - 1)
        shown: DisplayedMap = views[self._view_index]
        self.controls.set_views([view.title for view in views], self._view_index)
        self.controls.set_kind(over_image=shown.over_image, bars=shown.bars)
        hint = "Click the image to see what that position attends to" if captured.has_queries else ""
        if position is not None:
            hint = "What the marked position attends to"
        self.controls.set_hint(hint, marked=position is not None)
        self.controls.set_prediction(*self._prediction, [*self._notes, *captured.notes])
        cell = captured.query_cell(*position) if position is not None else None
        self.view.heat.set_mark(cell, selectable=captured.has_queries)
        if shown.bars:
            self.view.show_bars(shown.values, shown.axis)
        else:
            self.view.show_map(shown.values, over_image=shown.over_image)

    def _map_of_selection(self) -> int | None:
        """Return the index of the first map of the node that is selected on the canvas."""
        if len(self.session.document.selection) != 1:
            return None
        path = (*self.session.document.instance_path, *self.session.document.selection)
        return next((index for index, captured in enumerate(self.maps) if captured.path[: len(path)] == path), None)

    def _follow_canvas(self) -> None:
        index = self._map_of_selection()
        if index is not None and (current := self.current_map) is not None:
            path = (*self.session.document.instance_path, *self.session.document.selection)
            if current.path[: len(path)] != path:
                self.list.setCurrentRow(index)

    def _read_runs(self, *_: object) -> None:
        """Read the runs again, in a thread; a hidden panel does so when it is shown."""
        if not self.isVisible():
            return
        others = [run.folder for run in self.session.runs]
        if self.session.selected_run is not None:
            others.append(self.session.selected_run)
        self._scan.start(roots(others))

    def _on_runs(self, rows: Sequence[RunRow], complete: bool) -> None:
        """Offer the weights of the runs that have been read so far."""
        self._runs = [row.info for row in rows if row.info.has_weights and not row.problem]
        self._add_selected_run()
        self.refresh_soon()

    def _add_selected_run(self) -> None:
        """Read the run that another panel selected, which a scan may not have reached yet, and offer its weights."""
        folder = self.session.selected_run
        if folder is None:
            return
        row = read_row(folder)
        others = [info for info in self._runs if info.path != folder]
        selected = [row.info] if row.info.has_weights and not row.problem else []
        self._runs = sorted([*others, *selected], key=lambda info: info.created, reverse=True)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the runs again; there may be new ones."""
        super().showEvent(event)
        self._read_runs()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading while the panel is hidden."""
        super().hideEvent(event)
        self._scan.stop()

    def _on_run_chosen(self) -> None:
        self._add_selected_run()
        self._fill_weights()
        index = self.weights.findData(str(self.session.selected_run))
        if index >= 0:
            self.weights.setCurrentIndex(index)
            self._run_by_hand = True
            self.capture()

    def _on_sample_chosen(self) -> None:
        """Show a sample of the data of a run, in the network of that run."""
        self._add_selected_run()
        self._fill_weights()
        index = self.weights.findData(str(self.session.selected_run))
        if index < 0:
            self.notice.show_message("The weights of this run are gone; its attention cannot be shown", "warning")
            return
        self.weights.setCurrentIndex(index)
        self._run_by_hand = True
        sample = dict(self.session.selected_sample)
        with QSignalBlocker(self.strip):
            self.strip.add_choice(sample, str(sample.get("name", "")))
        self._choose_image(sample)

    def _color(self, node: str) -> Any:
        item = self.session.document.design.main.nodes.get(node)
        spec = self.session.catalog.get(item.block) if item is not None else None
        return theme.family(spec.category if spec is not None else "graph")

    def _show_progress(self, share: float | None) -> None:
        self.busy.setValue(round(100 * share) if share is not None else 0)
        # It keeps its space, so that nothing moves.
        self.busy.setStyleSheet("" if share is not None else "QProgressBar { background: transparent; }")

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        self.controls.refresh_theme()
        self.notice.refresh_theme()
        for index, captured in enumerate(self.maps):
            self.list.item(index).setData(COLOR_ROLE, self._color(captured.node))
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
        if _dragged_image(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add a dropped image file and select it."""
        path = _dragged_image(event)
        if path is not None:
            event.acceptProposedAction()
            self.strip.add_file(path)


def _dragged_image(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return next((file for file in files if file.suffix.lower() in SUFFIXES), None)
