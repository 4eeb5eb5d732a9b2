"""Runs read from their folders without torch: what a list of runs shows, and the metrics as they grow.

A folder is read the same way while it trains, afterwards, and when it was copied from another machine. ::

    design.yaml  model.py  settings.json  state.json  metrics.jsonl  error.txt  notes.json  .owner-N.json
    checkpoints/last.pt  checkpoints/best.pt  checkpoints/best.safetensors  checkpoints/epoch_0010.pt
    samples/epoch_0001.json  samples/epoch_0001/0.png  samples/image_0.png

`composer.engine.training.storage.run` writes it, all but the notes (`run_notes`), which are the user's.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.network_identity import NetworkIdentity, from_json
from composer.core.files.run_owner import is_alive, living_owner, was_owned
from composer.core.graph import Design
from composer.core.json_text import load_json
from composer.core.run_records import MetricSpec, best_of, old_head, upgrade_record, upgrade_state

DESIGN, SOURCE, SETTINGS, STATE, METRICS = "design.yaml", "model.py", "settings.json", "state.json", "metrics.jsonl"
TRACE = "error.txt"
# What the best epoch predicts for the samples of the validation and of the test part, see
# `composer.engine.training.predictions`.
PREDICTIONS, TEST_PREDICTIONS = "predictions.npz", "predictions_test.npz"
LAST, BEST, WEIGHTS = "checkpoints/last.pt", "checkpoints/best.pt", "checkpoints/best.safetensors"
KEPT = "checkpoints/epoch_{:04d}.pt"
ACTIVE = frozenset({"training", "paused", "saving"})
RESUMABLE = frozenset({"stopped", "failed", "interrupted"})


@dataclass(frozen=True)
class RunFolder:
    """A run as its folder holds it; the object holds only the path."""

    path: Path

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Return an existing run.

        Raises:
            UserError: if the folder is not a run.
        """
        run = cls(Path(path))
        if not is_run(run.path):
            raise UserError(f"{run.path} is not a run folder, expected {SETTINGS} and {DESIGN} in it")
        return run

    def design(self) -> Design:
        """Return the design that is trained."""
        return design_file.load(self.path / DESIGN)

    def settings(self) -> dict[str, Any]:
        """Return the settings of the run: ``training``, ``device``, ``created``, ``costs`` (``params``, and
        ``macs`` of one sample), ``data``, ``design_hash``, ``block_digests``, ``versions``, ``hardware``, ``command``,
        ``git`` (``commit``, ``branch``, ``dirty``; of the design's folder), ``branched_from`` (``run``, ``weights``,
        ``epoch``, ``optimizer``).

        Raises:
            UserError: if the file is damaged.
        """
        try:
            settings: Any = load_json((self.path / SETTINGS).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(f"{self.path / SETTINGS}: cannot be read: {error}") from None
        if not isinstance(settings, dict):
            raise UserError(f"{self.path / SETTINGS}: holds no settings, expected a JSON object")
        return settings

    def network(self) -> NetworkIdentity:
        """Return the identity of the trained network; of a run that recorded none, that of its design file.

        Raises:
            UserError: if settings or design cannot be read.
        """
        settings, design = self.settings(), self.design()
        recorded = {"design": settings.get("design_hash"), "blocks": settings.get("block_digests")}
        return from_json(recorded, design) or NetworkIdentity(design_file.design_hash(design), None, design)

    def epochs(self) -> int:
        """Return the planned epochs.

        Early versions made a run longer without writing that into its settings; then its state, or the number of
        finished epochs, has the higher number.
        """
        settings, state = _read_json(self.path / SETTINGS), _read_json(self.path / STATE)
        training = settings.get("training")
        planned = _number(training.get("epochs")) if isinstance(training, dict) else 0.0
        if not settings.get("changes"):
            planned = max(planned, _number(state.get("epochs")), _number(state.get("epoch")))
        return int(planned)

    def state(self) -> dict[str, Any]:
        """Return the last written state; ``interrupted`` if the process that wrote it has died."""
        state = upgrade_state(_read_json(self.path / STATE) or {"state": "new"})
        if state.get("state") in ACTIVE and not self._is_trained(state):
            state["state"] = "interrupted"
        return state

    def _is_trained(self, state: Mapping[str, Any]) -> bool:
        """Return whether the process that wrote an active state still runs."""
        if was_owned(self.path):
            return living_owner(self.path) is not None
        local = state.get("host") == socket.gethostname()
        return not local or is_alive(state.get("pid"), state.get("process_started"))

    def metrics(self) -> list[dict[str, Any]]:
        """Return all records, the head first; a torn last line is left out."""
        reader, records, more = MetricsReader(self.path), [], True
        while more:
            part, more = reader.read()
            records += part
        return records


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The contents of a run's small files.

    Args:
        path: its folder.
        state: ``new``, ``training``, ``paused``, ``saving``, ``stopped``, ``done``, ``failed``, or ``interrupted`` if
            the process that trained it died before it could save.
        epoch: finished epochs.
        epochs: planned epochs.
        metric: the metric that decides which epoch is best; None before the first epoch.
        best: its best validation value; None before the first epoch.
        best_epoch: the epoch that reached it.
        created: Unix time.
        seconds: time spent training.
        device: label of the device.
        network: the trained network; without its design.
        training: the training settings as plain values.
        message: why it failed, or what it waits for.
        has_weights: whether there is a checkpoint to inspect or to resume from.
    """

    path: Path
    state: str = "new"
    epoch: int = 0
    epochs: int = 0
    metric: MetricSpec | None = None
    best: float | None = None
    best_epoch: int = 0
    created: float = 0.0
    seconds: float = 0.0
    device: str = ""
    network: NetworkIdentity = field(default_factory=lambda: NetworkIdentity(""))
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
        """Whether it was started and not finished."""
        return self.state in RESUMABLE

    @property
    def best_text(self) -> str:
        """The best value as people read it; ``-`` before the first epoch."""
        return self.metric.write(self.best) if self.metric is not None and self.best is not None else "-"


def is_run(folder: Path) -> bool:
    """Return whether a folder is a run."""
    return (folder / SETTINGS).is_file() and (folder / DESIGN).is_file()


def list_runs(root: Path) -> list[Path]:
    """Return the run folders in a folder, or the folder itself if it is one."""
    if is_run(root):
        return [root]
    try:
        return sorted(path.parent for path in root.glob(f"*/{SETTINGS}") if (path.parent / DESIGN).is_file())
    except OSError:
        return []


def read_run(folder: Path) -> RunInfo:
    """Read the small files of a run; what is missing or damaged stays at its default."""
    settings, state = _read_json(folder / SETTINGS), RunFolder(folder).state()
    training = settings.get("training")
    training = training if isinstance(training, dict) else {}
    name = str(state.get("state") or "new")
    metric, best, best_epoch = best_of(state) or (None, None, 0)
    return RunInfo(
        path=folder,
        state=name,
        epoch=int(_number(state.get("epoch"))),
        epochs=RunFolder(folder).epochs(),
        metric=metric,
        best=best,
        best_epoch=best_epoch,
        created=_number(settings.get("created")) or _number(state.get("started")),
        seconds=_number(state.get("seconds")),
        device=str(state.get("device_label") or state.get("device") or settings.get("device") or ""),
        network=_network(folder, settings),
        training=training,
        message=str(state.get("message") or "") if name in ("failed", "paused") else "",
        has_weights=any((folder / checkpoint).is_file() for checkpoint in (BEST, LAST)),
    )


def read_trace(folder: Path) -> str:
    """Return the traceback that a failed run left; empty if there is none."""
    try:
        return (folder / TRACE).read_text("utf-8", errors="replace")
    except OSError:
        return ""


class MetricsReader:
    """Reads a growing metrics file in parts; records in an older format are converted.

    Args:
        folder: the run.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / METRICS
        self._offset = 0
        self._rest = b""
        self._has_head = False
        self._steps_per_epoch = 0.0

    def read(self, limit: int = 256 * 1024) -> tuple[list[dict[str, Any]], bool]:
        """Return the records since the last call.

        Args:
            limit: most bytes to read, so that a long file is read between two frames of the window.

        Returns:
            Records, the head first (a torn line waits for its end), and whether there may be more already.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(limit)
        except OSError:
            return [], False
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        records = [
            self._with_x(upgrade_record(record)) for line in lines if (record := _parse_record(line)) is not None
        ]
        if records and not self._has_head:
            self._has_head = True
            if records[0].get("kind") != "head":
                records.insert(0, old_head().to_record())
        return records, len(data) == limit

    def _with_x(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with its position in epochs, which those of early versions lack.

        They have steps and the steps of the whole run instead, whose number changed where a run was made longer.
        """
        if "x" in record or record.get("kind") not in ("step", "epoch"):
            return record
        if record["kind"] == "epoch":
            return {**record, "x": float(record.get("epoch", 0))}
        if not self._steps_per_epoch:
            settings = _read_json(self.path.parent / SETTINGS)
            planned = _number((settings.get("training") or {}).get("epochs"))
            changes = settings.get("changes") or [{"before": planned}]
            first = _number(changes[0].get("before")) or 1.0
            self._steps_per_epoch = _number(record.get("steps")) / first or 1.0
        return {**record, "x": _number(record.get("step")) / self._steps_per_epoch}


def _parse_record(line: bytes) -> dict[str, Any] | None:
    try:
        record = load_json(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = load_json(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _network(folder: Path, settings: Mapping[str, Any]) -> NetworkIdentity:
    """Return the recorded identity; that of the design file for a run that recorded none."""
    recorded = from_json({"design": settings.get("design_hash"), "blocks": settings.get("block_digests")})
    if recorded is not None:
        return recorded
    try:
        return NetworkIdentity(design_file.design_hash(design_file.load(folder / DESIGN)), None)
    except UserError:
        return NetworkIdentity("", None)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
