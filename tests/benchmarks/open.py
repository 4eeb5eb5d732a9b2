"""From the first line of the program to a template drawn with its facts: cold, and when its blocks' costs are kept from
before.

The reference is what nobody could do without when nothing is known yet: a process that imports Qt, shows a bare window
and waits for another that imports torch.
"""

import os
import tempfile

from composer import paths
from tests.benchmarks.measure import Row, child

LIMIT_MS = 1_500.0

_OURS = """
import json, os, sys, time
start = time.perf_counter()
from composer.gui import app as start_up
app = start_up.application()
window = start_up.make_window(sys.argv[1])
from PySide6.QtCore import QTimer

sys.excepthook = lambda *error: (sys.__excepthook__(*error), os._exit(1))

def look():
    if window.complete and window.session.facts_current and window.session.facts.nodes:
        timer.stop()
        window.canvas.view.viewport().repaint()  # with the facts on the cards
        seconds = time.perf_counter() - start
        window.session.engine.stop(0)
        print(json.dumps({"seconds": seconds, "nodes": len(window.session.facts.nodes)}), flush=True)
        os._exit(0)

timer = QTimer(interval=5)
timer.timeout.connect(look)
timer.start()
window.show()
app.exec()
"""
_BARE = """
import json, os, subprocess, sys, time
start = time.perf_counter()
torch = subprocess.Popen([sys.executable, "-c", "import torch"])
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.show()
app.processEvents()
torch.wait()
print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
os._exit(0)
"""


def run() -> list[Row]:
    """Two rows for each template: with an empty home, and again in the same."""
    child(_BARE)  # fills the disk cache
    rows = []
    for path in sorted(paths.TEMPLATES.glob("*.yaml")):
        cold, again = [], []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as home:
                cold.append(_open(str(path), home))
                again.append(_open(str(path), home))
        bare = 1e3 * min(child(_BARE)["seconds"] for _ in range(2))
        for label, samples in (
            ("open {} cold / bare window and torch", cold),
            ("open {} again / bare window and torch", again),
        ):
            best = min(samples)
            note = f"limit {LIMIT_MS:,.0f} ms: {'held' if best <= LIMIT_MS else 'NOT HELD'}"
            rows.append(Row(label.format(path.stem), best, bare, spread=sorted(samples)[1] / best, note=note))
    return rows


def _open(path: str, home: str) -> float:
    before = os.environ.get("NETCOMPOSER_HOME")
    os.environ["NETCOMPOSER_HOME"] = home
    try:
        return 1e3 * child(_OURS, path)["seconds"]
    finally:
        os.environ.pop("NETCOMPOSER_HOME") if before is None else os.environ.update(NETCOMPOSER_HOME=before)
