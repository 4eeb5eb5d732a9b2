"""A run folder that cannot be written for a while: training waits, continues by itself, and loses nothing."""

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from composer.core.errors import UserError
from composer.core.files.run_folder import RunFolder
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage import patience
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny
from tests.engine.training.train_process import TIMING

FULL = "No space left on device"


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRY_SECONDS", 0.05)


class Recorder(Report):
    """Collects states, and runs an action at one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[tuple[str, str]] = []

    def state(self, state: Any) -> None:
        """Collect a state."""
        super().state(state)
        self.states.append((state["state"], state["message"]))


class FullDisk:
    """A disk that refuses the next writes of some files.

    Args:
        monkeypatch: replaces the writer of runs.
        suffix: end of the names of files that do not fit.
        failures: number of writes that fail after `fill`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, suffix: str, failures: int) -> None:
        self.suffix, self.failures, self.left, self.full = suffix, failures, 0, False
        from composer.engine.training.storage import run

        write, append = run.write_atomically, run.append
        monkeypatch.setattr(run, "write_atomically", lambda path, content: (self.check(path), write(path, content)))
        monkeypatch.setattr(
            run, "append", lambda path, data, *, flush: (self.check(path), append(path, data, flush=flush))
        )

    def fill(self) -> None:
        """Refuse the next writes."""
        self.left = self.failures

    def check(self, path: Path) -> None:
        """Refuse a write."""
        if self.left > 0 and path.name.endswith(self.suffix):
            self.left -= 1
            raise UserError(f"{path.name}: cannot be written: {FULL}")


def comparable(run: RunFolder) -> list[dict[str, Any]]:
    """Return the records of a run without their times."""
    return [{key: value for key, value in row.items() if key not in TIMING} for row in run.metrics()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run that was never interrupted."""
    return train(tiny(), tmp_path_factory.mktemp("runs") / "undisturbed", device="cpu")


@pytest.mark.parametrize("suffix", ["last.pt", "metrics.jsonl", "best.safetensors", ""])
def test_a_disk_that_is_full_for_a_while_pauses_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Run, suffix: str
) -> None:
    disk = FullDisk(monkeypatch, suffix, 3)

    class Filling(Recorder):
        def metrics(self, record: Any) -> None:
            if record["kind"] == "epoch" and record["epoch"] == 1:
                disk.fill()

    report = Filling()
    run = train(tiny(), tmp_path / "run", device="cpu", report=report)
    assert disk.left == 0
    assert [name for name, _ in report.states if name == "paused"] == ["paused"]
    reason = next(message for name, message in report.states if name == "paused")
    assert reason.endswith(f"cannot be written: {FULL}; training waits and tries again every 0.05 s")
    after = [name for name, _ in report.states]
    assert after[after.index("paused") + 1] == "training"
    assert run.state()["state"] == "done"
    assert run.state()["message"] == ""
    assert comparable(run) == comparable(undisturbed)


def test_the_state_file_states_the_reason_where_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch, "last.pt", 2)
    disk.fill()
    seen: list[str] = []

    class Reading(Recorder):
        def state(self, state: Any) -> None:
            super().state(state)
            seen.append(f"{RunFolder(tmp_path / 'run').state()['state']} {state['state']}")

    train(tiny(), tmp_path / "run", device="cpu", epochs=1, report=Reading())
    assert seen == ["training training", "paused paused", "training training", "done done"]


def test_stop_ends_the_wait_and_the_last_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Run
) -> None:
    control = Control()

    class Stopping(Recorder):
        def metrics(self, record: Any) -> None:
            if record["kind"] == "epoch" and record["epoch"] == 1:
                disk.fill()

        def state(self, state: Any) -> None:
            super().state(state)
            if state["state"] == "paused":
                control.send("stop")

    with monkeypatch.context() as patch:
        disk = FullDisk(patch, "", 10**9)
        report = Stopping()
        run = train(tiny(), tmp_path / "run", device="cpu", control=control, report=report)
    name, message = report.states[-1]
    assert name == "stopped"
    assert message.startswith("stopped while nothing could be saved (")
    assert message.endswith("--resume continues from the last checkpoint")
    assert run.state()["state"] == "interrupted"  # what the disk has
    again = train(tiny(), run.path, device="cpu", resume=True)
    assert comparable(again) == comparable(undisturbed)


def test_a_folder_that_disappears_is_waited_for(tmp_path: Path, undisturbed: Run) -> None:
    folder, elsewhere = tmp_path / "run", tmp_path / "elsewhere"

    class Unmounting(Recorder):
        def metrics(self, record: Any) -> None:
            if record["kind"] == "epoch" and record["epoch"] == 1:
                folder.rename(elsewhere)

        def state(self, state: Any) -> None:
            super().state(state)
            if state["state"] == "paused":
                threading.Timer(0.2, elsewhere.rename, [folder]).start()

    report = Unmounting()
    run = train(tiny(), folder, device="cpu", report=report)
    assert "run: the run folder is missing; bring it back; training waits" in report.states[1][1]
    assert run.state()["state"] == "done"
    assert comparable(run) == comparable(undisturbed)


def test_a_wait_does_not_count_as_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch, "metrics.jsonl", 1)

    class Filling(Report):
        def metrics(self, record: Any) -> None:
            if record["kind"] == "step" and record["step"] == 3:
                disk.fill()

    # A clock that has moved on by 1000 s whenever a wait looks at it.
    hours = itertools.count(0, 1000)
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: next(hours)))
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, report=Filling())
    epoch = next(row for row in run.metrics() if row["kind"] == "epoch")
    assert -1000 < epoch["seconds"] < -500


def test_a_refused_start_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch, "metrics.jsonl", 1)
    disk.fill()
    with pytest.raises(UserError, match=FULL):
        train(tiny(), tmp_path / "run", device="cpu")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 600 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full_for_a_while(tmp_path: Path, small_disk: Path, undisturbed: Run) -> None:
    stuffing = small_disk / "stuffing"

    class Filling(Recorder):
        def metrics(self, record: Any) -> None:
            if record["kind"] == "epoch" and record["epoch"] == 1:
                with suppress(OSError), stuffing.open("wb", buffering=0) as file:
                    while True:
                        file.write(bytes(4096))

        def state(self, state: Any) -> None:
            super().state(state)
            if state["state"] == "paused":
                threading.Timer(0.2, stuffing.unlink, kwargs={"missing_ok": True}).start()

    report = Filling()
    run = train(tiny(), small_disk / "run", device="cpu", report=report)
    assert any(name == "paused" and FULL in message for name, message in report.states)
    assert run.state()["state"] == "done"
    assert comparable(run) == comparable(undisturbed)
    assert not list(run.path.rglob("*.part"))
