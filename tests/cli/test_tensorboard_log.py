"""Event files of TensorBoard are made of the records of runs, and replace nothing of the user's."""

import sys
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.cli.tensorboard_log import FILE
from tests.core.run_files import write_run

NEEDED = "needs the package tensorboard of the extra of the same name"


def convert(runs: Path, out: Path, *words: str) -> int:
    return main(["runs", str(runs), "--tensorboard", str(out), *words])


def test_a_missing_package_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    write_run(tmp_path / "runs" / "a")
    assert convert(tmp_path / "runs", tmp_path / "out") == 2
    assert "pip install 'netcomposer[tensorboard]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_runs_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(tmp_path, tmp_path / "out") == 2
    assert "there is no run to convert" in capsys.readouterr().err


def test_curves_and_settings_are_read_back(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason=NEEDED)
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    folder = write_run(tmp_path / "runs" / "a", test=0.8, lr=0.25)
    step = '{"kind": "step", "step": 5, "steps": 9, "loss": 0.5, "lr": 0.1, "grad_norm": NaN, "time": 1750000001.5}\n'
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(step)
    write_run(tmp_path / "runs" / "b")
    assert convert(tmp_path / "runs", tmp_path / "out") == 0
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["a", "b"]
    points = {}
    for event in EventFileLoader(str(tmp_path / "out" / "a" / FILE)).Load():
        for value in event.summary.value:
            content = value.tensor.float_val
            points[value.tag, event.step] = content[0] if content else value.metadata.plugin_data.plugin_name
    assert points["_hparams_/session_start_info", 0] == "hparams"
    assert points["accuracy/val", 3] == pytest.approx(0.5)
    assert points["accuracy/test", 2] == pytest.approx(0.8)
    assert points["step/loss", 5] == pytest.approx(0.5)
    assert not any(tag == "step/grad_norm" for tag, _ in points)  # what is no number is left out


def test_it_may_be_repeated_but_replaces_no_foreign_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tensorboard", reason=NEEDED)
    write_run(tmp_path / "runs" / "a")
    write_run(tmp_path / "runs" / "b")
    mine = tmp_path / "out" / "b" / FILE
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    assert convert(tmp_path / "runs", tmp_path / "out") == 2
    assert "would be replaced" in capsys.readouterr().err
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [mine]
    assert mine.read_bytes() == b"mine"
    assert convert(tmp_path / "runs", tmp_path / "out", "--force") == 0
    assert convert(tmp_path / "runs", tmp_path / "out") == 0
