"""What is stored of every sample of a part: exact predictions, bounded scores, no objects."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from composer.core.files.run_folder import PREDICTIONS
from composer.core.graph import ExtensionRef
from composer.engine.training import predictions
from composer.engine.training.control import Control
from composer.engine.training.datasets import load
from composer.engine.training.loop import train
from composer.engine.training.predictions import PredictionCollector, archive
from composer.engine.training.report import Report
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny


def collect(logits: torch.Tensor, labels: torch.Tensor, batch: int = 4) -> PredictionCollector:
    collector = PredictionCollector(len(labels))
    for low in range(0, len(labels), batch):
        collector.add({"logits": logits[low : low + batch], "labels": labels[low : low + batch]})
    return collector


def read(content: bytes) -> dict[str, np.ndarray]:
    return dict(np.load(io.BytesIO(content), allow_pickle=False))


def test_predictions_are_those_of_the_scores_as_the_network_gave_them() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(30, 7), torch.randint(0, 7, (30,))
    logits[3] = torch.tensor([1.0, 1.00001, 0, 0, 0, 0, 0])  # equal in half precision
    labels[3] = 0
    arrays = collect(logits, labels).arrays()
    shares = logits.softmax(1)
    assert arrays["predicted"].tolist() == logits.argmax(1).tolist()
    assert np.allclose(arrays["confidence"], shares.max(1).values)
    order = logits.argsort(1, descending=True)
    assert arrays["rank"].tolist() == [order[n].tolist().index(int(label)) for n, label in enumerate(labels)]
    assert np.allclose(arrays["logits"].astype(np.float32), logits, atol=0.01)
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "logits": "float16",
        "labels": "int32",
        "predicted": "int32",
        "confidence": "float32",
        "rank": "int32",
    }


def test_equal_and_infinite_scores_give_consistent_numbers() -> None:
    logits = torch.tensor([[1.0, 1.0], [float("nan"), 1.0], [1e9, -1e9], [float("inf"), 0.0]])
    arrays = collect(logits, torch.tensor([1, 0, 0, 1])).arrays()
    assert arrays["predicted"][0] == 0
    assert arrays["rank"][0] == 1  # the right class is not the predicted one, so it is not the first
    assert np.isfinite(arrays["confidence"]).all()
    assert (arrays["confidence"] >= 0).all()
    assert np.isfinite(arrays["logits"][2]).all()


def test_many_classes_are_stored_by_their_highest_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "MAX_SCORES", 1000)
    torch.manual_seed(0)
    logits, labels = torch.randn(50, 100), torch.randint(0, 100, (50,))
    arrays = collect(logits, labels).arrays()
    assert arrays["logits"].shape == arrays["top"].shape == (50, predictions.TOP)
    assert arrays["top"][:, 0].tolist() == logits.argmax(1).tolist()
    assert np.allclose(arrays["confidence"], logits.softmax(1).max(1).values)  # over all classes, not only the stored
    assert arrays["rank"].max() > predictions.TOP


def test_a_thousand_classes_of_50_000_samples_stay_small() -> None:
    count = 50_000
    collector = PredictionCollector(count)
    collector.add({"logits": torch.zeros(1000, 1000), "labels": torch.zeros(1000, dtype=torch.int64)})
    content = archive(collector, part="val", epoch=1, classes=["x"] * 1000, names=[])
    assert len(content) * count / 1000 < 6_000_000


def test_the_archive_holds_texts_and_numbers_only_and_is_reproducible() -> None:
    collector = collect(torch.eye(3), torch.tensor([0, 1, 1]))
    names = ["a.png", "größer/b.png", "n" * 500]
    content = archive(collector, part="test", epoch=4, classes=["cat", "犬", "x"], names=names)
    assert content == archive(collector, part="test", epoch=4, classes=["cat", "犬", "x"], names=names)
    arrays = read(content)
    assert arrays["classes"].tolist() == ["cat", "犬", "x"]
    assert arrays["names"].tolist()[:2] == names[:2]
    assert len(arrays["names"].tolist()[2]) == predictions.MAX_NAME
    assert (str(arrays["part"]), int(arrays["epoch"])) == ("test", 4)


def test_a_name_that_is_no_text_is_written_anyway() -> None:
    collector = collect(torch.eye(2), torch.tensor([0, 1]))
    content = archive(collector, part="val", epoch=1, classes=["a", "b"], names=["\udce4.png", "b\0.png"])
    assert read(content)["names"].tolist() == ["?.png", "b .png"]


def test_an_objective_without_classes_stores_what_it_names() -> None:
    collector = PredictionCollector(3)
    assert not collector
    collector.add({"error": torch.tensor([0.5, 1.0])})
    collector.add({"error": torch.tensor([2.0])})
    assert collector.predictions(()) is None
    assert read(archive(collector, part="val", epoch=1, classes=[], names=["a", "b", "c"]))["error"].tolist() == [
        0.5,
        1.0,
        2.0,
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu")


def test_a_run_stores_the_predictions_of_its_best_epoch(run: Run) -> None:
    arrays = read((run.path / PREDICTIONS).read_bytes())
    best = run.state()["best"]
    assert int(arrays["epoch"]) == best["epoch"]
    assert (arrays["predicted"] == arrays["labels"]).mean() == pytest.approx(best["value"])
    data = load(ExtensionRef("digits"), {"image": (1, 8, 8)})
    assert data.val.labels is not None
    assert arrays["labels"].tolist() == data.val.labels.tolist()
    assert arrays["names"].tolist() == [data.val.name(index) for index in range(len(data.val))]
    assert arrays["classes"].tolist() == list(data.classes)


def test_a_resumed_run_stores_the_same_predictions(run: Run, tmp_path: Path) -> None:
    for _ in range(3):
        control = Control()
        report = StopAfterEpoch(control)
        resumed = train(tiny(), tmp_path / "run", device="cpu", resume=True, control=control, report=report)
    assert resumed.state()["state"] == "done"
    assert (resumed.path / PREDICTIONS).read_bytes() == (run.path / PREDICTIONS).read_bytes()


class StopAfterEpoch(Report):
    """Sends the command to stop after each epoch."""

    def __init__(self, control: Control) -> None:
        super().__init__()
        self.control = control

    def metrics(self, record: Mapping[str, Any]) -> None:
        if record["kind"] == "epoch":
            self.control.send("stop")


def test_a_worse_epoch_leaves_the_predictions_of_the_best(tmp_path: Path) -> None:
    # A huge learning rate after a warm-up makes the later epochs worse than the first.
    run = train(tiny(), tmp_path / "run", device="cpu", lr=0.6, warmup_epochs=1.5, schedule="constant", epochs=4)
    best = run.state()["best"]["epoch"]
    assert best < 4
    assert int(read((run.path / PREDICTIONS).read_bytes())["epoch"]) == best


def test_unfinished_files_of_killed_writes_are_swept(run: Run) -> None:
    left = run.path / f".{PREDICTIONS}.abc.part"
    left.write_bytes(b"half")
    Run.resume(run.path).release()
    assert not left.exists()
