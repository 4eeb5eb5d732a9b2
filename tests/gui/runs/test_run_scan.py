"""Reading the list of runs in a thread."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.run_table import RunRow
from composer.gui.runs import run_scan
from composer.gui.runs.run_scan import RunScan
from tests.core.run_files import write_run


class Listener(QObject):
    """Collects what a scan reports."""

    def __init__(self, scan: RunScan) -> None:
        super().__init__()
        self.reports: list[tuple[Sequence[RunRow], bool]] = []
        scan.read.connect(self.take)

    def take(self, rows: Sequence[RunRow], complete: bool) -> None:
        self.reports.append((rows, complete))


def test_the_first_scan_reports_in_growing_parts_and_the_next_ones_reuse_their_rows(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_scan, "FIRST", 2)
    for number in range(9):
        write_run(tmp_path / "runs" / str(number), settings={"created": float(1e9 + number)})
    scan = RunScan()
    listener = Listener(scan)
    scan.start([tmp_path / "runs", tmp_path / "runs" / "3"])
    qtbot.waitUntil(lambda: bool(listener.reports) and listener.reports[-1][1])
    assert [(len(rows), complete) for rows, complete in listener.reports] == [(2, False), (8, False), (9, True)]
    first = listener.reports[-1][0]
    assert [row.name for row in first] == [str(number) for number in reversed(range(9))]
    write_run(tmp_path / "runs" / "new", settings={"created": 2e9})
    scan.start([tmp_path / "runs"])
    scan.start([tmp_path / "runs"])  # one more follows the running one
    qtbot.waitUntil(lambda: len(listener.reports) == 5 and not scan.busy)
    again = listener.reports[-1][0]
    assert [row.name for row in again[:2]] == ["new", "8"]
    assert all(a is b for a, b in zip(again[1:], first, strict=True))


def test_a_stopped_scan_reports_nothing_and_can_start_again(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    for number in range(60):
        write_run(tmp_path / "runs" / str(number))
    scan = RunScan()
    listener = Listener(scan)
    scan.start([tmp_path / "runs"])
    scan.stop()
    assert not scan.busy
    scan.start([tmp_path / "runs"])
    qtbot.waitUntil(lambda: not scan.busy)
    assert [len(rows) for rows, complete in listener.reports if complete] == [60]
    scan.stop()  # waits until the thread has ended
