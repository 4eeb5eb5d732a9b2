"""Networks with several inputs, and networks that take an image as a row of values."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from composer.core.errors import UserError
from composer.core.files.design_file import loads
from composer.engine.evaluation.evaluate import evaluate
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import inspect_image
from composer.engine.inspection.subject import open_design
from composer.engine.training.loop import train
from tests.engine.designs import DENDRITES

TRAINED = f"""{DENDRITES}training: {{data: {{name: permuted, tasks: 3}}, epochs: 1, batch_size: 64, augment: false}}
"""


def test_a_sample_brings_all_fields_and_a_file_only_the_image(tmp_path: Path) -> None:
    design, inferrer = loads(TRAINED), Inferrer()
    subject = open_design(design, inferrer)
    inspection = inspect_image(subject, inferrer.catalog, sample=400)
    batch = subject.data.val.take(slice(400, 401))
    scores = subject.model(batch["image"].flatten(1), batch["context"])[0].softmax(0)
    assert inspection.prediction[0][1] == pytest.approx(float(scores.detach().max()), abs=1e-6)
    assert inspection.label == subject.data.classes[int(batch["label"][0])]
    assert torch.equal(inspection.image, batch["image"][0])
    Image.new("L", (20, 20), 128).save(tmp_path / "file.png")
    with pytest.raises(UserError, match="the network also takes context, which an image file does not have; choose"):
        inspect_image(subject, inferrer.catalog, image=tmp_path / "file.png")


def test_a_row_of_values_takes_a_file_too(tmp_path: Path) -> None:
    text = TRAINED.replace("ActiveDendrites, params: {units: 16, segments: 3}", "Linear, params: {out_features: 16}")
    text = text.replace("  context: {shape: [3]}\n", "").replace("  - context -> hidden.context\n", "")
    subject = open_design(loads(text.replace("{name: permuted, tasks: 3}", "digits")), Inferrer())
    Image.new("L", (20, 20), 128).save(tmp_path / "file.png")
    assert len(inspect_image(subject, Inferrer().catalog, image=tmp_path / "file.png").prediction) == 5


def test_such_a_run_is_evaluated(tmp_path: Path) -> None:
    run = train(loads(TRAINED), tmp_path / "run", device="cpu")
    values = evaluate(run.path, part="val", device="cpu")
    assert values.samples == 3 * 359
