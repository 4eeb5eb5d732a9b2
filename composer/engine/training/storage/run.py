"""The writer of a run's folder: a kill at any moment leaves it readable. `core.files.run_folder` reads it.

Opening a run executes no code: the design is safe YAML, checkpoints hold tensors and plain values only, and model.py is
never imported from it.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from composer.core.blocks.identify import identify
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.atomic import append, write_atomically
from composer.core.files.network_identity import NetworkIdentity
from composer.core.files.run_folder import (
    BEST,
    DESIGN,
    KEPT,
    LAST,
    METRICS,
    PREDICTIONS,
    SETTINGS,
    SOURCE,
    STATE,
    TEST_PREDICTIONS,
    TRACE,
    WEIGHTS,
    RunFolder,
)
from composer.core.files.run_owner import RunLock
from composer.core.files.run_samples import FOLDER as SAMPLES
from composer.core.graph import Design
from composer.core.learning_rate import EpochChange
from composer.engine import library
from composer.engine.training.datasets.splits import Split
from composer.engine.training.predictions import PredictionCollector, archive
from composer.engine.training.storage.new_folder import check_new_folder, made_folders, removed_on_failure
from composer.engine.training.storage.patience import Patience
from composer.engine.training.storage.records import now
from composer.engine.training.storage.torch_file import read_torch_file


@dataclass(frozen=True)
class Run(RunFolder):
    """One training in a folder: what `RunFolder` reads, and everything that the training process writes.

    Args:
        path: the folder.
        lock: the ownership of this process; None for a run that is only read.
        patience: repeats writes that fail; None where a failure ends the work.
    """

    lock: RunLock | None = field(default=None, compare=False)
    patience: Patience | None = field(default=None, compare=False)

    @classmethod
    def create(cls, path: str | os.PathLike[str], design: Design, source: str, settings: Mapping[str, Any]) -> "Run":
        """Create the folder of a new run, and own it. Where that fails, everything it made is removed.

        Args:
            path: the folder; it may exist.
            design: what is trained.
            source: its generated Python text.
            settings: plain JSON values; the identity of the network is added.

        Raises:
            UserError: if the folder holds other files, belongs to another process, or cannot be written.
        """
        folder = Path(path)
        check_new_folder(folder, design, source)
        with made_folders(folder):
            lock = RunLock.acquire(folder)
            run = cls(folder, lock)
            try:
                check_new_folder(folder, design, source)  # another process may have finished a run here meanwhile
                run.sweep()
                paths = [folder / name for name in (DESIGN, SOURCE, STATE)]
                with made_folders((folder / LAST).parent), removed_on_failure(paths):
                    if not (folder / DESIGN).exists():
                        design_file.save(design, folder / DESIGN)
                    run._write(SOURCE, source.encode())
                    # Twice, because some network folders create files, but let nobody replace them.
                    for _ in range(2):
                        run.set_state({"state": "new"})
                    # Last, because its presence is what makes the folder a run.
                    network = identify(design, library.catalog())
                    recorded = {"design_hash": network.digest, "block_digests": network.blocks}
                    run._write_json(SETTINGS, {**settings, **recorded})
            except BaseException:
                lock.discard()
                raise
        return run

    @classmethod
    def resume(cls, path: str | os.PathLike[str], *, take_over: bool = False) -> "Run":
        """Return an existing run that this process owns from now on, without what killed writes left.

        Args:
            path: the folder.
            take_over: replace an owner that seems to be alive.

        Raises:
            UserError: if it is no run, or belongs to another process.
        """
        run = cls.open(path)
        run = replace(run, lock=RunLock.acquire(run.path, take_over=take_over))
        run.sweep()
        return run

    def release(self) -> None:
        """Let another process own the run."""
        if self.lock is not None:
            self.lock.release()

    def sweep(self) -> None:
        """Remove the unfinished files of writes that were killed."""
        small = (DESIGN, SOURCE, SETTINGS, STATE, METRICS, TRACE)
        kept = KEPT.replace("{:04d}", "*")
        for name in (kept, *small, PREDICTIONS, TEST_PREDICTIONS, LAST, BEST, WEIGHTS):
            path = self.path / name
            for part in path.parent.glob(f".{path.name}.*.part"):
                with contextlib.suppress(OSError):
                    part.unlink()
        for part in (self.path / SAMPLES).rglob(".*.part"):
            with contextlib.suppress(OSError):
                part.unlink()

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Write the state, with the process that does so."""
        process = psutil.Process()
        owner = {"pid": process.pid, "process_started": process.create_time(), "host": socket.gethostname()}
        self._write_json(STATE, {**state, **owner, "updated": now()})

    def change_epochs(self, epochs: int, changes: Sequence[EpochChange]) -> None:
        """Write another number of epochs into the settings.

        Args:
            epochs: the number.
            changes: all changes of it; the last one led to `epochs`.
        """
        settings = self.settings()
        training = {**settings["training"], "epochs": epochs}
        rows = [change.to_json() for change in changes]
        self._write_json(SETTINGS, {**settings, "training": training, "changes": rows})

    def move_data(self, data: str | dict[str, Any]) -> None:
        """Write the place to which the data of the run was moved into the settings."""
        settings = self.settings()
        self._write_json(SETTINGS, {**settings, "training": {**settings["training"], "data": data}})

    def end(
        self, name: str, message: str, trace: str = "", suggestion: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Write how the run ended, as far as the disk and the owner of the folder allow it.

        Args:
            name: ``failed`` or ``stopped``.
            message: one sentence for people.
            trace: the traceback of a failure.
            suggestion: settings with which it would not have failed.

        Returns:
            The state.
        """
        state = {**self.state(), "state": name, "message": message}
        if suggestion:
            state["suggestion"] = dict(suggestion)
        with contextlib.suppress(UserError):
            self.set_state(state)
            if trace:
                self.write_trace(trace)
        return state

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a record to the metrics."""
        line = json.dumps(record).encode() + b"\n"
        # An epoch waits for the disk: after the last one nobody would write lost records again.
        self._write_owned(lambda: append(self.path / METRICS, line, flush=record["kind"] == "epoch"))

    def rewrite_metrics(self, records: list[dict[str, Any]]) -> None:
        """Replace all records."""
        self._write(METRICS, b"".join(json.dumps(record).encode() + b"\n" for record in records))

    def write_trace(self, text: str) -> None:
        """Store the traceback of a failure."""
        self._write(TRACE, text.encode(errors="replace"))

    def save(self, name: str, checkpoint: Mapping[str, Any]) -> None:
        """Write a checkpoint of tensors and plain values; the old one stays until the new one is complete."""
        content = dict(checkpoint)
        self._write_owned(lambda: write_atomically(self.path / name, lambda file: torch.save(content, file)))

    def save_weights(self, weights: Mapping[str, Tensor], network: NetworkIdentity) -> None:
        """Write the best weights as safetensors, for other programs, with the network that they belong to."""
        # safetensors refuses tensors that share memory, such as tied weights: clones are independent.
        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
        self._write(WEIGHTS, safetensors_bytes(tensors, metadata=network.metadata()))

    def save_predictions(
        self, collector: PredictionCollector, split: Split, *, part: str, epoch: int, classes: Sequence[str]
    ) -> None:
        """Write what the best weights predict for the samples of a part, if the objective stores anything of them.

        Args:
            collector: has seen the whole part.
            split: its samples.
            part: ``val`` or ``test``.
            epoch: the epoch of the weights.
            classes: names of the classes.
        """
        if collector:
            names = [split.name(index) for index in range(len(split))]
            content = archive(collector, part=part, epoch=epoch, classes=classes, names=names)
            self._write(TEST_PREDICTIONS if part == "test" else PREDICTIONS, content)

    def load(self, name: str) -> dict[str, Any] | None:
        """Return a checkpoint on the CPU, or None if there is none yet.

        Raises:
            UserError: if it is damaged, or holds more than tensors and plain values.
        """
        path = self.path / name
        if not path.is_file():
            return None
        checkpoint = read_torch_file(path)
        if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("model"), dict):
            raise UserError(f"{path}: is not a checkpoint of this program, expected the weights under 'model'")
        return checkpoint

    def _write(self, name: str, data: bytes) -> None:
        self._write_owned(lambda: write_atomically(self.path / name, lambda file: file.write(data)))

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self._write(name, json.dumps(value, indent=2).encode())

    def _write_owned(self, write: Callable[[], None]) -> None:
        """Write as the owner of the run, repeatedly if it is patient.

        Another process that takes the run over while this one writes sweeps the unfinished file away; the takeover is
        then the reason to report, not the missing file.
        """

        def attempt() -> None:
            self._check_owner()
            try:
                write()
            except (UserError, OSError):
                self._check_owner()
                raise

        if self.patience is None:
            attempt()
        else:
            self.patience.persist(attempt)

    def _check_owner(self) -> None:
        if self.lock is not None:
            self.lock.check()
