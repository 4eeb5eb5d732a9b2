"""The start of a run: initial weights, memory format and compilation."""

from pathlib import Path
from typing import Any

import pytest
import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import BEST, LAST
from composer.engine.training import compiling
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from tests.engine.designs import tiny


class Notes(Report):
    """Collects the warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warning(self, message: str) -> None:
        self.warnings.append(message)


def quick(folder: Path, design: Any = None, **settings: Any) -> tuple[Any, list[str]]:
    report = Notes()
    settings = {"epochs": 1, "warmup_epochs": 0.0, **settings}
    return train(design or tiny(), folder, device="cpu", report=report, **settings), report.warnings


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick(tmp_path_factory.mktemp("trained") / "first")[0].path


def test_a_run_starts_from_the_best_weights_of_another(tmp_path: Path, trained: Path) -> None:
    run, (message,) = quick(tmp_path / "second", init=str(trained), lr=1e-9, freeze=["stem", "gate", "attn"])
    assert message.startswith("starts from weights of the run first, trained in this network: ")
    record = run.settings()["init"]
    assert record.pop("loaded") > 20
    assert record == {"path": str(trained), "source": "the run first", "difference": "", "random": []}
    before, after = (torch.load(path / BEST, weights_only=True)["model"] for path in (trained, run.path))
    assert torch.equal(before["stem.conv.weight"], after["stem.conv.weight"])
    head = next(name for name in before if name.startswith("head.") and name.endswith("weight"))
    assert torch.allclose(before[head], after[head], atol=1e-5)


def test_what_has_another_shape_stays_random_and_is_named(tmp_path: Path, trained: Path) -> None:
    wider = tiny(("out_channels: 16", "out_channels: 32"))
    run, (message,) = quick(tmp_path / "wider", wider, init=str(trained))
    assert "which were trained in another network" in message
    assert "left at random: stem.conv.weight (16 x 1 x 3 x 3 there, 32 x 1 x 3 x 3 here)" in message
    assert run.settings()["init"]["random"][0].startswith("stem.conv.weight")


def test_weights_of_which_none_fits_are_refused(tmp_path: Path) -> None:
    torch.save({"other.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(UserError, match="none of its 1 tensors fits the design"):
        quick(tmp_path / "run", init=str(tmp_path / "other.pt"))
    with pytest.raises(UserError, match="file not found"):
        quick(tmp_path / "run", init=str(tmp_path / "nothing.pt"))
    assert not (tmp_path / "run").exists()


def test_a_run_without_its_initial_weights_can_be_resumed(tmp_path: Path, trained: Path) -> None:
    source = tmp_path / "copy.pt"
    source.write_bytes((trained / LAST).read_bytes())
    quick(tmp_path / "run", init=str(source))
    source.unlink()
    run = train(tiny(), tmp_path / "run", device="cpu", resume=True, epochs=2)
    assert run.state()["epoch"] == 2


def test_channels_last_changes_the_layout_and_not_the_numbers(tmp_path: Path) -> None:
    plain, _ = quick(tmp_path / "plain", precision="64-true")
    last, _ = quick(tmp_path / "last", precision="64-true", channels_last=True)
    a, b = (run.load(LAST)["model"] for run in (plain, last))
    assert all(torch.allclose(a[name].double(), b[name].double(), atol=1e-9) for name in a)
    assert b["stem.conv.weight"].is_contiguous()


def test_a_missing_compiler_is_one_sentence_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("backend='inductor' raised:\nInvalidCxxCompiler: No working C++ compiler found in cpp.cxx\n")

    monkeypatch.setattr(compiling.torch, "compile", lambda forward: broken)
    plain, _ = quick(tmp_path / "plain")
    run, (message,) = quick(tmp_path / "run", compile=True)
    assert message == (
        "torch.compile does not work here (InvalidCxxCompiler: No working C++ compiler found in cpp.cxx); "
        "training goes on without it"
    )
    assert run.settings()["compiled"] is False
    a, b = (each.load(LAST)["model"] for each in (plain, run))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_compiled_code_runs_the_network_and_the_trial_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def eager(forward: Any) -> Any:
        return lambda *values: (calls.append(1), forward(*values))[1]

    monkeypatch.setattr(compiling.torch, "compile", eager)
    plain, _ = quick(tmp_path / "plain")
    run, warnings = quick(tmp_path / "run", compile=True)
    assert not warnings
    assert len(calls) > 23
    assert run.settings()["compiled"] is True
    a, b = (each.load(LAST)["model"] for each in (plain, run))
    assert all(torch.equal(a[name], b[name]) for name in a)
