"""The runs whose curves lie over each other: read in small parts, so that a long run never holds up the window."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor

from composer.core.files.run_folder import MetricsReader, read_run
from composer.gui.look import theme
from composer.gui.runs.run_curves import RunCurves

# Families whose hues are far apart; the first is the nearest to the accent.
HUES = ("attention", "head", "dendritic", "combined", "position", "conv", "spatial_attention", "recurrent")
# Bytes read between two frames: some 400 records, a few milliseconds.
PART = 64 * 1024
DRAW_MS = 100


class OverlaidRuns(QObject):
    """Holds the curves of the chosen runs, each with a colour that it keeps as long as it is chosen."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.curves: dict[Path, RunCurves] = {}
        self._readers: dict[Path, MetricsReader] = {}
        self._slots: dict[Path, int] = {}
        self._waiting: list[Path] = []
        self._reading = QTimer(self, interval=0)
        self._reading.timeout.connect(self._read_part)
        self._telling = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._telling.timeout.connect(self.changed)

    @property
    def reading(self) -> bool:
        """Whether there is something left to read."""
        return self._reading.isActive()

    def choose(self, folders: Sequence[Path]) -> None:
        """Choose runs; more than there are hues are left out."""
        wanted = list(folders)[: len(HUES)]
        for folder in [known for known in self.curves if known not in wanted]:
            for held in (self.curves, self._readers, self._slots):
                held.pop(folder)
        for folder in wanted:
            if folder not in self.curves:
                self._slots[folder] = next(slot for slot in range(len(HUES)) if slot not in self._slots.values())
                self.curves[folder], self._readers[folder] = RunCurves(read_run(folder).epochs), MetricsReader(folder)
        self.read()
        self.changed.emit()

    def read(self) -> None:
        """Read what has been added to the files since the last time."""
        self._waiting = list(self.curves)
        if self._waiting:
            self._reading.start()

    def colors(self) -> dict[Path, QColor]:
        """The colour of each chosen run in the theme in force."""
        return {folder: theme.family(HUES[slot]) for folder, slot in self._slots.items()}

    def stop(self) -> None:
        """Read no further."""
        self._reading.stop()
        self._telling.stop()

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
        if records and not self._telling.isActive():
            self._telling.start()
