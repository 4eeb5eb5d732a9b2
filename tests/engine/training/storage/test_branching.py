"""A run that starts from a checkpoint of another one."""

from pathlib import Path

import pytest
import torch

from composer.cli.main import main
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.run_folder import LAST, RunFolder
from composer.engine.library import catalog
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage.branching import Branch
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.weights import load_weights, split_selection
from tests.engine.designs import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run with the weights of its second epoch."""
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu", epochs=3, keep_every=2)


def stopped_at_once(folder: Path, branch: Branch, **overrides: object) -> Run:
    """Start a branch and stop before its first step, so that its checkpoint holds what it started from."""
    control = Control()

    class Stopping(Report):
        def metrics(self, record: object) -> None:
            control.send("stop")

    return train(tiny(), folder, device="cpu", branch=branch, control=control, report=Stopping(), **overrides)


@pytest.mark.parametrize(("selection", "epoch"), [("2", 2), ("last", 3), ("best", None), ("", None)])
def test_a_branch_starts_from_the_selected_weights(tmp_path: Path, run: Run, selection: str, epoch: int | None) -> None:
    source = Path(f"{run.path}@{selection}") if selection else run.path
    branch = stopped_at_once(tmp_path / "branch", Branch(source), lr=1e-4, optimizer="sgd")
    name = {"2": "checkpoints/epoch_0002.pt", "last": LAST}.get(selection, "checkpoints/best.pt")
    expected, actual = run.load(name), branch.load(LAST)
    assert expected is not None and actual is not None
    assert all(torch.equal(expected["model"][key], tensor) for key, tensor in actual["model"].items())
    settings = branch.settings()
    assert settings["branched_from"] == {
        "run": str(run.path),
        "weights": selection or "best",
        "epoch": epoch or run.state()["best"]["epoch"],
        "optimizer": False,
    }
    assert settings["training"]["lr"] == 1e-4
    assert actual["progress"]["step"] == 0


def test_the_optimizer_comes_along_on_request(tmp_path: Path, run: Run) -> None:
    branch = stopped_at_once(tmp_path / "branch", Branch(Path(f"{run.path}@last"), optimizer=True), lr=1e-4)
    before, after = run.load(LAST), branch.load(LAST)
    assert before is not None and after is not None
    states = before["optimizer"]["state"], after["optimizer"]["state"]
    assert all(torch.equal(states[0][key]["exp_avg"], states[1][key]["exp_avg"]) for key in states[0])
    assert branch.settings()["branched_from"]["optimizer"] is True
    done = train(tiny(), branch.path, device="cpu", resume=True)
    rates = [row["lr"] for row in done.metrics() if row["kind"] == "step"]
    assert max(rates) == pytest.approx(1e-4)


def test_what_cannot_be_a_branch_is_refused_and_leaves_nothing(tmp_path: Path, run: Run) -> None:
    def refused(message: str, branch: Branch, **options: object) -> None:
        with pytest.raises(UserError, match=message):
            train(tiny(), tmp_path / "branch", device="cpu", branch=branch, **options)
        assert not (tmp_path / "branch").exists()

    refused(r"has no weights '7'; it has: best, last, 2 \(--keep-every", Branch(Path(f"{run.path}@7")))
    refused("has no weights 'first'; it has: best, last, 2", Branch(Path(f"{run.path}@first")))
    refused("only the last checkpoint of a run has states of the optimizer", Branch(run.path, optimizer=True))
    refused("is not a run folder", Branch(tmp_path / "nothing@3"))
    refused("its optimizer is another one", Branch(Path(f"{run.path}@last"), optimizer=True), optimizer="sgd")
    with pytest.raises(UserError, match="--from starts a new run, but --resume continues"):
        train(tiny(), run.path, device="cpu", branch=Branch(run.path), resume=True)


def test_weights_are_selected_wherever_a_run_is_named(run: Run, tmp_path: Path) -> None:
    weights = load_weights(Path(f"{run.path}@2"), run.design(), catalog())
    kept = run.load("checkpoints/epoch_0002.pt")
    assert kept is not None
    assert all(torch.equal(kept["model"][name], tensor) for name, tensor in weights.tensors.items())
    assert weights.source == f"the run {run.path.name}@2"
    (tmp_path / "mail@home").mkdir()
    (tmp_path / "mail").mkdir()
    assert split_selection(tmp_path / "mail@home") == (tmp_path / "mail@home", "")
    assert split_selection(tmp_path / "mail@last") == (tmp_path / "mail", "last")
    assert split_selection(tmp_path / "other@last") == (tmp_path / "other@last", "")


def test_the_command_line_branches(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design_file.save(tiny(), tmp_path / "net.yaml")
    words = ["train", str(tmp_path / "net.yaml"), "--out", str(tmp_path / "branch"), "--device", "cpu", "--epochs", "1"]
    assert main([*words, "--from-optimizer"]) == 2
    assert "--from-optimizer needs --from RUN@last" in capsys.readouterr().err
    assert main([*words, "--from", f"{run.path}@last", "--from-optimizer", "--no-samples"]) == 0
    assert RunFolder(tmp_path / "branch").settings()["branched_from"]["epoch"] == 3
