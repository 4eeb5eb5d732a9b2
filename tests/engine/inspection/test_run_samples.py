"""The pictures behind the predictions of a run are those of its own data, by number and part."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.core.errors import UserError
from composer.core.files.run_folder import PREDICTIONS
from composer.core.graph import ExtensionRef
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import inspect_image
from composer.engine.inspection.run_samples import run_samples
from composer.engine.inspection.subject import open_run
from composer.engine.training.datasets import load
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu", epochs=1)


def test_samples_have_the_names_and_labels_of_the_predictions(run: Run) -> None:
    rows = run_samples(run.path, "val", [350, 3], 64)
    with np.load(run.path / PREDICTIONS, allow_pickle=False) as stored:
        for row in rows:
            assert row["name"] == stored["names"][row["index"]]
            assert row["label"] == stored["classes"][stored["labels"][row["index"]]]
    assert [row["index"] for row in rows] == [350, 3]
    data = load(ExtensionRef("digits"), {"image": (1, 8, 8)})
    assert data.image is not None
    image = Image.open(io.BytesIO(base64.b64decode(rows[0]["png"])))
    expected = data.image.to_image(data.val.take(slice(350, 351))["image"][0], 64)
    assert image.size == (64, 64)
    assert image.tobytes() == expected.tobytes()


def test_small_thumbnails_are_scaled_down(run: Run) -> None:
    (row,) = run_samples(run.path, "val", [0], 4)
    assert Image.open(io.BytesIO(base64.b64decode(row["png"]))).size == (4, 4)
    assert run_samples(run.path, "val", [], 4) == []


@pytest.mark.parametrize(
    ("part", "index", "message"),
    [
        ("test", 0, "digits has no part test"),
        ("val", 359, "has 359 validation samples and none with the number 359"),
        ("val", -1, "none with the number -1"),
    ],
)
def test_samples_that_do_not_exist_are_named(run: Run, part: str, index: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        run_samples(run.path, part, [index], 8)


def test_attention_may_be_captured_on_every_part(run: Run) -> None:
    inferrer = Inferrer()
    subject = open_run(Run.open(run.path), inferrer)
    row = run_samples(run.path, "train", [1400], 8)[0]
    inspection = inspect_image(subject, inferrer.catalog, sample=1400, part="train")
    assert inspection.label == row["label"]
    with pytest.raises(UserError, match="the training images of digits are 0 to 1437"):
        inspect_image(subject, inferrer.catalog, sample=1438, part="train")
    with pytest.raises(UserError, match="digits has no part test"):
        inspect_image(subject, inferrer.catalog, sample=0, part="test")


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a run folder"):
        run_samples(tmp_path, "val", [0], 8)
