"""The export dialog: target, weights and file. It stays open after an export, so that several files can be written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QWidget,
)

from composer.core import names
from composer.core.errors import UserError
from composer.core.export_targets import DRAWING, ExportTarget, export_targets
from composer.core.files.design_json import to_json
from composer.core.files.replacing import record, replace_problem
from composer.core.run_table import RunRow
from composer.gui.look import theme
from composer.gui.runs import run_library
from composer.gui.runs.run_scan import RunScan
from composer.gui.session.session import Session
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import button, column, label, row
from composer.gui.widgets.notice import Notice
from composer.gui.workers.jobs import Job

SIZE = QSize(720, 440)
LIST_WIDTH = 192
FRESH = ""


class ExportDialog(QDialog):
    """Targets at the left, the file at the right.

    Args:
        session: the session.
        draw: writes the drawing of the shown graph to a file.
        parent: the window.

    Attributes:
        targets: the list of targets.
        file: path of the file to write.
        weights: the runs whose weights can be exported.
        verify: whether the written file is compared with the drawn network.
        notice: the result.
    """

    def __init__(self, session: Session, draw: Callable[[Path], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._draw = draw
        self._job: Job | None = None
        self._scan, self._runs_read = RunScan(self), False
        # Replaced without a question: the last file written here, or confirmed in the file dialog.
        self._written: Path | None = None
        self._all = [*export_targets().values(), DRAWING]
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export")
        self.resize(SIZE)
        self.targets = QListWidget()
        self.targets.setFixedWidth(LIST_WIDTH)
        self.targets.setAccessibleName("What to export")
        self.targets.setStyleSheet(
            "QListWidget { padding: 8px; } QListWidget::item { padding-left: 8px; border-radius: 4px; }"
        )
        for target in self._all:
            item = QListWidgetItem(target.title)
            item.setSizeHint(QSize(0, theme.CONTROL))
            self.targets.addItem(item)
        self.title, self.detail = label("", "title"), label("", "muted", wrap=True)
        self.file = QLineEdit()
        self.file.setAccessibleName("File")
        self.weights = DropDown()
        self.weights.setAccessibleName("Weights")
        self.weights.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._weights_label = label("Weights", "muted")
        self.verify = QCheckBox("Verify the written file against the drawn network")
        self.progress = QProgressBar(textVisible=False)
        self.progress.hide()
        self.busy_text = label("", "muted", wrap=True)
        self.notice = Notice()
        self.go = button("Export", self.export, "primary")
        self.close_button = button("Close", self._close_or_cancel)
        self._build_layout()
        self._fill_weights()
        self.targets.currentRowChanged.connect(lambda _: self._show_target())
        self.targets.setCurrentRow(0)
        session.theme_changed.connect(self.notice.refresh_theme)

    def _build_layout(self) -> None:
        browse = button("Browse…", self._browse)
        browse.setAutoDefault(False)
        self.close_button.setAutoDefault(False)
        self.go.setDefault(True)
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setColumnStretch(1, 1)
        form.addWidget(label("File", "muted"), 0, 0)
        form.addLayout(row(self.file, browse), 0, 1)
        form.addWidget(self._weights_label, 1, 0)
        form.addWidget(self.weights, 1, 1)
        form.addWidget(self.verify, 2, 1)
        right = column(self.title, self.detail, margin=20)
        right.addSpacing(8)
        right.addLayout(form)
        right.addStretch(1)
        right.addWidget(self.notice)
        right.addWidget(self.busy_text)
        right.addWidget(self.progress)
        right.addSpacing(4)
        buttons = row(self.close_button, self.go)
        buttons.insertStretch(0, 1)
        right.addLayout(buttons)
        layout = row(self.targets, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)

    @property
    def target(self) -> ExportTarget:
        """The selected target."""
        return self._all[max(0, self.targets.currentRow())]

    def select_target(self, key: str) -> None:
        """Select a target by key."""
        self.targets.setCurrentRow(next(index for index, target in enumerate(self._all) if target.key == key))

    def _show_target(self) -> None:
        target = self.target
        self.title.setText(target.title)
        self.detail.setText(target.detail)
        self.weights.setVisible(target.needs_weights)
        self._weights_label.setVisible(target.needs_weights)
        self.verify.setVisible(target.provable)
        self.file.setText(str(_with_suffix(self._resolve_path(), target.suffix)))
        self._written = None  # a file that another target wrote is replaced only after a question
        self.notice.clear()
        missing = target.missing()
        self._update_go()
        if missing:
            self.notice.show_message(missing, "warning")

    def _resolve_path(self) -> Path:
        """Return the file of the field; if the field names only a folder, the design's name in that folder."""
        path, text = self.session.path, self.file.text().strip()
        suggested = path if path is not None else Path.home() / names.snake(self.session.document.design.name)
        if not text:
            return suggested
        typed = Path(text).expanduser()
        return typed / suggested.name if text.endswith(("/", "\\")) or not typed.name or typed.is_dir() else typed

    def _fill_weights(self) -> None:
        """Offer the weights of the runs of this network; reading them takes a moment if there are many runs."""
        self.weights.addItem("Reading the runs…", FRESH)
        others = [run.folder for run in self.session.runs]
        if self.session.selected_run is not None:
            others.append(self.session.selected_run)
        self._scan.read.connect(self._on_runs)
        self._scan.start(run_library.roots(others))

    def _on_runs(self, rows: Sequence[RunRow], complete: bool) -> None:
        if not complete:
            return
        self._runs_read = True
        self.weights.clear()
        for info in (run.info for run in rows if not run.problem):
            if info.has_weights and self.session.is_trained_by(info):
                self.weights.addItem(run_library.in_words(info), str(info.path))
        self.weights.addItem("Fresh weights, not trained", FRESH)
        selected = self.session.selected_run
        self.weights.setCurrentIndex(max(0, self.weights.findData(str(selected)) if selected is not None else 0))
        self._update_go()

    def _update_go(self) -> None:
        """Enable the export unless it runs, cannot run here, or would take weights before they are listed."""
        waiting = self.target.needs_weights and not self._runs_read
        self.go.setEnabled(self._job is None and not waiting and not self.target.missing())

    def _browse(self) -> None:
        name = QFileDialog.getSaveFileName(
            self, f"Export {self.target.title}", self.file.text(), self.target.file_filter
        )[0]
        if name:
            self.file.setText(name)
            # The file dialog has already asked whether to replace this one.
            self._written = Path(name)

    def export(self) -> None:
        """Write the file; an existing file is replaced after a second click."""
        text = self.file.text().strip()
        if not text:
            self.notice.show_message("Enter a file name", "warning")
            self.file.setFocus()
            return
        path = self._resolve_path()
        if not _has_suffix(path) or path.name != Path(text).name:
            path = _with_suffix(path, self.target.suffix)
        self.file.setText(str(path))
        problem = replace_problem(path, kind=self.target.key, source=self.session.path)
        if problem is not None and path != self._written:
            self.notice.show_message(
                f"{path.name} {problem}", "warning", actions=[("Replace it", lambda: self._write(path))]
            )
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        """Write the file; the user has agreed to replace an existing one."""
        self._written = path
        self.notice.clear()
        if self.target is DRAWING:
            try:
                self._draw(path)
            except UserError as error:
                self._fail(str(error))
            else:
                record(path, kind=self.target.key, source=self.session.path)
                self._show_written(path, f"Wrote {path.name}", "success")
            return
        params: dict[str, Any] = {
            "design": to_json(self.session.document.design),
            "target": self.target.key,
            "path": str(path),
            "source": str(self.session.path or ""),
            "replace": True,
        }
        if self.target.needs_weights and self.weights.currentData():
            params["run"] = self.weights.currentData()
        if self.target.provable and self.verify.isChecked():
            params["verify"] = True
        self._job = self.session.jobs.start("export", params, self._done, self._fail, self._show_progress)
        self._show_busy(f"Writing {path.name}")

    def _show_progress(self, share: float, _message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))

    def _done(self, reply: dict[str, Any]) -> None:
        self._job = None
        self._show_busy("")
        path, proof = Path(reply["path"]), reply.get("proof")
        details = str(reply.get("message", "")).removeprefix(f"{path}: ")
        message = f"Wrote {path.name}: {details}" if details else f"Wrote {path.name}"
        if proof is not None:
            message += f"; {proof['message']}"
        self._show_written(path, message, "error" if proof is not None and not proof["ok"] else "success")

    def _show_written(self, path: Path, message: str, level: str) -> None:
        """Show what was written, with a way to its folder."""
        url = QUrl.fromLocalFile(str(path.absolute().parent))
        self.notice.show_message(message, level, actions=[("Show folder", lambda: QDesktopServices.openUrl(url))])

    def _fail(self, reason: str) -> None:
        job, self._job = self._job, None
        self._show_busy("")
        self.notice.show_message(f"Not exported: {reason}", "error", details=job.trace if job is not None else "")

    def _show_busy(self, text: str) -> None:
        self.progress.setRange(0, 0)
        self.progress.setVisible(bool(text))
        self.busy_text.setText(text)
        self.close_button.setText("Cancel" if text else "Close")
        for part in (self.targets, self.file, self.weights, self.verify):
            part.setEnabled(not text)
        self._update_go()

    def _close_or_cancel(self) -> None:
        if self._job is None:
            self.close()
            return
        self._cancel()
        self._show_busy("")
        self.notice.show_message("Cancelled; nothing was written", "info")

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel a running export, or close the dialog, on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._close_or_cancel()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Cancel a running export and close."""
        self._cancel()
        self._scan.stop()
        super().done(result)


def _has_suffix(path: Path) -> bool:
    """Return whether the name has a suffix that is not a number, as in ``net_v1.5``."""
    return bool(path.suffix) and not path.suffix[1:].isdigit()


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_suffix(suffix) if _has_suffix(path) else path.with_name(path.name + suffix)
