"""Random edits in a window: the canvas is the design after each; undo to the start is the identity, redo goes back."""

import sys
import time
from pathlib import Path

from composer.core.files import design_file
from composer.core.files.templates import template
from tests.soak.edit_driver import EditDriver, canvas_differences, same_design, uncaught_errors
from tests.soak.plan import Soak

EDITS = 10_000
# Fewer than the undo limit of the document, so that undo reaches the start.
CHUNK = 250
# Every so many edits the drawing is compared with one that is made from scratch.
FRESH_EVERY = 25
STARTS = ("hybrid_digits", "vit_base_patch16_224", "dendritic_mlp", "")
FAKE_ENGINE = (sys.executable, str(Path(__file__).parents[1] / "gui" / "fake_engine.py"))


def run(soak: Soak) -> None:
    """Edit in chunks, each from another start."""
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    from composer.gui.app import application
    from composer.gui.window import Window

    app = application()
    window = Window(None, FAKE_ENGINE)
    window.resize(1280, 800)
    window.show()
    end = time.monotonic() + 60
    while not (window.complete and window.bench.shown) and time.monotonic() < end:
        app.processEvents()
    window.canvas.set_animated(False)
    total = soak.count(EDITS, least=30)
    sizes = [min(CHUNK, total - start) for start in range(0, total, CHUNK)]
    slowest = 0.0
    try:
        for chunk, size in enumerate(sizes):
            with uncaught_errors() as errors:
                slowest = max(slowest, edit_and_undo(soak, window, chunk, size))
                app.processEvents()
            soak.expect(not errors, f"chunk {chunk}: errors in the window: {errors[:3]}")
    finally:
        window.session.document.undo_stack.setClean()
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    soak.figures["slowest edit ms"] = round(1e3 * slowest)


def edit_and_undo(soak: Soak, window: object, chunk: int, size: int) -> float:
    """Make one chunk of edits and undo them all; return the longest edit in seconds."""
    from PySide6.QtWidgets import QApplication

    session, scene = window.session, window.canvas.scene  # type: ignore[attr-defined]
    document = session.document
    generator = soak.random(chunk)
    name = STARTS[chunk % len(STARTS)]
    if name:
        session.open_template(template(name))
    else:
        session.new()
    start, digest = document.design, session.digest
    driver, slowest = EditDriver(session, generator), 0.0
    for number in soak.each(range(size)):
        clock, before = time.perf_counter(), document.design
        try:
            kind = driver.step()
        except Exception as error:  # noqa: BLE001 - any of them is a violation
            kind = f"{type(error).__name__}: {error}"
            soak.expect(False, f"chunk {chunk}, edit {number}: {kind}")
        soak.figures["effective edits"] = soak.figures.get("effective edits", 0) + (document.design is not before)
        if generator.random() < 0.1:
            QApplication.processEvents()
        slowest = max(slowest, time.perf_counter() - clock)
        differences = canvas_differences(session, scene)
        if not soak.expect(not differences, f"chunk {chunk}, edit {number} ({kind}): {differences[:2]}"):
            scene.rebuild()  # one fault is reported once
        if number % FRESH_EVERY == 0:
            fresh = fresh_differences(scene)
            soak.expect(not fresh, f"chunk {chunk}, edit {number} ({kind}), drawn from scratch: {fresh[:2]}")
    while document.undo_stack.canRedo():
        document.redo()
    last = document.design
    while document.undo_stack.canUndo():
        document.undo()
    label = f"chunk {chunk}: after undo to the start"
    soak.expect(same_design(document.design, start), f"{label} the design differs")
    soak.expect(session.digest == digest, f"{label} the digest differs")
    soak.expect(design_file.dumps(document.design) == design_file.dumps(start), f"{label} the file differs")
    soak.expect(not (differences := canvas_differences(session, scene)), f"{label}: {differences[:2]}")
    while document.undo_stack.canRedo():
        document.redo()
    soak.expect(same_design(document.design, last), f"chunk {chunk}: after redo to the end the design differs")
    soak.expect(not (differences := canvas_differences(session, scene)), f"chunk {chunk}, redone: {differences[:2]}")
    again = design_file.loads(design_file.dumps(last))
    soak.expect(same_design(again, last), f"chunk {chunk}: the saved design differs from the drawn one")
    return slowest


def fresh_differences(scene: object) -> list[str]:
    """Compare the drawing, which followed every edit, with the same graph drawn from scratch."""
    down = scene.down  # type: ignore[attr-defined]
    nodes, wires = scene.nodes, scene.wires  # type: ignore[attr-defined]
    sizes = {id: node.boundingRect() for id, node in nodes.items()}
    routes = {wire: item.route for wire, item in wires.items()}
    scene.rebuild()  # type: ignore[attr-defined]
    # The drawing keeps its direction until most of it moves; a new one reads it from the positions.
    scene.set_direction("down" if down else "right")  # type: ignore[attr-defined]
    differences = [f"the size of {id} differs" for id, node in nodes.items() if node.boundingRect() != sizes.get(id)]
    differences += [f"the route of {wire} differs" for wire, item in wires.items() if item.route != routes.get(wire)]
    return differences
