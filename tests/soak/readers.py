"""A warm process that reads damaged files through the commands, and the pool that restarts it when it dies or hangs."""

import json
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from composer.core.errors import UserError
from tests.patience import seconds
from tests.soak import scenarios

LIMIT_S = 30.0
LIMIT_BYTES = 10**9
PRELOADED = (
    "composer.engine.training.loop",
    "composer.engine.inspection.run_report",
    "composer.engine.export",
    "composer.engine.codegen.verify",
    "composer.engine.repair.fix",
    "composer.engine.analysis.fit",
    "composer.cli.main",
    "sklearn.datasets",
    "tests.soak.readers",
)


@dataclass(frozen=True)
class Case:
    """One file and how it is read.

    Args:
        label: for the report.
        kind: ``command``, ``capture`` (of an image, in the engine) or ``run`` (as the window lists runs).
        words: of the command line; the path for the other kinds.
        small: run only if `check` has reported at most this many parameters for the design in ``words[1]``.
    """

    label: str
    kind: str
    words: tuple[str, ...]
    small: bool = False


@dataclass
class Reading:
    """How a case went.

    Args:
        label: of the case.
        code: exit code of a command; 2 for a refusal and 70 for an error of any other kind.
        errors: what the user reads.
        seconds: duration.
        peak: largest memory of the process so far in bytes.
    """

    label: str
    code: int
    errors: str = ""
    seconds: float = 0.0
    peak: int = 0
    problems: list[str] = field(default_factory=list)


class TooSlow(BaseException):
    """The alarm rang."""


def serve(cases_path: str, results_path: str, start: int) -> None:
    """Read all cases from a number on; one line of results each."""
    import torch

    from tests.soak.victims import quiet

    quiet()
    torch.set_num_threads(1)

    def on_alarm(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGALRM, on_alarm)
    cases = [Case(**{**row, "words": tuple(row["words"])}) for row in json.loads(Path(cases_path).read_text())]
    server = Server()
    for case in cases[start:]:
        reading = server.read(case)
        reading.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        with Path(results_path).open("a") as file:
            file.write(json.dumps(asdict(reading)) + "\n")
        if reading.peak > LIMIT_BYTES:
            return  # a fresh process measures the next case


class Server:
    """State between cases: the engine with its network."""

    def __init__(self) -> None:
        from composer.engine.__main__ import Engine

        self.engine = Engine()
        self.sizes: dict[str, bool] = {}

    def read(self, case: Case) -> Reading:
        """Read one case."""
        if case.small and not self.sizes.get(case.words[1], False):
            return Reading(case.label, 0, "skipped: the network is large or has problems")
        clock = time.monotonic()
        signal.alarm(round(seconds(LIMIT_S)))
        try:
            code, errors = self._read(case)
        except UserError as error:
            code, errors = 2, f"netcomposer: {error}\n"
        except TooSlow:
            code, errors = 70, f"took longer than {LIMIT_S:.0f} s"
        except Exception as error:  # noqa: BLE001 - any of them is a violation
            code, errors = 70, f"{type(error).__name__}: {error}"
        finally:
            signal.alarm(0)
        return Reading(case.label, code, errors[:2000], time.monotonic() - clock)

    def _read(self, case: Case) -> tuple[int, str]:
        if case.kind == "command":
            code, out, errors = scenarios.run_command(list(case.words))
            if case.words[0] == "check":
                self.sizes[case.words[1]] = code == 0 and is_small(out)
            if code == 1 and not out and not errors:
                return 70, "exit code 1 without a message"
            return code, errors
        if case.kind == "capture":
            from composer.core.files.design_json import to_json

            design = to_json(scenarios.before())
            self.engine.capture_maps({"design": design, "image": {"path": case.words[0]}}, lambda *_: None)
            return 0, ""
        from composer.core.files.run_folder import MetricsReader, list_runs, read_run, read_trace
        from composer.core.run_columns import column, column_keys
        from composer.core.run_table import RunRowReader, run_folders
        from composer.gui.runs.predictions import read_results, results_file, stored_parts
        from composer.gui.runs.run_curves import RunCurves

        rows = RunRowReader().read(run_folders(Path(case.words[0]).parent))
        assert len(rows) == 1
        assert all(isinstance(column(key).write(row), str) for row in rows for key in column_keys(rows))

        for folder in list_runs(Path(case.words[0]).parent):
            info, curves = read_run(folder), RunCurves(read_run(folder).epochs)
            for record in MetricsReader(folder).read()[0]:
                curves.add(record)
            assert isinstance(info.best_text + info.name + read_trace(folder), str)
            for part in stored_parts(folder):
                read_results(folder, results_file(folder, part)).prepare()
        return 0, ""


def is_small(out: str) -> bool:
    """Return whether a report of `check` names a network that any machine can run."""
    try:
        words = out.replace(",", "").split("no problems")[1].split()
        return int(words[0]) < 2_000_000 and int(words[2]) < 200_000_000
    except (IndexError, ValueError):
        return False


def read_all(cases: list[Case], folder: Path, deadline: float) -> Iterator[Reading]:
    """Read all cases in warm processes; yield the readings of cases whose process died or hung, too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    cases_path, results_path = folder / "cases.json", folder / "results.jsonl"
    cases_path.write_text(json.dumps([asdict(case) for case in cases]))
    results_path.write_text("")
    done = 0
    while done < len(cases) and time.monotonic() < deadline:
        process = context.Process(target=serve, args=(str(cases_path), str(results_path), done))
        process.start()
        last = time.monotonic()
        while process.is_alive() and time.monotonic() < min(deadline, last + seconds(2 * LIMIT_S)):
            process.join(0.2)
            rows = new_rows(results_path, done)
            if rows:
                last = time.monotonic()
            done += len(rows)
            yield from rows
        hung = process.is_alive()
        process.kill()
        process.join()
        code = process.exitcode
        rows = new_rows(results_path, done)
        done += len(rows)
        yield from rows
        if time.monotonic() > deadline:
            return
        if (hung or code) and done < len(cases):
            reason = "hangs" if hung else f"ends the process with code {code}"
            yield Reading(cases[done].label, 70, f"the command {reason}")
            done += 1
            with results_path.open("a") as file:
                file.write("{}\n")  # keeps lines and cases in step


def new_rows(path: Path, done: int) -> list[Reading]:
    """Return the readings after the first `done` ones."""
    *lines, _torn = path.read_text().split("\n")
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines[done:]]
    return [Reading(**row) for row in rows]


def problems_of(reading: Reading, canary: Path) -> list[str]:
    """Return what a reading must not have: a crash, more than one sentence, a long wait, much memory, a canary."""
    problems = []
    lines = reading.errors.strip().splitlines()
    if reading.code not in (0, 1, 2):
        problems.append(f"exit code {reading.code}: {reading.errors[:300]}")
    elif reading.code == 2 and (len(lines) != 1 or len(lines[0]) > 1000):
        problems.append(f"{len(lines)} lines instead of one sentence: {reading.errors[:300]!r}")
    elif "Traceback" in reading.errors:
        problems.append(f"a traceback: {reading.errors[:300]}")
    if reading.seconds > seconds(LIMIT_S):
        problems.append(f"took {reading.seconds:.0f} s")
    if reading.peak > LIMIT_BYTES:
        problems.append(f"needed {reading.peak / 1e9:.1f} GB")
    if canary.exists():
        problems.append("code of the file was executed")
        os.unlink(canary)  # noqa: PTH108 - a canary may be anything
    return problems
