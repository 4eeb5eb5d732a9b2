"""From the first line of the program to the first painted window, against a bare QMainWindow of the same size."""

import os
import tempfile

from tests.benchmarks.measure import Row, child, row

# Both processes import Qt themselves: what counts is what a user waits for.
_HEAD = """
import json, os, sys, time
start = time.perf_counter()
"""
_TAIL = """
from PySide6.QtCore import QEvent, QObject, QTimer

class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            app.removeEventFilter(self)
            QTimer.singleShot(0, done)  # after the whole window has been painted
        return False

def done():
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "torch": "torch" in sys.modules}), flush=True)
    os._exit(0)  # the engine notices that its pipe is closed

paint = FirstPaint()
app.installEventFilter(paint)
window.show()
app.exec()
"""
_OURS = """
from composer.gui import app as start_up
app = start_up.application()
window = start_up.make_window()
"""
_BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.resize(1280, 800)
"""


def run() -> list[Row]:
    """Time fresh processes alternately."""
    samples: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as home:
        before = os.environ.get("NETCOMPOSER_HOME")
        os.environ["NETCOMPOSER_HOME"] = home
        try:
            for round_ in range(8):
                samples = [child(_HEAD + code + _TAIL) for code in (_OURS, _BARE)]
                if samples[0]["torch"]:
                    raise RuntimeError("the window has imported torch")
                if round_:  # the first fills the disk cache
                    for side, result in zip(samples, samples, strict=True):
                        side.append(result["seconds"])
        finally:
            os.environ.pop("NETCOMPOSER_HOME") if before is None else os.environ.update(NETCOMPOSER_HOME=before)
    return [row("first painted window / bare QMainWindow", samples, target=2.0)]
