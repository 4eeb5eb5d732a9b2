"""One parameter edit in a design of 300 nodes: the window's part against painting one frame, and the way to the facts
and back.
"""

import itertools
import os
import tempfile
import time
from collections.abc import Callable

from tests.benchmarks import designs
from tests.benchmarks.measure import Row, compare

ROUNDS = 25
FACTS_MS = 30.0  # within two frames nobody sees a wait


def run() -> list[Row]:
    """Palette, inspector and costs are open; the engine computes in its own process and its answer is not part of the
    time.
    """
    with tempfile.TemporaryDirectory() as home:
        changed = {"NETCOMPOSER_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        try:
            return _measured()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _measured() -> list[Row]:
    from PySide6.QtCore import QEventLoop

    from composer.core import edits
    from composer.core.layout.placement import lay_out_unplaced
    from composer.gui import app as start_up

    app = start_up.application()
    window = start_up.make_window()
    window.resize(1600, 1000)
    window.show()

    def settle(seconds: float = 0.05) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or not (window.complete and window.bench.shown):
            app.processEvents()
            time.sleep(0.001)

    def known() -> None:
        while session.engine_state != "ready" or not session.facts_current:
            settle()
        settle()

    settle()
    session = window.session
    session.document.apply(lay_out_unplaced(designs.mobile(300), session.catalog), "Begin")
    session.document.select(("conv_150",))
    known()
    ratios = (3.0 + step / 64 for step in itertools.count())
    others = itertools.cycle(f"conv_{index}" for index in range(100, 200))
    node = window.canvas.scene.nodes["conv_150"]
    viewport = window.canvas.view.viewport()

    def timed(do: Callable[[], object]) -> float:
        start = time.perf_counter()
        do()
        app.processEvents()
        seconds = time.perf_counter() - start
        known()
        return seconds

    def edit() -> float:
        return timed(lambda: session.document.edit("Set", edits.set_params, "conv_150", {"expand_ratio": next(ratios)}))

    def select() -> float:
        return timed(lambda: session.document.select((next(others),)))

    def repaint() -> float:
        node.update()
        return timed(viewport.update)  # nobody shows an edit with less than one frame of the canvas

    def facts_of(id: str) -> float:
        """From the edit until the cards show the facts: through the engine's process and back."""
        start = time.perf_counter()
        session.document.edit("Set", edits.set_params, id, {"expand_ratio": next(ratios)})
        while not session.facts_current:
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)
        seconds = time.perf_counter() - start
        settle()
        return seconds

    def facts_row() -> Row:
        known()
        durations = sorted(1e3 * facts_of(id) for id in itertools.islice(others, 3 * ROUNDS))
        p95, median = durations[round(0.95 * len(durations)) - 1], durations[len(durations) // 2]
        note = f"p95 of {len(durations)} edits; median {median:.1f} ms, least {durations[0]:.1f} ms"
        return Row(
            "edit to facts in the window / 30 ms", p95, FACTS_MS, target=1.0, spread=median / durations[0], note=note
        )

    start_up.after_start()  # as the program does a while after its start
    settle(0.5)
    rows = [
        facts_row(),
        compare("edit in the window / one frame", edit, repaint, rounds=ROUNDS, warm=3, target=2.0),
        compare("select in the window / one frame", select, repaint, rounds=ROUNDS, warm=3, target=2.0),
        compare(
            "undo in the window / one frame",
            lambda: timed(session.document.undo),
            repaint,
            rounds=ROUNDS - 5,
            target=2.0,
        ),
    ]
    session.document.undo_stack.setClean()
    window.close()
    return rows
