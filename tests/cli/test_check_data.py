"""What `netcomposer check` tells of the data of a design, and how it fits a design to its data."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core.files.design_file import load, save
from tests.engine.designs import tiny
from tests.engine.training.image_folder.pictures import pets, write


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        ("digits", 0, ""),
        (
            "images:photos",
            0,
            (
                "note: cannot be trained as it is: logits has 10 scores for each sample, but images has 2 classes; "
                "end the design with a classifier head with num_classes 2   (Set num_classes of head to 2: --fit-data)"
            ),
        ),
        ("images:nowhere", 1, "training data: "),
        ("nonsense", 1, "training data 'nonsense' is unknown, expected one of: "),
    ],
)
def test_check_tells_whether_data_fits(data, code, line, tmp_path, monkeypatch, capsys):
    """Paths are relative to the design; a design that does not fit its data is valid, data that is missing is not."""
    folder = tmp_path / "designs"
    pets(folder / "photos", 3)
    save(tiny(("augment: false", f"data: '{data}'")), folder / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "designs/tiny.yaml"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(line)
    assert ("no problems" in lines[-1]) == (code == 0)
    assert len(lines) == 1 + (code == 0 and bool(line))


def folder_of_three(root: Path) -> Path:
    """Three classes of images."""
    return write(root, (f"{name}/{number}.png" for name in ("cat", "dog", "fox") for number in range(4)))


def test_the_command_in_the_refusal_of_train_makes_the_design_trainable(tmp_path, monkeypatch, capsys):
    """Once with data from the command line, whose path has a blank, and once with the data of the design."""
    monkeypatch.chdir(tmp_path)
    folder_of_three(tmp_path / "my photos")
    save(tiny(), Path("tiny.yaml"))
    train = [
        "train",
        "tiny.yaml",
        "--data",
        "images:my photos",
        "--epochs",
        "1",
        "--batch-size",
        "4",
        "--device",
        "cpu",
    ]
    assert main([*train, "--out", "run"]) == 2
    error = capsys.readouterr().err
    assert "3 classes" in error and not Path("run").exists()
    words = shlex.split(error.partition("this command does: ")[2])
    assert words[:4] == ["netcomposer", "check", "tiny.yaml", "--fit-data"]
    assert main(words[1:]) == 0
    assert "fitted to the data: Set num_classes of head to 3" in capsys.readouterr().out
    assert load("tiny.yaml").main.nodes["head"].params["num_classes"] == 3
    assert main([*train, "--out", "run"]) == 0
    assert main(["train", "tiny.yaml", "--out", "again", "--epochs", "1", "--batch-size", "4", "--device", "cpu"]) == 0


def test_input_and_head_are_fitted_and_stated_counts_are_dropped(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pets(tmp_path / "pets", 3)
    design = tiny(("[1, 8, 8]", "[2, 8, 8]"), ("augment: false", "augment: false, data: 'images:pets'"))
    save(replace(design, expected={"params": 5}), Path("tiny.yaml"))
    before = Path("tiny.yaml").read_bytes()
    assert main(["check", "tiny.yaml", "--fit-data", "-o", "fitted.yaml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("   (")[0] for line in lines[:2]] == [
        "fitted to the data: Make the input 3 x 8 x 8",
        "fitted to the data: Set num_classes of head to 2",
    ]
    assert Path("tiny.yaml").read_bytes() == before
    fitted = load("fitted.yaml")
    assert (fitted.main.inputs["image"].shape, dict(fitted.expected)) == ((3, 8, 8), {})
    assert fitted.training.data == design.training.data


def test_what_cannot_be_fitted_is_a_problem(tmp_path, monkeypatch, capsys):
    """A second output has no repair; data that is missing leaves the design as it is."""
    monkeypatch.chdir(tmp_path)
    save(
        tiny(("logits: {}", "logits: {}\n  other: {}"), ("- head -> logits", "- head -> logits\n  - head -> other")),
        Path("two.yaml"),
    )
    before = Path("two.yaml").read_bytes()
    assert main(["check", "two.yaml", "--fit-data"]) == 1
    assert capsys.readouterr().out.startswith("cannot be trained as it is: the design has 2 outputs")
    assert main(["check", "two.yaml", "--fit-data", "--data", "images:nowhere"]) == 2
    assert Path("two.yaml").read_bytes() == before
