"""A training in its own process, as the window sees it."""

import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer import paths
from composer.core import names
from composer.core.files.design_file import design_hash, save
from composer.core.files.run_folder import DESIGN, read_run
from composer.core.graph import Design
from composer.gui.workers.outcome import ProcessOutcome
from composer.gui.workers.worker import Worker

# How long a training may take to save its state when the window closes.
SAVE_MS = 15_000
ENDED = frozenset({"done", "failed", "stopped"})


class RunHandle(QObject):
    """One training: its folder, its state, its events and the commands it takes.

    Args:
        design: what is trained; its training settings are those of a new run.
        options: ``device``, ``out`` (folder; a new one by default), ``resume``, which continues the run in ``out`` with
            its own settings, and for a longer run ``epochs`` and ``extend_lr``.
        command: start of the command line, for tests.
        parent: Qt parent.

    Attributes:
        folder: the folder of the run.
        digest: hash of the network that it trains.
        state: ``starting``, or the last state that was reported.
        detail: message of that state.

    Signals:
        received: an event of the process, a dict with ``event``: ``metrics`` or ``state``.
        state_changed: state and detail.
        finished: the `ProcessOutcome` of the process.
    """

    received = Signal(dict)
    state_changed = Signal(str, str)
    finished = Signal(object)

    def __init__(
        self,
        design: Design,
        options: Mapping[str, Any],
        command: Sequence[str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.design = design
        self.folder = Path(options.get("out") or new_folder(design.name))
        self.state = "starting"
        self.detail = ""
        self._ended = self._stop_requested = False
        resume = bool(options.get("resume"))
        self._handed_over: Path | None = None
        if resume:  # a run continues with its own design, whatever is on the canvas by now
            path = self.folder / DESIGN
            self.digest = read_run(self.folder).network.digest
        else:
            # Not into the folder of the run: the process makes that one, unless it refuses to train the design.
            self._handed_over = path = Path(tempfile.mkdtemp(prefix="netcomposer-")) / DESIGN
            self.digest = design_hash(design)
            save(design, path)
        arguments = ["train", str(path), "--out", str(self.folder), "--device", str(options.get("device") or "auto")]
        arguments += ["--resume"] if resume else []
        for option in ("epochs", "extend_lr"):
            if option in options:
                arguments += [f"--{option.replace('_', '-')}", str(options[option])]
        self.worker = Worker([*(command or (sys.executable, "-m", "composer")), *arguments, "--parent-pipe"], self)
        self.worker.received.connect(self._on_event)
        self.worker.finished.connect(self._on_finished)

    def start(self) -> None:
        """Start the process."""
        self.worker.start()

    @property
    def active(self) -> bool:
        """Whether it has not ended: true from its creation, before the process exists."""
        return not self._ended

    def pause(self) -> None:
        """Pause after the current step."""
        self.worker.notify("pause")

    def resume(self) -> None:
        """Continue after a pause."""
        self.worker.notify("resume")

    def stop(self) -> None:
        """Save and end; a process that still loads its libraries has nothing to save and ends immediately."""
        self._stop_requested = True
        self.worker.notify("stop")
        if self.state == "starting":
            self.worker.terminate()

    def close(self) -> None:
        """Let it save, then make sure that it has ended."""
        self.worker.stop(SAVE_MS)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "state":
            self._set_state(str(event.get("state", "")), str(event.get("message", event.get("detail", ""))))
        self.received.emit(event)

    def _on_finished(self, outcome: ProcessOutcome) -> None:
        self._ended = True
        if self._handed_over is not None:
            shutil.rmtree(self._handed_over.parent, ignore_errors=True)
        if self.state not in ENDED:
            if outcome.successful or (self._stop_requested and self.state == "starting"):
                self._set_state("stopped", "")
            else:
                self._set_state("failed", outcome.describe("the training"))
        self.finished.emit(outcome)

    def _set_state(self, state: str, detail: str) -> None:
        self.state, self.detail = state, detail
        self.state_changed.emit(state, detail)


def new_folder(name: str) -> Path:
    """Return the folder of a new run in the user's data: name of the design and time of day."""
    base = paths.user_data() / "runs"
    stem = f"{names.snake(name) or 'run'}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder, number = base / stem, 2
    while folder.exists():
        folder, number = base / f"{stem}-{number}", number + 1
    return folder
