"""The demo: the main workflow in the real window. Open, drag, undo, train, inspect, export; then a folder of images."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from composer.cli import demo_shapes
from composer.core.errors import UserError
from composer.core.files.replacing import check_folder_files, record_folder_files
from composer.core.files.run_folder import read_run
from composer.core.files.templates import template
from composer.core.graph import Node

if TYPE_CHECKING:
    from composer.gui.panels.attention import AttentionPanel
    from composer.gui.panels.results import ResultsPanel
    from composer.gui.window import Window

TEMPLATE = "hybrid_digits"
RUN_SETTINGS = "run/settings.json"
# Folders that an earlier demo wrote are recognised by these files in them.
SCENES_FILE, SCENES_RUN = f"{demo_shapes.SCENES}/boxes.csv", f"{demo_shapes.RUN}/settings.json"
FOLDER_FILES = (RUN_SETTINGS, SCENES_FILE, SCENES_RUN)
RESULTS = (
    "design.yaml",
    "model.py",
    "attention.png",
    "window.png",
    "report.md",
    *demo_shapes.RESULTS,
    *FOLDER_FILES,
)
DRAGGED_CATEGORY = "channel_attention"
ENGINE_SECONDS = 120.0
TRAINING_SECONDS = 1200.0
RESULTS_HEIGHT = 420  # pixels


def run_demo(out: Path, *, force: bool = False, scenes: int | None = None, epochs: int | None = None) -> int:
    """Run the main workflow and write its results.

    Args:
        out: folder for ``design.yaml``, ``model.py``, ``run/``, ``attention.png``, ``scenes/``, ``scenes_run/``,
            ``confusion.png``, ``attention_on_object.png``, ``window.png`` and ``report.md``; results of an earlier demo
            in it are replaced.
        force: whether to replace files that an earlier demo did not write.
        scenes: number of generated training images; None: those of the template.
        epochs: epochs of the training on them, likewise.

    Returns:
        Exit code 0; the last line printed states the best validation metric.

    Raises:
        UserError: if a step fails or takes too long.
    """
    from composer.gui.app import display_problem

    if display_problem() is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        # Qt warns for every window that this platform has no size hints, on which nobody can act.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    check_folder_files(out, RESULTS, kind="demo", force=force)
    check_folder_files(out, FOLDER_FILES, kind="demo")  # the folders of an earlier demo are removed, never others
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in FOLDER_FILES:
            if (out / name).exists():
                shutil.rmtree((out / name).parent)
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None
    # Separate settings: a demo neither changes the user's window nor depends on it.
    with tempfile.TemporaryDirectory(prefix="netcomposer-demo-") as home:
        before = os.environ.get("NETCOMPOSER_HOME")
        os.environ["NETCOMPOSER_HOME"] = home
        try:
            result = _Demo(out, scenes, epochs).run()
        finally:
            if before is None:
                del os.environ["NETCOMPOSER_HOME"]
            else:
                os.environ["NETCOMPOSER_HOME"] = before
    record_folder_files(out, RESULTS, kind="demo")
    print(f"{result}; results in {out}")
    return 0


class _Demo:
    """Runs the steps in one window; each step adds a note to the report.

    Args:
        out: folder for the results.
        scenes: number of generated training images; None: those of the template.
        epochs: epochs of the training on them, likewise.
    """

    def __init__(self, out: Path, scenes: int | None = None, epochs: int | None = None) -> None:
        self.out = out.absolute()
        self.scenes, self.epochs = scenes, epochs
        self.notes: list[str] = []
        self.started = time.monotonic()

    def run(self) -> str:
        from composer.gui.app import application, make_window

        application()
        window = make_window()
        window.resize(1600, 1000)
        window.show()
        self.need(lambda: window.complete, 30, "the first painted window")
        try:
            self.open(window)
            self.drag_and_undo(window)
            result = self.train(window)
            self.inspect_run(window)
            self.export(window)
            result += "; " + demo_shapes.run_scenes(self, window, self.scenes, self.epochs)
            self.report(window, result)
        finally:
            window.session.close()
            window.deleteLater()
            self.spin(0.05)
        return result

    def note(self, text: str) -> None:
        self.notes.append(text)
        print(f"[{time.monotonic() - self.started:5.1f} s] {text}", flush=True)

    def spin(self, seconds: float) -> None:
        """Process events for a while."""
        self.until(lambda: False, seconds)

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Process events until a condition is met; return False if that takes too long."""
        from PySide6.QtCore import QDeadlineTimer, QEventLoop
        from PySide6.QtWidgets import QApplication

        deadline = QDeadlineTimer(int(seconds * 1000))
        while not done():
            if deadline.hasExpired():
                return False
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
        return True

    def need(self, done: Callable[[], bool], seconds: float, event: str) -> None:
        """Process events until a condition is met.

        Raises:
            UserError: if that takes too long.
        """
        if not self.until(done, seconds):
            raise UserError(f"demo: {event} did not happen within {seconds:.0f} s")

    # -- the steps ----------------------------------------------------------------------------------------------

    def open(self, window: "Window") -> None:
        session = window.session
        session.open_template(template(TEMPLATE))
        self.need(
            lambda: session.engine_state == "ready" and session.facts_current,
            ENGINE_SECONDS,
            "the first answer of the engine",
        )
        window.canvas.fit()
        totals, nodes = session.facts.totals, session.document.design.main.nodes
        self.note(f"opened {TEMPLATE}: {len(nodes)} nodes, {totals.params:,} parameters, {totals.macs:,} MACs")

    def drag_and_undo(self, window: "Window") -> None:
        session = window.session
        before = session.document.design
        block = session.catalog.categories()[DRAGGED_CATEGORY][0].name
        self.palette_drag(window, block)
        self.need(lambda: session.document.design is not before, 10, f"the drop of {block}")
        added = [id for id in session.document.design.main.nodes if id not in before.main.nodes]
        self.need(lambda: session.facts_current, ENGINE_SECONDS, "the facts of the dropped block")
        self.note(f"dragged {block} from the palette onto the canvas: new node {', '.join(added)}")
        window.run_command("undo")
        if session.document.design != before:
            raise UserError("demo: undo did not restore the design")
        self.note("undid it: the design is as before")

    def palette_drag(self, window: "Window", block: str) -> None:
        """Drag a row of the palette onto the canvas: enter, moves and drop, with the palette's data.

        The pointer's part is sent as events, because Qt's offscreen platform runs no drag, and on a real platform the
        pointer belongs to the user.
        """
        from PySide6.QtCore import QPoint, QPointF, Qt
        from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
        from PySide6.QtWidgets import QApplication, QGraphicsView, QTreeWidget

        palette = window.docks.show("palette")
        if palette is None:
            raise UserError("demo: the window has no palette")
        self.spin(0.2)
        palette.search_field.setText(block)  # type: ignore[attr-defined]
        self.spin(0.2)
        tree = palette.findChild(QTreeWidget)
        assert tree is not None
        item = next(i for i in tree.findItems(block, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive))
        data = tree.mimeData([item])
        view = window.canvas.findChild(QGraphicsView)
        assert view is not None
        target = view.viewport()
        end = QPoint(target.width() // 2, target.height() // 6)
        buttons, modifiers, action = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        QApplication.sendEvent(target, QDragEnterEvent(QPoint(0, end.y()), action, data, buttons, modifiers))
        for step in range(1, 13):
            QApplication.sendEvent(
                target, QDragMoveEvent(QPoint(end.x() * step // 12, end.y()), action, data, buttons, modifiers)
            )
            self.spin(0.02)
        QApplication.sendEvent(target, QDropEvent(QPointF(end), action, data, buttons, modifiers))
        palette.search_field.clear()  # type: ignore[attr-defined]

    def train(self, window: "Window") -> str:
        window.show_panel("training")
        handle = window.session.start_training({"out": str(self.out / "run")})
        self.need(lambda: handle.state in ("done", "failed", "stopped"), TRAINING_SECONDS, "the end of the training")
        if handle.state != "done":
            raise UserError(f"demo: the training {handle.state}: {handle.detail}")
        info = read_run(self.out / "run")
        if info.metric is None or info.best is None:
            raise UserError("demo: the training finished no epoch")
        result = f"validation {info.metric.title.lower()} {info.best_text}"
        self.note(f"trained {info.epoch} epochs on {info.device}: best {result}")
        return result

    def show_results(self, window: "Window", run: Path, file: Path) -> None:
        from PySide6.QtCore import Qt

        window.session.show_run(run, "results")
        panel: ResultsPanel = window.docks.show("results")  # type: ignore[assignment]
        window.resizeDocks([window.docks.docks["results"]], [RESULTS_HEIGHT], Qt.Orientation.Vertical)
        self.need(
            lambda: panel.feed.folder == run and panel.matrix.confusion is not None,
            ENGINE_SECONDS,
            "the confusion matrix",
        )
        gallery = panel.samples.gallery
        gallery.select(0)
        self.need(
            lambda: not gallery.count or gallery.thumbnail(0) is not None, ENGINE_SECONDS, "the pictures of mistakes"
        )
        self.spin(0.3)
        if not panel.grab().save(str(file)):
            raise UserError(f"demo: {file} cannot be written")
        self.note(f"looked at the confusion matrix and at {panel.samples.title.text()}")

    def inspect_run(self, window: "Window") -> None:
        from composer.gui.runs.run_library import open_folder

        session = window.session
        node = next(id for id, item in session.document.design.main.nodes.items() if self.shows_attention(window, item))
        open_folder(self.out / "run")
        session.show_run(self.out / "run", "attention")
        panel: AttentionPanel = window.docks.show("attention")  # type: ignore[assignment]
        self.need(lambda: panel.strip.count() > 0, ENGINE_SECONDS, "the sample images")
        panel.strip.setCurrentRow(0)
        self.need(lambda: panel.current_map is not None, ENGINE_SECONDS, "the capture")
        session.document.select([node])
        self.need(
            lambda: panel.current_map is not None and panel.current_map.node == node, 10, f"the attention of {node}"
        )
        self.spin(0.3)
        if not panel.save_image_to(str(self.out / "attention.png")):
            raise UserError(f"demo: {self.out / 'attention.png'} cannot be written")
        session.document.select(())
        self.note(f"captured the attention of {node} in the trained network")

    def shows_attention(self, window: "Window", item: Node) -> bool:
        spec = window.session.catalog.get(item.block)
        return spec is not None and "token_pairs" in spec.maps.values()

    def export(self, window: "Window") -> None:
        for command, name in (("export_yaml", "design.yaml"), ("export_python", "model.py")):
            file = self.out / name
            file.unlink(missing_ok=True)
            window.run_command(command, file)
            self.need(file.exists, ENGINE_SECONDS, f"the export of {name}")
            self.note(f"exported {name}: {len(file.read_text().splitlines())} lines")

    def report(self, window: "Window", result: str) -> None:
        window.canvas.fit()
        self.spin(0.4)
        if not window.grab().save(str(self.out / "window.png")):
            raise UserError(f"demo: {self.out / 'window.png'} cannot be written")
        torch_free = "torch" not in sys.modules
        self.note(f"the window's process {'holds no torch' if torch_free else 'HOLDS TORCH'}")
        lines = ["# Demo", "", *(f"- {note}" for note in self.notes), "", f"Result: {result}", ""]
        pictures = ("window", "attention", *(Path(name).stem for name in demo_shapes.RESULTS))
        lines += [f"![{name.replace('_', ' ')}]({name}.png)\n" for name in pictures]
        (self.out / "report.md").write_text("\n".join(lines), encoding="utf-8")
