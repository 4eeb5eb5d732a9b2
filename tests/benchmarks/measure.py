"""Rows of the table, and timing that is robust on a busy machine."""

import atexit
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.patience import seconds

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One measured ratio.

    Args:
        name: what is compared, "ours / reference".
        ours: smallest of several measurements.
        reference: likewise, taken in turns with ours in the same run.
        unit: of both.
        target: the ratio that is wanted at most; None where the row only informs.
        spread: median of ours over its smallest: how far to trust the figures.
        note: what else was seen.
    """

    name: str
    ours: float
    reference: float
    unit: str = "ms"
    target: float | None = None
    spread: float = 1.0
    note: str = ""

    @property
    def ratio(self) -> float:
        """Return ours divided by the reference."""
        return self.ours / self.reference if self.reference else float("nan")


def compare(
    name: str,
    ours: Callable[[], Any],
    reference: Callable[[], Any],
    *,
    rounds: int,
    target: float | None = None,
    warm: int = 1,
    note: str = "",
) -> Row:
    """Time two functions alternately; a function that returns a float has measured its own seconds."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(warm):
        ours(), reference()
    gc.collect()
    gc.disable()
    try:
        for index in range(rounds):
            # The order changes, so that neither profits from what the other left in the caches.
            for which in (0, 1) if index % 2 else (1, 0):
                samples[which].append(call_duration((ours, reference)[which]))
    finally:
        gc.enable()
    return row(name, samples, target=target, note=note)


def call_duration(function: Callable[[], Any]) -> float:
    """Return the duration of one call in seconds, or the duration that the function measured itself and returns."""
    start = time.perf_counter()
    result = function()
    return result if isinstance(result, float) else time.perf_counter() - start


def row(name: str, samples: tuple[list[float], list[float]], *, target: float | None = None, note: str = "") -> Row:
    """Return a row of durations, given in seconds and shown in milliseconds."""
    ours, reference = samples
    spread = statistics.median(ours) / min(ours)
    return Row(name, 1e3 * min(ours), 1e3 * min(reference), "ms", target, spread, note)


@cache
def bytecode() -> str:
    """A folder for compiled modules: ours are compiled once, as those of an installed package are, whatever the shell
    says.
    """
    folder = tempfile.mkdtemp(prefix="netcomposer-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def child(code: str, *arguments: str) -> dict[str, float]:
    """Run code in a fresh process, which prints one JSON object as its last line."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": bytecode(),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds(300),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured
