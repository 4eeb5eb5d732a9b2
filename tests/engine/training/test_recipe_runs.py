"""Whole runs with every part of a recipe: resumed ones are equal to uninterrupted ones, to the bit."""

from pathlib import Path
from typing import Any

import pytest
import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import BEST, LAST
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny
from tests.engine.training.train_process import TIMING

RECIPE: dict[str, Any] = {
    "accumulate": 3,
    "clip_norm": 0.5,
    "ema": 0.9,
    "precision": "bf16-mixed",
    "freeze": ["stem.norm"],
    "lr_factors": {"head": 2.0},
    "layer_decay": 0.8,
    "schedule": {"name": "polynomial", "power": 2.0},
    "min_lr": 1e-4,
    "channels_last": True,
    "epochs": 2,
}


class StopAt(Report):
    """Stops a run at a logged step."""

    def __init__(self, control: Control, step: int) -> None:
        super().__init__()
        self.control, self.step = control, step

    def metrics(self, record: Any) -> None:
        if record.get("step") == self.step:
            self.control.send("stop")


def rows(run: Run) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key not in TIMING} for row in run.metrics()]


def tensors(run: Run) -> dict[str, Any]:
    last, best = run.load(LAST), run.load(BEST)
    assert last is not None
    assert best is not None
    average = {f"average {name}": value for name, value in last["average"]["weights"].items()}
    return {**last["model"], **average, **{f"best {name}": value for name, value in best["model"].items()}}


def test_a_resumed_run_with_every_part_of_a_recipe_is_equal_to_the_bit(tmp_path: Path) -> None:
    whole = train(tiny(), tmp_path / "whole", device="cpu", **RECIPE)
    control = Control()
    halted = train(tiny(), tmp_path / "halted", device="cpu", control=control, report=StopAt(control, 5), **RECIPE)
    assert halted.state()["state"] == "stopped"
    checkpoint = halted.load(LAST)
    assert checkpoint is not None
    assert checkpoint["progress"]["batch"] == 15  # between two steps, not within one
    resumed = train(tiny(), tmp_path / "halted", device="cpu", resume=True)
    assert rows(resumed) == rows(whole)
    assert whole.state()["steps"] == 2 * 8  # 23 batches an epoch
    expected, actual = tensors(whole), tensors(resumed)
    assert expected.keys() == actual.keys()
    assert all(torch.equal(expected[name], actual[name]) for name in expected)


def test_the_average_is_stored_as_the_best_epoch_and_the_weights_as_the_last(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, ema=0.9)
    last, best = run.load(LAST), run.load(BEST)
    assert last is not None
    assert best is not None
    name = "stem.conv.weight"
    assert torch.equal(best["model"][name], last["average"]["weights"][name])
    assert not torch.equal(best["model"][name], last["model"][name])
    buffer = next(name for name in last["model"] if name.endswith("running_mean"))
    assert torch.equal(best["model"][buffer], last["model"][buffer])


def test_a_run_without_progress_stops_early_and_stays_done(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"lr": 1e-9, "warmup_epochs": 0.0, "epochs": 9, "early_stopping": 2}
    run = train(tiny(), tmp_path / "run", device="cpu", **settings)
    state = run.state()
    assert (state["state"], state["epoch"]) == ("done", state["best"]["epoch"] + 2)
    assert state["epoch"] < 9
    assert "no better epoch in 2" in state["message"]
    again = train(tiny(), tmp_path / "run", device="cpu", resume=True)
    assert again.state()["epoch"] == state["epoch"]


def test_a_precision_that_the_device_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'16-mixed' needs a GPU: a CPU does not compute in fp16; use bf16-mixed"):
        train(tiny(), tmp_path / "run", device="cpu", precision="16-mixed")
    assert not (tmp_path / "run").exists()
