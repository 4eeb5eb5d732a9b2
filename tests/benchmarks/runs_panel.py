"""The runs panel with 1,000 runs: what opening it costs the thread of the window, and looking again."""

import json
import os
import tempfile
import time
from pathlib import Path

from tests.benchmarks.measure import Row

RUNS, SEEDS = 1000, 5
OPEN_MS = 300.0
# A frame: the panel looks for changes while the user works.
AGAIN_MS = 16.0
ROUNDS = 5


def run() -> list[Row]:
    """Open the panel several times in one process; the list is read in another thread, which does not count."""
    with tempfile.TemporaryDirectory() as home:
        changed = {"NETCOMPOSER_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            _write_runs(Path(home) / "runs")
            return _measured()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _write_runs(folder: Path) -> None:
    """Write setups of five seeds each; their learning rates differ."""
    from tests.gui.tiny import tiny, write_run

    design = tiny()
    for number in range(RUNS):
        path = write_run(folder / f"run-{number:04}", design, epochs=10, created=1.7e9 + 60 * number)
        settings = json.loads((path / "settings.json").read_text())
        settings["training"].update(seed=number % SEEDS, lr=1e-4 * (1 + number // SEEDS))
        settings["costs"] = {"params": 1000 + number // SEEDS, "macs": 50_000 * (1 + number // SEEDS % 40)}
        (path / "settings.json").write_text(json.dumps(settings))


def _measured() -> list[Row]:
    from PySide6.QtCore import QEventLoop

    from composer.gui import app as start_up
    from composer.gui.panels.runs import RunsPanel
    from composer.gui.session.session import Session

    app = start_up.application()
    session = Session(engine=None)
    wait = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
    opening, again, steps = [], [], []
    for _ in range(ROUNDS):
        start = time.thread_time()
        panel = RunsPanel(session)
        panel.resize(1366, 260)
        panel.show()
        while panel.scan.busy or not panel.rows:
            step = time.thread_time()
            app.processEvents(wait)
            steps.append(time.thread_time() - step)
        app.processEvents()
        opening.append(time.thread_time() - start)
        if len(panel.rows) != RUNS or panel.model.rowCount() != RUNS // SEEDS:
            raise RuntimeError(f"the panel lists {panel.model.rowCount()} groups of {len(panel.rows)} runs")
        start = time.thread_time()
        panel.refresh()
        while panel.scan.busy:
            app.processEvents(wait)
        again.append(time.thread_time() - start)
        panel.hide()
        panel.deleteLater()
        app.processEvents()
    session.close()
    note = f"CPU time of the thread of the window; longest step {1e3 * max(steps):.0f} ms"
    return [_row("open 1,000 runs / 300 ms", opening, OPEN_MS, note), _row("look again / a frame", again, AGAIN_MS)]


def _row(name: str, seconds: list[float], limit: float, note: str = "") -> Row:
    """Return a row of the slowest of the openings, because a user meets the first."""
    slowest, least = 1e3 * max(seconds), 1e3 * min(seconds)
    return Row(name, slowest, limit, target=1.0, spread=slowest / least, note=note)
