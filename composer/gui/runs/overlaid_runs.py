"""The runs whose curves are overlaid: read in small parts, so that a long run never blocks the window."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor

from composer.core.files.run_folder import MetricsReader, read_run
from composer.gui.look import theme
from composer.gui.runs.run_curves import RunCurves

# Block families whose hues are far apart; the first is nearest to the accent.
HUES = ("attention", "head", "dendritic", "combined", "position", "conv", "spatial_attention", "recurrent")
# Bytes read between two frames: some 400 records, a few milliseconds.
PART = 64 * 1024
DRAW_MS = 100


class OverlaidRuns(QObject):
    """Holds the curves of the selected runs; each keeps its colour as long as it is selected.

    Attributes:
        curves: the curves by run folder.

    Signals:
        changed: there is something to redraw.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.curves: dict[Path, RunCurves] = {}
        self._readers: dict[Path, MetricsReader] = {}
        self._slots: dict[Path, int] = {}
        self._waiting: list[Path] = []
        self._reading = QTimer(self, interval=0)
        self._reading.timeout.connect(self._read_part)
        self._notifying = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._notifying.timeout.connect(self.changed)

    @property
    def reading(self) -> bool:
        """Whether there is something left to read."""
        return self._reading.isActive()

    def show_runs(self, folders: Sequence[Path]) -> None:
        """Overlay these runs; those beyond the number of hues are left out."""
        shown = list(folders)[: len(HUES)]
        for folder in [folder for folder in self.curves if folder not in shown]:
            for table in (self.curves, self._readers, self._slots):
                table.pop(folder)
        for folder in shown:
            if folder not in self.curves:
                self._slots[folder] = next(slot for slot in range(len(HUES)) if slot not in self._slots.values())
                self.curves[folder], self._readers[folder] = RunCurves(read_run(folder).epochs), MetricsReader(folder)
        self.read()
        self.changed.emit()

    def read(self) -> None:
        """Read what was appended to the files since the last call."""
        self._waiting = list(self.curves)
        if self._waiting:
            self._reading.start()

    def colors(self) -> dict[Path, QColor]:
        """Return the colour of each run in the current theme."""
        return {folder: theme.family(HUES[slot]) for folder, slot in self._slots.items()}

    def stop(self) -> None:
        """Stop reading."""
        self._reading.stop()
        self._notifying.stop()

    def __iter__(self) -> Iterator[tuple[Path, RunCurves]]:
        return iter(self.curves.items())

    def _read_part(self) -> None:
        while self._waiting and self._waiting[0] not in self._readers:
            self._waiting.pop(0)
        if not self._waiting:
            self._reading.stop()
            return
        folder = self._waiting[0]
        records, more = self._readers[folder].read(PART)
        for record in records:
            self.curves[folder].add(record)
        if not more:
            self._waiting.pop(0)
        if records and not self._notifying.isActive():
            self._notifying.start()
