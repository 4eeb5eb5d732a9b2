"""The Run: a folder that holds everything of one training, written so that a kill at any moment leaves it readable.

::

    design.yaml  model.py  settings.json  state.json  metrics.jsonl
    checkpoints/last.pt  checkpoints/best.pt  checkpoints/best.safetensors

Opening a run executes no code: the design is safe YAML, checkpoints hold tensors and plain values only, model.py is never imported.
"""

import json
import os
import pickle
import platform
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

import composer
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.atomic import write_atomically
from composer.core.graph import Design

DESIGN, SOURCE, SETTINGS, STATE, METRICS = "design.yaml", "model.py", "settings.json", "state.json", "metrics.jsonl"
LAST, BEST, WEIGHTS = "checkpoints/last.pt", "checkpoints/best.pt", "checkpoints/best.safetensors"
ACTIVE = ("training", "paused", "saving")


@dataclass(frozen=True)
class Run:
    """One training in a folder; the object holds only the path, the folder is the truth."""

    path: Path

    @classmethod
    def create(cls, path: str | os.PathLike[str], design: Design, source: str, settings: Mapping[str, Any]) -> "Run":
        """Make the folder of a new run.

        Args:
            path: the folder; made if it does not exist.
            design: what is trained.
            source: its generated Python text.
            settings: plain JSON values; the design's hash and the library versions are added.

        Raises:
            UserError: if the folder already holds a run, or cannot be written.
        """
        run = cls(Path(path))
        if (run.path / SETTINGS).exists():
            raise UserError(f"{run.path} already holds a run; resume it (--resume) or choose another folder")
        try:
            (run.path / "checkpoints").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{run.path}: cannot make the run folder: {error.strerror or error}") from None
        design_file.save(design, run.path / DESIGN)
        run._write(SOURCE, source.encode())
        # Last, because its presence is what makes the folder a run.
        run._write_json(SETTINGS, {**settings, "design_hash": design_file.design_hash(design), "versions": versions()})
        return run

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Run":
        """An existing run.

        Raises:
            UserError: if the folder is no run.
        """
        run = cls(Path(path))
        if not (run.path / SETTINGS).is_file() or not (run.path / DESIGN).is_file():
            raise UserError(f"{run.path} is not a run folder, expected {SETTINGS} and {DESIGN} in it")
        return run

    def design(self) -> Design:
        """The design that is trained."""
        return design_file.load(self.path / DESIGN)

    def settings(self) -> dict[str, Any]:
        """What it is trained with.

        Raises:
            UserError: if the file is damaged.
        """
        try:
            settings: dict[str, Any] = json.loads((self.path / SETTINGS).read_text("utf-8"))
            return settings
        except (OSError, ValueError) as error:
            raise UserError(f"{self.path / SETTINGS}: cannot be read: {error}") from None

    def state(self) -> dict[str, Any]:
        """The last written state; ``interrupted`` when the process that wrote it is gone without a word."""
        try:
            state: dict[str, Any] = json.loads((self.path / STATE).read_text("utf-8"))
        except (OSError, ValueError):
            return {"state": "new"}
        if state.get("state") in ACTIVE and state.get("host") == socket.gethostname() and not _alive(state.get("pid")):
            state["state"] = "interrupted"
        return state

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Write the state."""
        self._write_json(
            STATE, {**state, "pid": os.getpid(), "host": socket.gethostname(), "updated": round(time.time(), 3)}
        )

    def append(self, record: Mapping[str, Any]) -> None:
        """Add one line to the metrics."""
        # One write call with the line break in front of nothing: a kill leaves at most one torn line, at the end.
        with (self.path / METRICS).open("ab", buffering=0) as file:
            file.write(json.dumps(record).encode() + b"\n")

    def metrics(self) -> list[dict[str, Any]]:
        """All lines of the metrics; a torn last line is left out."""
        try:
            lines = (self.path / METRICS).read_bytes().split(b"\n")
        except OSError:
            return []
        records = []
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    def rewrite_metrics(self, records: list[dict[str, Any]]) -> None:
        """Put other lines in the place of all metrics."""
        self._write(METRICS, b"".join(json.dumps(record).encode() + b"\n" for record in records))

    def save(self, name: str, checkpoint: Mapping[str, Any]) -> None:
        """Write a checkpoint of tensors and plain values; the old one stays until the new one is whole."""
        write_atomically(self.path / name, lambda file: torch.save(dict(checkpoint), file))

    def save_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Write the best weights as safetensors, for other programs."""
        # safetensors refuses tensors that share memory, such as tied weights: clones are independent.
        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
        self._write(WEIGHTS, safetensors_bytes(tensors))

    def best_weights(self) -> dict[str, Tensor]:
        """The weights of the best epoch.

        Raises:
            UserError: if no epoch has finished yet.
        """
        from safetensors.torch import load_file

        if not (self.path / WEIGHTS).is_file():
            raise UserError(
                f"{self.path}: no epoch has finished yet, so there are no weights; train it further with --resume"
            )
        return load_file(self.path / WEIGHTS)

    def load(self, name: str) -> dict[str, Any] | None:
        """A checkpoint on the CPU, or None if there is none yet.

        Raises:
            UserError: if it is damaged, or holds more than tensors and plain values.
        """
        path = self.path / name
        if not path.is_file():
            return None
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(
                f"{path}: is not a readable checkpoint of tensors and plain values: {reason:.200}"
            ) from None
        if not isinstance(checkpoint, dict) or "model" not in checkpoint:
            raise UserError(f"{path}: is not a checkpoint of this program, expected the weights under 'model'")
        return checkpoint

    def _write(self, name: str, data: bytes) -> None:
        write_atomically(self.path / name, lambda file: file.write(data))

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self._write(name, json.dumps(value, indent=2).encode())


def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The runs in a folder, newest first."""
    root = Path(folder)
    settings = (
        [path for path in root.glob(f"*/{SETTINGS}") if (path.parent / DESIGN).is_file()] if root.is_dir() else []
    )
    return [Run(path.parent) for path in sorted(settings, key=_modified, reverse=True)]


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    found = {"netcomposer": composer.__version__, "python": platform.python_version(), "torch": torch.__version__}
    for name in ("lightning-fabric", "torchmetrics", "scikit-learn", "numpy"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _alive(pid: object) -> bool:
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
