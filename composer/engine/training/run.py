"""The writer of a run's folder: a kill at any moment leaves it readable. `core.files.run_folder` reads it.

Opening a run executes no code: the design is safe YAML, checkpoints hold tensors and plain values only, and model.py is
never imported from it.
"""

import json
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

import composer
from composer.core.blocks.identify import identify
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.atomic import write_atomically
from composer.core.files.run_folder import DESIGN, METRICS, SETTINGS, SOURCE, STATE, TRACE, WEIGHTS, RunFolder
from composer.core.graph import Design
from composer.engine import library
from composer.engine.training.records import now
from composer.engine.training.torch_file import read_torch_file


@dataclass(frozen=True)
class Run(RunFolder):
    """One training in a folder: what `RunFolder` reads, and everything that the training process writes."""

    @classmethod
    def create(cls, path: str | os.PathLike[str], design: Design, source: str, settings: Mapping[str, Any]) -> "Run":
        """Create the folder of a new run.

        Args:
            path: the folder; it may exist.
            design: what is trained.
            source: its generated Python text.
            settings: plain JSON values; the identity of the network and the library versions are added.

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
        if not _holds(run.path / DESIGN, design):  # the window hands a design over by writing it here
            design_file.save(design, run.path / DESIGN)
        run._write(SOURCE, source.encode())
        # Last, because its presence is what makes the folder a run.
        network = identify(design, library.catalog())
        recorded = {"design_hash": network.digest, "block_digests": network.blocks, "versions": versions()}
        run._write_json(SETTINGS, {**settings, **recorded})
        return run

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Write the state, with the process that does so."""
        process = psutil.Process()
        owner = {"pid": process.pid, "process_started": process.create_time(), "host": socket.gethostname()}
        self._write_json(STATE, {**state, **owner, "updated": now()})

    def append(self, record: Mapping[str, Any]) -> None:
        """Append a record to the metrics."""
        # One unbuffered write per record, so that a kill can tear only the last line.
        with (self.path / METRICS).open("ab", buffering=0) as file:
            file.write(json.dumps(record).encode() + b"\n")

    def rewrite_metrics(self, records: list[dict[str, Any]]) -> None:
        """Replace all records."""
        self._write(METRICS, b"".join(json.dumps(record).encode() + b"\n" for record in records))

    def write_trace(self, text: str) -> None:
        """Store the traceback of a failure."""
        self._write(TRACE, text.encode(errors="replace"))

    def save(self, name: str, checkpoint: Mapping[str, Any]) -> None:
        """Write a checkpoint of tensors and plain values; the old one stays until the new one is complete."""
        write_atomically(self.path / name, lambda file: torch.save(dict(checkpoint), file))

    def save_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Write the best weights as safetensors, for other programs, with the network that they belong to."""
        # safetensors refuses tensors that share memory, such as tied weights: clones are independent.
        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
        self._write(WEIGHTS, safetensors_bytes(tensors, metadata=self.network().metadata()))

    def load(self, name: str) -> dict[str, Any] | None:
        """Return a checkpoint on the CPU, or None if there is none yet.

        Raises:
            UserError: if it is damaged, or holds more than tensors and plain values.
        """
        path = self.path / name
        if not path.is_file():
            return None
        checkpoint = read_torch_file(path)
        if not isinstance(checkpoint, dict) or "model" not in checkpoint:
            raise UserError(f"{path}: is not a checkpoint of this program, expected the weights under 'model'")
        return checkpoint

    def _write(self, name: str, data: bytes) -> None:
        write_atomically(self.path / name, lambda file: file.write(data))

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self._write(name, json.dumps(value, indent=2).encode())


def _holds(path: Path, design: Design) -> bool:
    """Return whether a file already holds a design."""
    try:
        return design_file.load(path) == design
    except UserError:
        return False


def versions() -> dict[str, str]:
    """Return the versions of the software that a result depends on."""
    numbers = {"netcomposer": composer.__version__, "python": platform.python_version(), "torch": torch.__version__}
    for name in ("lightning-fabric", "scikit-learn", "numpy"):
        try:
            numbers[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return numbers
