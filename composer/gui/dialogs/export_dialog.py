"""The export dialog: what, with which weights, into which file; it stays open, so that several files come out of one visit."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
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
from composer.core.files.design_json import to_json
from composer.gui.export_targets import TARGETS, Target
from composer.gui.look import theme
from composer.gui.runs.run_library import in_words, known_runs
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
        draw: writes a picture of the shown graph to a file.
        parent: the window.
    """

    def __init__(self, session: Session, draw: Callable[[Path], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._draw = draw
        self._job: Job | None = None
        self._written: Path | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export")
        self.resize(SIZE)
        self.targets = QListWidget()
        self.targets.setFixedWidth(LIST_WIDTH)
        self.targets.setAccessibleName("What to export")
        self.targets.setStyleSheet(
            "QListWidget { padding: 8px; } QListWidget::item { padding-left: 8px; border-radius: 4px; }"
        )
        for target in TARGETS:
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
        self.progress = QProgressBar(textVisible=False)
        self.progress.hide()
        self.doing = label("", "muted", wrap=True)
        self.notice = Notice()
        self.go = button("Export", self.export, "primary")
        self.close_button = button("Close", self._close_or_cancel)
        self._lay_out()
        self._fill_weights()
        self.targets.currentRowChanged.connect(lambda _: self._choose())
        self.targets.setCurrentRow(0)
        session.theme_changed.connect(self.notice.refresh_theme)

    def _lay_out(self) -> None:
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
        right = column(self.title, self.detail, margin=20)
        right.addSpacing(8)
        right.addLayout(form)
        right.addStretch(1)
        right.addWidget(self.notice)
        right.addWidget(self.doing)
        right.addWidget(self.progress)
        right.addSpacing(4)
        buttons = row(self.close_button, self.go)
        buttons.insertStretch(0, 1)
        right.addLayout(buttons)
        whole = row(self.targets, spacing=0)
        whole.addLayout(right, 1)
        self.setLayout(whole)

    @property
    def target(self) -> Target:
        """The chosen target."""
        return TARGETS[max(0, self.targets.currentRow())]

    def choose(self, key: str) -> None:
        """Choose a target by the engine's name for it."""
        self.targets.setCurrentRow(next(index for index, target in enumerate(TARGETS) if target.key == key))

    def _choose(self) -> None:
        target = self.target
        self.title.setText(target.title)
        self.detail.setText(target.detail)
        self.weights.setVisible(target.weights)
        self._weights_label.setVisible(target.weights)
        self.file.setText(str(_ending(self._named(), target.suffix)))
        self._written = None  # what another target wrote under this name is not replaced unasked
        self.notice.clear()

    def _named(self) -> Path:
        """The file that the field names; without a name, that of the design, in the folder that is named."""
        path, text = self.session.path, self.file.text().strip()
        suggested = path if path is not None else Path.home() / names.snake(self.session.document.design.name)
        if not text:
            return suggested
        typed = Path(text).expanduser()
        return typed / suggested.name if text.endswith(("/", "\\")) or not typed.name or typed.is_dir() else typed

    def _fill_weights(self) -> None:
        digest = self.session.digest
        others = [run.folder for run in self.session.runs]
        if self.session.selected_run is not None:
            others.append(self.session.selected_run)
        for info in known_runs(others):
            if info.has_weights and info.design_hash == digest:
                self.weights.addItem(in_words(info), str(info.path))
        self.weights.addItem("Fresh weights, not trained", FRESH)
        chosen = self.weights.findData(str(self.session.selected_run)) if self.session.selected_run is not None else 0
        self.weights.setCurrentIndex(max(0, chosen))

    def _browse(self) -> None:
        chosen = QFileDialog.getSaveFileName(self, f"Export {self.target.title}", self.file.text(), self.target.kinds)[
            0
        ]
        if chosen:
            self.file.setText(chosen)
            # The file dialog has asked about replacing this one.
            self._written = Path(chosen)

    def export(self) -> None:
        """Write the file; a file that is already there is replaced after a second click."""
        text = self.file.text().strip()
        if not text:
            self.notice.show_message("Name a file", "warning")
            self.file.setFocus()
            return
        path = self._named()
        if not _has_ending(path) or path.name != Path(text).name:
            path = _ending(path, self.target.suffix)
        self.file.setText(str(path))
        if path.exists() and path != self._written:
            self.notice.show_message(
                f"{path.name} exists already", "warning", actions=[("Replace it", lambda: self._write(path))]
            )
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        self._written = path
        self.notice.clear()
        if self.target.key == "picture":
            try:
                self._draw(path)
            except UserError as error:
                self._fail(str(error))
            else:
                self.notice.show_message(f"Wrote {path.name}", "success")
            return
        params = {"design": to_json(self.session.document.design), "target": self.target.key, "path": str(path)}
        if self.target.weights and self.weights.currentData():
            params["run"] = self.weights.currentData()
        self._job = self.session.jobs.start("export", params, self._done, self._fail, self._advance)
        self._show_busy(f"Writing {path.name}")

    def _advance(self, share: float, _message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))

    def _done(self, answer: dict[str, str]) -> None:
        self._job = None
        self._show_busy("")
        path = Path(answer["path"])
        said = str(answer.get("message", "")).removeprefix(f"{path}: ")
        self.notice.show_message(f"Wrote {path.name}: {said}" if said else f"Wrote {path.name}", "success")

    def _fail(self, reason: str) -> None:
        job, self._job = self._job, None
        self._show_busy("")
        self.notice.show_message(f"Not exported: {reason}", "error", details=job.trace if job is not None else "")

    def _show_busy(self, what: str) -> None:
        self.progress.setRange(0, 0)
        self.progress.setVisible(bool(what))
        self.doing.setText(what)
        self.close_button.setText("Cancel" if what else "Close")
        for part in (self.go, self.targets, self.file, self.weights):
            part.setEnabled(not what)

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
        """Escape ends what runs before it closes the dialog."""
        if event.key() == Qt.Key.Key_Escape:
            self._close_or_cancel()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Leave nothing running behind."""
        self._cancel()
        super().done(result)


def _has_ending(path: Path) -> bool:
    """Whether its name ends as that of a kind of file; what follows the dot of ``net_v1.5`` is a number."""
    return bool(path.suffix) and not path.suffix[1:].isdigit()


def _ending(path: Path, suffix: str) -> Path:
    return path.with_suffix(suffix) if _has_ending(path) else path.with_name(path.name + suffix)
