"""Two processes never write one run: real trainings that meet."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import LAST, RunFolder
from composer.core.files.run_owner import TakenOverError
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny
from tests.engine.training.train_process import TrainProcess


def epochs(folder: Path) -> list[int]:
    """Return the epochs of a run's records."""
    return [row["epoch"] for row in RunFolder(folder).metrics() if row["kind"] == "epoch"]


def test_a_second_process_is_refused_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = TrainProcess(tmp_path, out, "--epochs", "500")
    try:
        first.until(event="metrics", kind="epoch", epoch=1)
        second = TrainProcess(tmp_path, out, "--resume")
        failed = second.until(state="failed")
        sentence = f"{out} is being trained by process {first.child.pid} of this machine; stop it first"
        assert sentence in failed["message"]
        assert second.end()[0] == 2
        with pytest.raises(UserError, match="is being trained by process"):
            train(tiny(), out, device="cpu", resume=True, epochs=3)
        first.until(event="metrics", kind="epoch")
        first.send("stop")
        first.until(state="stopped")
        assert first.end() == (0, "")
    finally:
        first.kill()
    assert epochs(out) == list(range(1, len(epochs(out)) + 1))
    assert RunFolder(out).state()["state"] == "stopped"


def test_of_two_starts_of_one_new_run_one_trains(tmp_path: Path) -> None:
    out = tmp_path / "run"
    # Without a pipe: the end of its input would stop the winner before its last epoch.
    both = [TrainProcess(tmp_path, out, "--epochs", "2", piped=False) for _ in range(2)]
    codes = sorted(process.end()[0] for process in both)
    assert codes == [0, 2]
    assert epochs(out) == [1, 2]
    assert RunFolder(out).state()["state"] == "done"


def test_a_killed_owner_is_succeeded_at_once(tmp_path: Path) -> None:
    random.seed(7)
    out = tmp_path / "run"
    for _ in range(4):
        process = TrainProcess(tmp_path, out, "--epochs", "500", "--resume")
        try:
            process.until(event="metrics", kind="step")
            time.sleep(random.random() * 0.3)
        finally:
            process.kill()
        assert RunFolder(out).state()["state"] == "interrupted"
    assert epochs(out) == list(range(1, len(epochs(out)) + 1))
    assert len(list(out.glob(".owner-*"))) == 1


def test_the_owner_that_was_replaced_by_force_stops_and_writes_nothing_more(tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = TrainProcess(tmp_path, out, "--epochs", "500")
    try:
        first.until(event="metrics", kind="epoch", epoch=1)
        second = TrainProcess(tmp_path, out, "--resume", "--take-over")
        try:
            first.until(state="failed")
            code, errors = first.end()
            assert code == 2
            assert f"{out} was taken over by process {second.child.pid}; this process stops" in errors
            second.until(event="metrics", kind="epoch")
            second.send("stop")
            second.until(state="stopped")
            assert second.end() == (0, "")
        finally:
            second.kill()
    finally:
        first.kill()
    assert epochs(out) == list(range(1, len(epochs(out)) + 1))
    assert RunFolder(out).state()["state"] == "stopped"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_a_signal_stops_is_saved_and_exits_with_130(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "run"
    process = TrainProcess(tmp_path, out, "--epochs", "500", piped=False)
    try:
        assert process.child.stdout is not None
        assert process.child.stdout.readline().startswith("epoch 1/500")
        process.child.send_signal(number)
        assert process.end() == (130, "")
    finally:
        process.kill()
    state = RunFolder(out).state()
    assert (state["state"], state["epoch"] >= 1) == ("stopped", True)


def test_a_takeover_in_the_middle_of_a_write_is_reported_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "run", tiny(), "", {"training": {}})
    successors: list[Run] = []
    save = torch.save

    def save_and_lose_the_run(checkpoint: object, file: object) -> None:
        save(checkpoint, file)
        successors.append(Run.resume(run.path, take_over=True))  # sweeps the unfinished file away

    monkeypatch.setattr(torch, "save", save_and_lose_the_run)
    with pytest.raises(TakenOverError, match="was taken over by process"):
        run.save(LAST, {"model": {}})
    successors[0].release()
    run.release()
