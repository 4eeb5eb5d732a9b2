"""Runs read from their folders without torch: what a list of runs shows, and the metrics as they grow.

A run is read the same way while it trains, afterwards, and when its folder was copied from another machine.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DESIGN, SETTINGS, STATE, METRICS, TRACE = "design.yaml", "settings.json", "state.json", "metrics.jsonl", "error.txt"
CHECKPOINTS = ("checkpoints/best.pt", "checkpoints/last.pt")
LAST = "checkpoints/last.pt"
ACTIVE = frozenset({"training", "paused", "saving"})
RESUMABLE = frozenset({"stopped", "failed", "interrupted"})


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What the small files of a run say.

    Args:
        path: its folder.
        state: ``training``, ``paused``, ``saving``, ``done``, ``failed``, ``stopped``, ``new``, or ``interrupted`` when the process
            that trained it is gone without a word.
        epoch: finished epochs.
        epochs: wanted epochs.
        best: best validation accuracy in [0, 1]; None before the first epoch.
        best_epoch: the epoch that reached it.
        created: Unix time.
        seconds: time spent training.
        device: label of the device.
        design_hash: digest of the trained network; equal digests are equal networks.
        training: the training settings.
        message: why it failed.
        has_weights: whether there is a checkpoint to look into or to go on from.
    """

    path: Path
    state: str = "new"
    epoch: int = 0
    epochs: int = 0
    best: float | None = None
    best_epoch: int = 0
    created: float = 0.0
    seconds: float = 0.0
    device: str = ""
    design_hash: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    has_weights: bool = False

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def active(self) -> bool:
        """Whether a process trains it now."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it was begun and not finished."""
        return self.state in RESUMABLE


def is_run(folder: Path) -> bool:
    """Whether a folder is a run."""
    return (folder / SETTINGS).is_file() and (folder / DESIGN).is_file()


def list_runs(root: Path) -> list[Path]:
    """The run folders in a folder, or the folder itself if it is one."""
    if is_run(root):
        return [root]
    try:
        return sorted(path.parent for path in root.glob(f"*/{SETTINGS}") if (path.parent / DESIGN).is_file())
    except OSError:
        return []


def read_run(folder: Path) -> RunInfo:
    """Read the small files of a run; what is missing or damaged is left at its default."""
    settings, state = _json(folder / SETTINGS), _json(folder / STATE)
    training = settings.get("training")
    training = training if isinstance(training, dict) else {}
    name = str(state.get("state") or "new")
    if name in ACTIVE and state.get("host") == socket.gethostname() and not is_alive(state.get("pid")):
        name = "interrupted"
    best = state.get("best_val_accuracy")
    return RunInfo(
        path=folder,
        state=name,
        epoch=int(_number(state.get("epoch"))),
        epochs=int(_number(state.get("epochs")) or _number(training.get("epochs"))),
        best=float(best) if isinstance(best, int | float) and best >= 0 else None,
        best_epoch=int(_number(state.get("best_epoch"))),
        created=_number(settings.get("created")) or _number(state.get("started")),
        seconds=_number(state.get("seconds")),
        device=str(state.get("device_label") or state.get("device") or settings.get("device") or ""),
        design_hash=str(settings.get("design_hash") or ""),
        training=training,
        message=str(state.get("message") or "") if name == "failed" else "",
        has_weights=any((folder / checkpoint).is_file() for checkpoint in CHECKPOINTS),
    )


def read_trace(folder: Path) -> str:
    """The traceback that a failed run left; empty if there is none."""
    try:
        return (folder / TRACE).read_text("utf-8", errors="replace")
    except OSError:
        return ""


class MetricsReader:
    """Reads a growing file of metrics a part at a time.

    Args:
        folder: the run.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / METRICS
        self._offset = 0
        self._rest = b""

    def read(self, limit: int = 256 * 1024) -> tuple[list[dict[str, Any]], bool]:
        """The records since the last call.

        Args:
            limit: bytes to read at most, so that a long file is read between two frames.

        Returns:
            Records (a torn line waits for its end) and whether there may be more at once.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(limit)
        except OSError:
            return [], False
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [record for line in lines if (record := _record(line)) is not None], len(data) == limit


def is_alive(pid: object) -> bool:
    """Whether a process of this machine lives."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    if os.name == "nt":  # os.kill(pid, 0) would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
