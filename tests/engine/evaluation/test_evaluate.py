"""The best weights of a run are measured on its own parts as in training, and on other data by the names of classes."""

import json
from pathlib import Path

import numpy as np
import pytest

from composer.core import training_extensions
from composer.core.declarations import read_declarations
from composer.core.errors import UserError
from composer.core.files.run_folder import PREDICTIONS, SETTINGS
from composer.core.graph import ExtensionRef
from composer.engine.evaluation.classes import class_numbers
from composer.engine.evaluation.evaluate import evaluate
from composer.engine.training import datasets
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny

OTHER = '''
"""The digits again, in other statistics, with other numbers of the classes."""

from dataclasses import replace

from composer.engine.training.datasets import Dataset, LoadedDataset, dataset, load
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit


@dataset(title="Others", fields=("image", "label"))
class Others(Dataset):
    """Digits in three parts.

    Args:
        names: how the classes are named.
    """

    def __init__(self, names: str = "reversed") -> None:
        self.names = names

    def load(self, shapes):
        digits = load(ExtensionRef("digits"), shapes)
        form = ImageFormat(shapes["image"], (0.5,), (0.25,), fit="pad")

        def part(split, name):
            batch = split.take(slice(None))
            pixels = digits.image.denormalize(batch["image"])
            return MemorySplit({"image": form.normalize(pixels), "label": 9 - batch["label"]}, None, name)

        names = tuple(str(9 - n) for n in range(10)) if self.names == "reversed" else tuple("abcdefghij")
        return LoadedDataset(
            name="others", train=part(digits.train, "train"), val=part(digits.val, "val"), classes=names, image=form
        )
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu", epochs=2)


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "extensions"
    folder.mkdir()
    (folder / "others.py").write_text(OTHER)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(folder)])
    known = {**training_extensions.datasets(), **read_declarations(folder, "dataset", training_extensions.DATASET)}
    for module in ("composer.core.dataset_file", "composer.engine.training.datasets"):
        monkeypatch.setattr(f"{module}.datasets", lambda: known)
    monkeypatch.setitem(training_extensions.EXTENSIONS, "data", lambda: known)


def test_the_own_validation_part_gives_the_recorded_value(run: Run) -> None:
    result = evaluate(run.path, device="cpu")
    best = run.state()["best"]
    assert (result.part, result.samples, result.epoch) == ("val", 359, best["epoch"])
    assert result.metrics["accuracy"] == best["value"]
    assert result.predictions is not None
    assert result.predictions.confusion.accuracy == pytest.approx(best["value"])
    with np.load(run.path / PREDICTIONS, allow_pickle=False) as stored:
        assert result.predictions.predicted == stored["predicted"].tolist()
        assert list(result.predictions.names) == stored["names"].tolist()


def test_all_parts_together_are_all_samples(run: Run) -> None:
    reports: list[tuple[int, int]] = []
    result = evaluate(run.path, device="cpu", part="all", progress=lambda *shares: reports.append(shares))
    assert result.samples == 1797
    assert reports[-1] == (1797, 1797)
    train_part, val_part = (evaluate(run.path, device="cpu", part=part) for part in ("train", "val"))
    mean = (train_part.metrics["loss"] * 1438 + val_part.metrics["loss"] * 359) / 1797
    assert result.metrics["loss"] == pytest.approx(mean, rel=1e-5)


@pytest.mark.usefixtures("others")
def test_other_data_is_measured_by_the_names_of_classes_and_the_statistics_of_the_training(run: Run) -> None:
    own = evaluate(run.path, device="cpu", part="all")
    other = evaluate(run.path, device="cpu", data=ExtensionRef("others"))
    # The same pictures and names, so the same answers, though numbers, mean and deviation differ.
    assert (other.part, other.samples) == ("all", 1797)
    assert other.metrics["accuracy"] == pytest.approx(own.metrics["accuracy"])
    assert other.metrics["loss"] == pytest.approx(own.metrics["loss"], rel=1e-3)
    assert other.classes == own.classes
    assert "images are fitted by pad, those of the training were by ink" in other.notes


@pytest.mark.usefixtures("others")
def test_a_run_without_a_record_of_its_data_loads_it(run: Run, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run.path, copy)
    settings = json.loads((copy / SETTINGS).read_text())
    del settings["data"]
    (copy / SETTINGS).write_text(json.dumps(settings))
    recorded = evaluate(run.path, device="cpu", data=ExtensionRef("others"))
    loaded = evaluate(copy, device="cpu", data=ExtensionRef("others"))
    assert loaded.metrics == pytest.approx(recorded.metrics)


@pytest.mark.usefixtures("others")
def test_other_classes_are_refused_with_their_names(run: Run) -> None:
    with pytest.raises(UserError, match="not trained on: a, b, c, d, e and 5 more; the run has: 0, 1, 2, 3, 4 and 5 m"):
        evaluate(run.path, device="cpu", data=ExtensionRef("others", {"names": "letters"}))


def test_a_missing_part_names_those_that_exist(run: Run) -> None:
    with pytest.raises(UserError, match="digits has no part test; it has: train, val"):
        evaluate(run.path, device="cpu", part="test")


def test_classes_may_be_fewer_and_in_another_order() -> None:
    assert class_numbers(("cat", "dog", "fox"), ("fox", "cat"), "images:x") == (2, 0)
