"""A training in its own process, as the window sees it."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer import paths
from composer.core import names
from composer.core.files.design_file import design_hash, save
from composer.core.files.run_folder import read_run
from composer.core.graph import Design
from composer.gui.workers.worker import Worker

# How long a training may take to save its state when the window closes.
SAVE_MS = 15_000
ENDED = frozenset({"done", "failed", "stopped"})


class RunHandle(QObject):
    """One training: its folder, its state, its events and the commands it takes.

    Args:
        design: what is trained.
        settings: ``data``, ``epochs``, ``device``, ``out`` (folder; else a new one), ``resume``; what is missing comes from the design.
        command: start of the command line, for tests.
        parent: Qt parent.
    """

    # Each dict is a line of the process: {"event": "metrics" | "state" | "log", ...}.
    received = Signal(dict)
    state_changed = Signal(str, str)
    finished = Signal(int)

    def __init__(
        self,
        design: Design,
        settings: Mapping[str, Any],
        command: Sequence[str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = dict(settings)
        self.folder = Path(settings.get("out") or new_folder(design.name))
        self.state = "starting"
        self.detail = ""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "design.yaml"
        if settings.get("resume"):  # a run goes on with its own design, whatever is drawn by now
            self.digest = read_run(self.folder).design_hash
        else:
            self.digest = design_hash(design)
            save(design, path)
        start = list(command or (sys.executable, "-m", "composer"))
        self.worker = Worker(
            [*start, "train", str(path), *_arguments(design, settings), "--out", str(self.folder), "--parent-pipe"],
            self,
        )
        self.worker.received.connect(self._on_event)
        self.worker.finished.connect(self._on_finished)

    def start(self) -> None:
        """Start the process."""
        self.worker.start()

    @property
    def active(self) -> bool:
        """Whether the process lives."""
        return self.worker.running

    def pause(self) -> None:
        """Pause after the present step."""
        self.worker.send({"command": "pause"})

    def resume(self) -> None:
        """Go on after a pause."""
        self.worker.send({"command": "resume"})

    def stop(self) -> None:
        """Save and end."""
        self.worker.send({"command": "stop"})

    def checkpoint(self) -> None:
        """Save now and go on."""
        self.worker.send({"command": "checkpoint"})

    def close(self) -> None:
        """Let it save, then make sure that it has ended."""
        self.worker.stop(SAVE_MS)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "state":
            self._set_state(str(event.get("state", "")), str(event.get("message", event.get("detail", ""))))
        self.received.emit(event)

    def _on_finished(self, code: int) -> None:
        if self.state not in ENDED:
            last = self.worker.stderr[-1] if self.worker.stderr else f"the training ended with code {code}"
            self._set_state("stopped" if code == 0 else "failed", "" if code == 0 else last)
        self.finished.emit(code)

    def _set_state(self, state: str, detail: str) -> None:
        self.state, self.detail = state, detail
        self.state_changed.emit(state, detail)


def new_folder(name: str) -> Path:
    """A folder for a new run in the user's data: name and time of day."""
    base = paths.user_data() / "runs"
    stem = f"{names.snake(name) or 'run'}-{time.strftime('%Y%m%d-%H%M%S')}"
    found, number = base / stem, 2
    while found.exists():
        found, number = base / f"{stem}-{number}", number + 1
    return found


def _arguments(design: Design, settings: Mapping[str, Any]) -> list[str]:
    arguments = [
        "--data",
        str(settings.get("data", design.training.data)),
        "--epochs",
        str(settings.get("epochs", design.training.epochs)),
    ]
    arguments += ["--device", str(settings.get("device", "auto"))]
    return [*arguments, "--resume"] if settings.get("resume") else arguments
