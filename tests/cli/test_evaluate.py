"""`netcomposer evaluate`: as text and JSON, and the file of predictions."""

import json
from pathlib import Path

import numpy as np
import pytest

from composer.cli.evaluation_text import matrix_lines, mistake_lines, score_lines
from composer.cli.main import main
from composer.core.confusion import Predictions
from composer.engine.training.loop import train
from tests.engine.designs import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu", epochs=2).path


def test_text_and_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "p.npz"
    words = ["evaluate", str(run), "--device", "cpu", "--confusion", "--mistakes", "3", "--out", str(out)]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "one on the val part of digits: 359 samples" in text
    assert "class  precision  recall" in text
    assert "true \\ predicted" in text
    assert "most often confused: " in text
    with np.load(out, allow_pickle=False) as stored:
        assert stored["logits"].shape == (359, 10)
    assert main(words) == 0  # its own file may be replaced
    out.write_bytes(b"mine")
    assert main(words) == 2
    assert "exists already and was edited" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"


def test_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), "--device", "cpu", "--json", "--confusion", "--mistakes", "2"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["classification"]["accuracy"] == pytest.approx(values["metrics"]["accuracy"])
    assert sum(map(sum, values["matrix"])) == values["samples"] == 359
    first, second = values["mistakes"]
    assert first["confidence"] >= second["confidence"]
    assert first["class"] != first["predicted"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{}", "--part", "test"], "digits has no part test"),
        (["{}", "--data", "nonsense"], "data 'nonsense' is unknown"),
        (["{}/nothing"], "is not a run folder"),
        (["{}", "--device", "tpu"], "not available"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["evaluate", *(word.format(run) for word in words)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def predictions(classes: int) -> Predictions:
    names = tuple(f"class number {n}" for n in range(classes))
    return Predictions(names, [0, 0, 1], [0, 1, 1], [0.9, 0.8, 0.7], [0, 1, 0], ("a.png", "b.png", "c.png"))


def test_a_thousand_classes_are_cut() -> None:
    lines = list(score_lines(predictions(1000)))
    assert len(lines) < 60
    assert "and 960 classes with higher F1; --json lists all" in lines
    assert "too wide for a terminal" in list(matrix_lines(predictions(1000)))[1]


def test_what_the_objective_reports_is_not_repeated() -> None:
    assert "balanced accuracy" in next(score_lines(predictions(3)))
    assert "balanced accuracy" not in next(score_lines(predictions(3), ["balanced accuracy"]))


def test_mistakes_are_listed_with_the_names_of_samples() -> None:
    assert [line.split()[0] for line in mistake_lines(predictions(3), 5) if line] == ["sample", "b.png"]
    right = Predictions(("a",), [0], [0], [1.0], [0])
    assert list(mistake_lines(right, 5))[-1] == "no mistakes"
