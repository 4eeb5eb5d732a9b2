"""Predictions are read as they were written; whatever a file holds, nothing in it runs and nothing breaks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from composer.core.errors import UserError
from composer.core.files.run_folder import TEST_PREDICTIONS
from composer.engine.training.predictions import PredictionCollector, archive
from composer.gui.runs.predictions import read_results, stored_parts
from tests.gui.result_files import CLASSES, MISTAKES, write_predictions


def test_the_window_reads_what_training_writes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(40, 3), torch.randint(0, 3, (40,))
    collector = PredictionCollector(40)
    collector.add({"logits": logits, "labels": labels})
    file = tmp_path / "predictions.npz"
    file.write_bytes(archive(collector, part="test", epoch=7, classes=CLASSES, names=[f"n{n}" for n in range(40)]))
    results = read_results(tmp_path, file)
    assert (results.part, results.epoch, results.predictions.classes) == ("test", 7, CLASSES)
    assert results.predictions.labels == labels.tolist()
    assert results.predictions.predicted == logits.argmax(1).tolist()
    assert results.predictions.name(3) == "n3"
    assert results.confusion.accuracy == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


def test_everything_shown_is_computed_in_advance(tmp_path: Path) -> None:
    results = read_results(tmp_path, write_predictions(tmp_path)).prepare()
    assert {"confusion", "scores", "mistakes", "calibration"} <= vars(results).keys()
    assert results.mistakes == MISTAKES


def test_every_part_of_the_matrix_is_a_list_of_samples(tmp_path: Path) -> None:
    results = read_results(tmp_path, write_predictions(tmp_path))
    assert results.selection(None, None) == (MISTAKES, "4 mistakes, most confident first")
    assert results.selection(0, 1) == ([2, 1], "2 of cat, predicted as dog")
    assert results.selection(0, None) == ([2, 1], "2 mistakes of cat, most confident first")
    assert results.selection(None, 0) == ([7], "1 mistake as cat")
    assert results.selection(1, 0) == ([], "0 of dog, predicted as cat")
    perfect = read_results(tmp_path, write_predictions(tmp_path, labels=[0], predicted=[0], confidence=[1.0]))
    assert perfect.selection(None, None) == ([], "No mistakes")


def test_the_parts_are_those_with_files(tmp_path: Path) -> None:
    assert stored_parts(tmp_path) == []
    write_predictions(tmp_path, name=TEST_PREDICTIONS)
    assert stored_parts(tmp_path) == ["test"]
    write_predictions(tmp_path)
    assert stored_parts(tmp_path) == ["val", "test"]


class Trap:
    """An object that would run code when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("code of a file was run",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": np.array([Trap()] * 8, object)}, "damaged"),
        ({"labels": np.array([0, 1], np.int32)}, "different lengths"),
        ({"labels": np.array([3] * 8, np.int32)}, "numbers of classes that do not exist"),
        ({"predicted": np.array([-1] * 8, np.int32)}, "numbers of classes that do not exist"),
        ({"labels": np.array(["x"] * 8)}, "damaged"),
        ({"confidence": None}, "damaged"),
        ({"classes": np.array(3)}, "damaged"),
        ({"epoch": np.array("x")}, "damaged"),
        ({"labels": None}, "holds no predictions of classes"),
    ],
)
def test_odd_contents_are_one_sentence(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    file = write_predictions(tmp_path)
    arrays = {**dict(np.load(file)), **changes}
    with file.open("wb") as out:
        np.savez(out, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(UserError, match=reason):
        read_results(tmp_path, file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive", b"\x93NUMPY"])
def test_other_files_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "predictions.npz"
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        read_results(tmp_path, file)


def test_a_torn_file_is_one_sentence(tmp_path: Path) -> None:
    file = write_predictions(tmp_path)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(UserError, match="damaged"):
        read_results(tmp_path, file)
    with pytest.raises(UserError, match="damaged"):
        read_results(tmp_path, tmp_path / "gone.npz")
