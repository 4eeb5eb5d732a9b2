"""The results panel: what the best epoch of a run predicts, class by class, with the pictures behind each number."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget, QWidget

from composer.core import units
from composer.core.confusion import TOP
from composer.core.run_table import RunRow
from composer.gui.panels import Panel
from composer.gui.runs import run_library
from composer.gui.runs.measurement import Measurement
from composer.gui.runs.predictions import RunResults
from composer.gui.runs.results_feed import ResultsFeed
from composer.gui.runs.run_process import RunHandle
from composer.gui.runs.run_scan import RunScan
from composer.gui.session.session import Session
from composer.gui.widgets.class_table import ClassTable
from composer.gui.widgets.confusion_matrix import STEP, ConfusionMatrix
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.empty_page import EmptyPage, Step
from composer.gui.widgets.labels import column, label, named, refresh_icons, row, tool_button
from composer.gui.widgets.matrix_layout import Cell
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.result_samples import ResultSamples
from composer.gui.workers.worker import OnError, OnResult, Request

PART_WORDS = {"val": "Validation", "test": "Test", "train": "Training"}
MODES = {True: "Percent of class", False: "Samples"}
# Initial widths: matrix, classes, pictures.
SIZES, UPRIGHT_SIZES = [240, 230, 340], [260, 160, 200]


class ResultsPanel(Panel):
    """Shows confusion matrix, values per class, and the pictures of a cell or the most confident mistakes.

    Attributes:
        feed: reads the results of the run.
        measurement: measures a run that has stored none.
        run: the runs to choose from.
        part: the parts of the data that have results.
        headline: the primary numbers.
        matrix: the confusion matrix.
        classes: the values of each class.
        samples: the pictures.
        empty: why there are no results, and what to do.
    """

    title = "Results"
    icon = "results"
    area = "bottom"
    order = 66
    shortcut = "Ctrl+Alt+E"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._wanted: Path | None = session.runs[-1].folder if session.runs else session.selected_run
        self._shown: RunResults | None = None
        self.feed, self.scan = ResultsFeed(self), RunScan(self)
        self.measurement = Measurement(session.jobs, self.feed, self)
        self.run = named(DropDown(), "Run", "The run whose results are shown")
        self.part = named(DropDown(), "Part", "The part of the data that was predicted")
        self.part.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.headline, self.details = label(role="title"), ElidedLabel("muted")
        self.mode = named(DropDown(), "Cells", "What the cells of the matrix show")
        self.matrix, self.classes = ConfusionMatrix(), ClassTable()
        self.cell = ElidedLabel("small")
        self.samples = ResultSamples(self._fetch)
        self.empty = EmptyPage()
        self._build()
        self._connect()

    def _connect(self) -> None:
        session = self.session
        self.scan.read.connect(self._on_runs)
        self.feed.changed.connect(self.refresh_soon)
        self.measurement.changed.connect(self.refresh_soon)
        self.run.activated.connect(lambda _: self.show_run(self.run.currentData()))
        self.part.activated.connect(lambda _: self.feed.show_run(self.feed.folder, self.part.currentData()))
        self.mode.activated.connect(lambda _: self.matrix.set_by_class(self.mode.currentData()))
        self.matrix.cell_selected.connect(self._on_cell)
        self.matrix.cell_hovered.connect(self._describe)
        self.classes.class_selected.connect(self._on_class)
        self.samples.attention_requested.connect(self._show_attention)
        self.samples.all_requested.connect(lambda: self._select(None, None))
        session.run_started.connect(self._on_run_started)
        session.run_selected.connect(lambda: self.show_run(session.selected_run))
        session.theme_changed.connect(self._refresh_theme)
        for run in session.runs:
            self._follow(run)

    # --- the run ----------------------------------------------------------------------------------------------------

    def show_run(self, folder: Path | str | None) -> None:
        """Show the results of a run."""
        self._wanted = Path(folder).absolute() if folder else None
        if self.isVisible():
            self._scan()
        self.feed.show_run(self._wanted)

    def _on_run_started(self, run: RunHandle) -> None:
        self._follow(run)
        self.show_run(run.folder)

    def _follow(self, run: RunHandle) -> None:
        run.received.connect(self._on_event)
        run.state_changed.connect(lambda *_: self.feed.check() if self.isVisible() else None)

    def _on_event(self, event: Mapping[str, Any]) -> None:
        if event.get("kind") in ("epoch", "test") and self.isVisible():
            self.feed.check()

    def _scan(self) -> None:
        others = [run.folder for run in self.session.runs]
        if self._wanted is not None:
            others.append(self._wanted)
        self.scan.start(run_library.roots(others))

    def _on_runs(self, rows: Sequence[RunRow], complete: bool) -> None:
        """List the runs, and show the newest one if none was requested."""
        infos = [info for row in rows if not row.problem and (info := row.info).epoch + info.active]
        with QSignalBlocker(self.run):
            self.run.clear()
            for info in infos:
                self.run.addItem(run_library.in_words(info), str(info.path))
                self.run.setItemData(self.run.count() - 1, str(info.path), Qt.ItemDataRole.ToolTipRole)
        if self._wanted is None and infos:
            self._wanted = infos[0].path
            self.feed.show_run(self._wanted)
        with QSignalBlocker(self.run):
            self.run.setCurrentIndex(self.run.findData(str(self._wanted)) if self._wanted is not None else -1)
        self.refresh_soon()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the list of runs, and follow the run."""
        super().showEvent(event)
        self._scan()
        if self._wanted is not None:
            self.feed.show_run(self._wanted, self.feed.part)
        self.feed.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Read nothing while nobody looks."""
        super().hideEvent(event)
        self.feed.watch(False)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the results of the run, or why there are none and what to do."""
        results = self.feed.results
        self._show_parts()
        if results is None:
            self._shown = None
            self.headline.setText("")
            self.details.setText("")
            self._tools.hide()
            self._show_state()
            self._pages.setCurrentIndex(1)
            return
        self._pages.setCurrentIndex(0)
        self._tools.show()
        if results is self._shown:
            return
        selected, live = self.matrix.selected, self._shown is not None or self.run.currentIndex() < 0
        self._shown = results
        if live:  # the list shows the best value of each run
            self._scan()
        self._show_numbers(results)
        self.matrix.show_confusion(results.confusion)
        self.classes.rows.set_scores(results.scores)
        if self.matrix.selected != selected:
            self.classes.select(None)
        self._show_samples()

    def _show_parts(self) -> None:
        parts = self.feed.parts or [self.feed.part]
        with QSignalBlocker(self.part):
            if [self.part.itemData(number) for number in range(self.part.count())] != parts:
                self.part.clear()
                for part in parts:
                    self.part.addItem(PART_WORDS.get(part, part), part)
            self.part.setCurrentIndex(self.part.findData(self.feed.part))
        self.part.setVisible(len(parts) > 1)

    def _show_numbers(self, results: RunResults) -> None:
        confusion, predictions = results.confusion, results.predictions
        self.headline.setText(f"{units.percent(confusion.accuracy)} correct")
        parts = [f"balanced {units.percent(confusion.balanced_accuracy)}"]
        if len(predictions.classes) > TOP:
            parts.append(f"top {TOP} {units.percent(results.top)}")
        parts += [
            f"calibration error {units.percent(results.calibration.error)}",
            f"{len(predictions):,} {PART_WORDS.get(results.part, results.part).lower()} samples",
        ]
        parts += [f"epoch {results.epoch}"] if results.epoch else []
        text = " · ".join(parts)
        self.details.setText(text)
        self.headline.setToolTip(
            f"{text}\nBalanced: the mean of the recall of all classes. Calibration error: by how much the network is "
            "surer, or less sure, than it is right"
        )

    def _show_state(self) -> None:
        """Say why there are no results, and offer the next step."""
        feed, measurement, info = self.feed, self.measurement, self.feed.info
        measure: Step = ("Measure now", measurement.start)
        train: Step = ("Open the training panel", lambda: self.session.panel_requested.emit("training"))
        show, starting = self.empty.show_state, self._is_trained_here()
        if measurement.running:
            text = "Its best weights predict every validation sample"
            show("Measuring the run …", text, ("Cancel", measurement.cancel), measurement.share)
        elif feed.folder is None:
            show("No runs yet", "Train the design; what its best epoch predicts is shown here", train)
        elif measurement.error:
            show("The run cannot be measured", measurement.error, measure)
        elif feed.error:
            show("The results cannot be read", feed.error, measure)
        elif starting or (info is not None and info.active):
            show("No results yet", "They appear when the first epoch is finished, and whenever a better one is")
        elif feed.reading or info is None:
            show("Reading the results …", "")
        elif not info.has_weights:
            show("No results", "No epoch of this run was finished; train it further", train)
        else:
            text = "Runs of earlier versions store none. Its best weights can be measured on the validation samples"
            show("This run has stored no results", text, measure)

    def _is_trained_here(self) -> bool:
        """Return whether a process of this window trains the run, also one that still loads its libraries."""
        return any(run.active and run.folder.absolute() == self.feed.folder for run in self.session.runs)

    # --- selection --------------------------------------------------------------------------------------------------

    def _on_cell(self) -> None:
        label, predicted = self.matrix.selected
        self.classes.select(label if predicted is None else None)
        self._show_samples()

    def _describe(self, cell: Cell) -> None:
        self.cell.setText(self.matrix.describe(cell))

    def _on_class(self, number: int | None) -> None:
        self.matrix.select(number, None)
        self._describe(self.matrix.selected)
        self._show_samples()

    def _select(self, label: int | None, predicted: int | None) -> None:
        self.matrix.select(label, predicted)
        self._describe(self.matrix.selected)
        self.classes.select(label if predicted is None else None)
        self._show_samples()

    def _show_samples(self) -> None:
        """Show the pictures of the selected cell, or the mistakes of a row, a column or the whole matrix."""
        results = self._shown
        if results is None:
            return
        indices, title = results.selection(*self.matrix.selected)
        filtered = self.matrix.selected != (None, None)
        self.samples.show_samples(results.predictions, indices, title, filtered=filtered)

    def _fetch(self, indices: Sequence[int], size: int, on_result: OnResult, on_error: OnError) -> Request | None:
        results = self._shown
        if results is None:
            return None
        return self.session.data.run_samples(results.folder, results.part, indices, size, on_result, on_error)

    def _show_attention(self, index: int) -> None:
        results = self._shown
        if results is not None:
            self.session.show_sample(results.folder, results.part, index, results.predictions.name(index))

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        self.matrix.redraw()
        self.classes.viewport().update()
        self.samples.refresh_theme()

    # --- building ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        for by_class, text in MODES.items():
            self.mode.addItem(text, by_class)
        self.run.setMinimumWidth(160)
        self.run.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.run.setMinimumContentsLength(24)
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        head = row(self.run, self.part, self.headline, self.details)
        head.setStretch(3, 1)
        self._tools = QWidget()
        zoom = (
            tool_button("zoom-out", "Smaller cells (-)", lambda: self.matrix.zoom(1 / STEP)),
            tool_button("zoom-in", "Larger cells (+)", lambda: self.matrix.zoom(STEP)),
            tool_button("fit", "Fit (0)", self.matrix.fit),
        )
        self._tools.setLayout(row(self.mode, *zoom, spacing=2))
        head.addWidget(self._tools)
        self._split = Reflow()
        self._split.turned.connect(lambda upright: self._split.setSizes(UPRIGHT_SIZES if upright else SIZES))
        for part, width in ((self._matrix_part(), 200), (self.classes, 200), (self.samples, 200)):
            part.setMinimumWidth(width)
            self._split.addWidget(part)
        for number, stretch in enumerate((3, 2, 4)):
            self._split.setStretchFactor(number, stretch)
        self._split.setSizes(SIZES)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._split)
        self._pages.addWidget(self.empty)
        self._pages.setCurrentIndex(1)
        layout = column(margin=8)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        self.setLayout(layout)

    def _matrix_part(self) -> QWidget:
        layout = column(margin=0, spacing=0)
        layout.addWidget(self.matrix, 1)
        layout.addWidget(self.cell)
        part = QWidget()
        part.setLayout(layout)
        return part
