"""A run that was made longer keeps one truth: settings, state, records and later resumes agree."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from composer.core.errors import UserError
from composer.core.files.run_folder import LAST, MetricsReader, RunFolder, read_run
from composer.core.learning_rate import MODES
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny
from tests.engine.training.train_process import TIMING, TrainProcess


def comparable(run: RunFolder) -> list[dict[str, Any]]:
    """Return the records of a run without their times."""
    return [{key: value for key, value in row.items() if key not in TIMING} for row in run.metrics()]


def rates(run: RunFolder) -> dict[int, float]:
    """Return the learning rate of each logged step."""
    return {row["step"]: row["lr"] for row in run.metrics() if row["kind"] == "step"}


class Warned(Report):
    """Collects warnings and records in the order in which they are reported."""

    def __init__(self, control: Control | None = None, at: int = 0) -> None:
        super().__init__()
        self.events: list[str] = []
        self.control, self.at = control, at

    def warning(self, message: str) -> None:
        """Collect a warning."""
        self.events.append(f"warning: {message}")

    def metrics(self, record: Any) -> None:
        """Collect the kind of a record; stop at a step."""
        self.events.append(record["kind"])
        if self.control is not None and record.get("step") == self.at:
            self.control.send("stop")


@pytest.fixture
def short(tmp_path: Path) -> Run:
    return train(tiny(), tmp_path / "run", device="cpu", epochs=2)


def check_agreement(run: RunFolder, epochs: int) -> None:
    """Check that all files of a finished run tell the same number of epochs."""
    info, state, settings = read_run(run.path), run.state(), run.settings()
    assert (info.state, info.epoch, info.epochs) == ("done", epochs, epochs)
    assert (state["epoch"], state["epochs"]) == (epochs, epochs)
    assert (state["step"], state["steps"]) == (23 * epochs, 23 * epochs)
    assert settings["training"]["epochs"] == epochs == run.epochs()
    rows = run.metrics()
    assert [row["epoch"] for row in rows if row["kind"] == "epoch"] == list(range(1, epochs + 1))
    xs = [row["x"] for row in rows if "x" in row]
    assert xs == sorted(xs)
    assert xs[-1] == epochs


@pytest.mark.parametrize("mode", MODES)
def test_a_longer_run_that_is_stopped_continues_as_if_it_was_not(tmp_path: Path, mode: str) -> None:
    runs = []
    for name, stops in (("whole", ()), ("parts", (47, 60, 92))):
        run = train(tiny(), tmp_path / name, device="cpu", epochs=2)
        options: dict[str, Any] = {"epochs": 5, "extend_lr": mode}
        for at in stops:
            control = Control()
            train(tiny(), run.path, device="cpu", resume=True, control=control, report=Warned(control, at), **options)
            assert run.load(LAST)["progress"]["step"] == at  # type: ignore[index]
            options = {}  # from now on nobody says how long it shall be
        train(tiny(), run.path, device="cpu", resume=True, **options)
        check_agreement(run, 5)
        runs.append(run)
    assert comparable(runs[0]) == comparable(runs[1])


def test_the_change_is_recorded(short: Run) -> None:
    before = time.time()
    train(tiny(), short.path, device="cpu", epochs=4, resume=True, extend_lr="hold")
    (change,) = short.settings()["changes"]
    assert before <= change.pop("time") <= time.time()
    assert change == {"setting": "epochs", "before": 2, "after": 4, "step": 46, "learning_rate": "hold"}
    last = rates(short)[46]
    assert {rate for step, rate in rates(short).items() if step > 46} == {last}
    train(tiny(), short.path, device="cpu", epochs=5, resume=True, extend_lr="rewarm")
    assert [change["after"] for change in short.settings()["changes"]] == [4, 5]
    assert max(rate for step, rate in rates(short).items() if step > 92) == pytest.approx(0.01, rel=0.05)
    check_agreement(short, 5)


def test_resuming_a_finished_run_changes_nothing(short: Run) -> None:
    train(tiny(), short.path, device="cpu", epochs=3, resume=True)
    settings, records = short.settings(), short.metrics()
    for options in ({}, {"epochs": 3}, {"epochs": 3, "extend_lr": "stretch"}):
        train(tiny(), short.path, device="cpu", resume=True, **options)  # type: ignore[arg-type]
        check_agreement(short, 3)
    assert short.settings() == settings
    assert short.metrics() == records


def test_a_jump_of_the_learning_rate_is_told_before_anything_happens(short: Run) -> None:
    last = rates(short)[46]
    report = Warned()
    train(tiny(), short.path, device="cpu", epochs=4, resume=True, report=report)
    after = rates(short)[47]
    assert report.events[0].startswith(f"warning: the learning rate was {last:.3g} in the last step of 2 epochs")
    assert f"is {after:.3g} in the next" in report.events[0]
    assert "add --extend-lr hold" in report.events[0]
    assert report.events[1] == "head"


@pytest.mark.parametrize(("design", "mode"), [((), "hold"), (("lr: 0.01", "lr: 0.01, schedule: constant"), None)])
def test_no_jump_is_told_where_there_is_none(tmp_path: Path, design: tuple[str, str], mode: str | None) -> None:
    network = tiny(design) if design else tiny()
    train(network, tmp_path / "run", device="cpu", epochs=2)
    report = Warned()
    train(network, tmp_path / "run", device="cpu", epochs=4, resume=True, extend_lr=mode, report=report)
    assert not any(event.startswith("warning") for event in report.events)


def test_what_contradicts_the_run_is_refused_and_changes_nothing(short: Run) -> None:
    settings = (short.path / "settings.json").read_bytes()
    with pytest.raises(UserError, match="has finished 2 epochs; 1 is less, choose 2 or more"):
        train(tiny(), short.path, device="cpu", resume=True, epochs=1)
    with pytest.raises(UserError, match="--extend-lr hold needs --epochs with another number than the 2"):
        train(tiny(), short.path, device="cpu", resume=True, extend_lr="hold")
    with pytest.raises(UserError, match="needs --resume"):
        train(tiny(), short.path.parent / "new", device="cpu", extend_lr="hold")
    assert (short.path / "settings.json").read_bytes() == settings
    assert short.state()["state"] == "done"


def test_a_run_may_be_made_shorter_before_it_is_that_far(tmp_path: Path) -> None:
    control = Control()
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=9, control=control, report=Warned(control, 30))
    train(tiny(), run.path, device="cpu", resume=True, epochs=3)
    check_agreement(run, 3)
    train(tiny(), run.path, device="cpu", resume=True)
    check_agreement(run, 3)


def test_a_run_that_an_early_version_made_longer_goes_on_to_the_end(tmp_path: Path) -> None:
    """Its settings still have the first number of epochs; state and records have the later one, and no x."""
    control = Control()
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=2)
    train(tiny(), run.path, device="cpu", resume=True, epochs=4, control=control, report=Warned(control, 60))
    settings = run.settings()
    del settings["changes"]
    settings["training"]["epochs"] = 2
    (run.path / "settings.json").write_text(json.dumps(settings))
    written_then = [row for row in run.metrics() if row["kind"] in ("head", "step", "epoch")]
    old = [{key: value for key, value in row.items() if key != "x"} for row in written_then]
    Run(run.path).rewrite_metrics(old)
    assert read_run(run.path).epochs == 4
    records, _ = MetricsReader(run.path).read()
    xs = [row["x"] for row in records if "x" in row]
    assert xs == sorted(xs)
    assert [row["x"] for row in records if row.get("step") in (23, 46)] == [1.0, 1.0, 2.0, 2.0]
    train(tiny(), run.path, device="cpu", resume=True)
    info = read_run(run.path)
    assert (info.state, info.epoch) == ("done", 4)
    xs = [row["x"] for row in run.metrics() if "x" in row]
    assert xs == sorted(xs)


def test_a_longer_run_that_is_killed_at_any_moment_reaches_its_end(tmp_path: Path) -> None:
    random.seed(4)
    unbroken = train(tiny(), tmp_path / "unbroken", device="cpu", epochs=2)
    train(tiny(), unbroken.path, device="cpu", resume=True, epochs=30, extend_lr="rewarm")
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=2)
    words = ["--epochs", "30", "--extend-lr", "rewarm"]
    for _ in range(4):
        process = TrainProcess(tmp_path, run.path, "--resume", *words)
        try:
            process.until(event="metrics", kind="epoch")
            time.sleep(random.random() * 0.3)
        finally:
            process.kill()
        assert run.state()["state"] == "interrupted"
        assert read_run(run.path).epochs == 30
        words = []
    train(tiny(), run.path, device="cpu", resume=True)
    check_agreement(run, 30)
    assert comparable(run) == comparable(unbroken)
