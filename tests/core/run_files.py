"""Run folders written by hand, so that tests of what reads them need no training."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core.files.run_folder import DESIGN, METRICS, SETTINGS, STATE

ACCURACY = {"name": "accuracy", "title": "Accuracy", "unit": "%", "direction": "max"}


def write_run(
    folder: Path,
    *,
    best: float | None = 0.9,
    test: float | None = None,
    design_hash: str = "a" * 16,
    state: str = "done",
    settings: Mapping[str, Any] | None = None,
    **training: Any,
) -> Path:
    """Write the small files of a run.

    Args:
        folder: the folder to create.
        best: best validation accuracy; None before the first epoch.
        test: accuracy on the test part; None for no record of it.
        design_hash: identity of the network.
        state: state of the run.
        settings: further values of ``settings.json``.
        training: training settings.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True)
    (folder / DESIGN).write_text("format: 1\n")
    values = {
        "training": {"epochs": 3, "data": "digits", **training},
        "created": 1_750_000_000.0,
        "costs": {"params": 1500, "macs": 20_000},
        "design_hash": design_hash,
        "block_digests": {},
        **(settings or {}),
    }
    (folder / SETTINGS).write_text(json.dumps(values))
    status: dict[str, Any] = {"state": state, "epoch": 3, "epochs": 3, "seconds": 12.0, "device": "cpu"}
    if best is not None:
        status["best"] = {"metric": ACCURACY, "value": best, "epoch": 2}
    if test is not None:
        status["test"] = {"epoch": 2, "metrics": {"accuracy": test}}
    (folder / STATE).write_text(json.dumps(status))
    records: list[dict[str, Any]] = [{"kind": "head", "primary": "accuracy", "metrics": [ACCURACY]}]
    records += [{"kind": "epoch", "epoch": n, "metrics": {"train": {}, "val": {"accuracy": 0.5}}} for n in (1, 2, 3)]
    if test is not None:
        records.append({"kind": "test", "epoch": 2, "metrics": {"test": {"accuracy": test}}})
    (folder / METRICS).write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder
