"""Converts the records of runs into event files of TensorBoard. Needs the packages of the extra ``tensorboard``.

Training itself does not write them: ``metrics.jsonl`` is the record of a run, and everything else follows from it.
"""

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.replacing import check_folder_files, record_folder_files
from composer.core.files.run_folder import RunFolder
from composer.core.run_table import read_row

KIND = "tensorboard"
# TensorBoard reads files whose name contains "tfevents"; a fixed name is replaced when the run is converted again.
FILE = "events.out.tfevents.netcomposer"
# What a step record holds besides values: its position.
POSITION = frozenset({"kind", "step", "steps", "x", "epoch", "epochs", "time"})


def write_runs(runs: Sequence[Path], out: Path, *, force: bool = False) -> list[str]:
    """Write one event file for each run.

    Args:
        runs: folders of runs.
        out: the folder; each run gets a folder of its own name in it.
        force: replace files that this command did not write.

    Returns:
        Lines for the user.

    Raises:
        UserError: if a package is missing, or a file of the user would be replaced.
    """
    if not runs:
        raise UserError("there is no run to convert; name a folder of runs")
    proto = Protocol()
    contents = {f"{run.name}/{FILE}": proto.events(run) for run in runs}
    check_folder_files(out, contents, kind=KIND, force=force)
    for name, content in contents.items():
        try:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None
        write_atomically(out / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
    record_folder_files(out, contents, kind=KIND)
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    return [f"{out}: {count}; show with: tensorboard --logdir {out}"]


class Protocol:
    """The messages of TensorBoard's file format.

    Raises:
        UserError: if its packages are not installed.
    """

    def __init__(self) -> None:
        self._event = _import("tensorboard.compat.proto.event_pb2")
        self._summary = _import("tensorboard.compat.proto.summary_pb2")
        self._hparams = _import("tensorboard.plugins.hparams.plugin_data_pb2")
        self._records = _import("tensorboard.summary.writer.record_writer")

    def events(self, folder: Path) -> bytes:
        """Return the content of the event file of a run."""
        run = RunFolder.open(folder)
        buffer = io.BytesIO()
        writer = self._records.RecordWriter(buffer)
        row = read_row(folder)
        started = row.info.created
        writer.write(self._event.Event(wall_time=started, file_version="brain.Event:2").SerializeToString())
        if row.settings:
            writer.write(self._settings_event(row.settings, row.name, started).SerializeToString())
        for record in run.metrics():
            values = dict(_scalars(record))
            if values:
                summary = self._summary.Summary(
                    value=[self._summary.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
                )
                step, moment = _number(record.get("step", record.get("epoch"))), _number(record.get("time"))
                event = self._event.Event(wall_time=moment or started, step=int(step), summary=summary)
                writer.write(event.SerializeToString())
        return buffer.getvalue()

    def _settings_event(self, settings: Mapping[str, Any], name: str, started: float) -> Any:
        """Return the settings as hyperparameters, for TensorBoard's table of runs."""
        info = self._hparams.SessionStartInfo(group_name=name, start_time_secs=started)
        for key, value in settings.items():
            if isinstance(value, bool):
                info.hparams[key].bool_value = value
            elif isinstance(value, int | float):
                info.hparams[key].number_value = value
            else:
                info.hparams[key].string_value = "" if value is None else str(value)
        content = self._hparams.HParamsPluginData(version=0, session_start_info=info).SerializeToString()
        plugin = self._summary.SummaryMetadata.PluginData(plugin_name="hparams", content=content)
        metadata = self._summary.SummaryMetadata(plugin_data=plugin)
        value = self._summary.Summary.Value(tag="_hparams_/session_start_info", metadata=metadata)
        return self._event.Event(wall_time=started, summary=self._summary.Summary(value=[value]))


def _scalars(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the curves of a record with their values: ``step/loss``, ``accuracy/val``."""
    if record.get("kind") == "step":
        for name, value in record.items():
            if name not in POSITION and _is_finite(value):
                yield f"step/{name}", float(value)
    elif record.get("kind") in ("epoch", "test"):
        parts = record.get("metrics")
        for part, values in (parts if isinstance(parts, Mapping) else {}).items():
            for name, value in (values if isinstance(values, Mapping) else {}).items():
                if _is_finite(value):
                    yield f"{name}/{part}", float(value)
        if _is_finite(record.get("samples_per_s")):
            yield "epoch/samples_per_s", float(record["samples_per_s"])


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and _is_finite(value) else 0.0


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(
            f"--tensorboard needs the package {error.name}; install it with: pip install 'netcomposer[tensorboard]'"
        ) from None
