"""Facts and thumbnails for the window."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from composer.core import edits
from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.core.extension_text import parse_reference
from composer.core.files.design_json import to_json
from composer.core.training_extensions import datasets
from composer.engine.__main__ import Engine
from composer.engine.protocol import Cancelled
from composer.engine.training.data.gallery import data_facts, data_samples
from composer.engine.training.datasets.image_folder import scan
from composer.engine.training.preview.preview import data_preview
from tests.engine.designs import tiny
from tests.engine.training.image_folder.pictures import pets, picture, write


def silent(fraction: float, message: str = "") -> None:
    """Ignore the progress."""


def opened(png: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(png)))


def test_facts_of_a_folder_that_is_relative_to_the_design(tmp_path):
    pets(tmp_path / "photos")
    reply = data_facts({"data": "images:photos", "folder": str(tmp_path)}, silent)
    facts = DataFacts.from_json(reply)
    assert (facts.source, facts.classes, facts.count) == (f"images:{tmp_path / 'photos'}", ("cat", "dog"), 20)
    write(tmp_path, ("photos/cat/new.png",))
    assert data_facts({"data": "images:photos", "folder": str(tmp_path)}, silent)["parts"]["train"]["count"] == 17


def test_thumbnails_keep_their_proportions_and_can_be_those_of_a_class(tmp_path):
    pets(tmp_path)
    params = {"data": {"name": "images", "folder": str(tmp_path)}, "part": "train", "size": 6}
    reply = data_samples({**params, "offset": 2, "count": 3}, silent)
    assert reply["total"] == 16
    assert [row["index"] for row in reply["samples"]] == [2, 3, 4]
    row = reply["samples"][0]
    assert opened(row["png"]).size == (6, 5)
    dogs = data_samples({**params, "label": 1, "offset": 6, "count": 24}, silent)
    assert dogs["total"] == 8
    assert [(row["index"], row["label"], row["name"][:4]) for row in dogs["samples"]] == [
        (14, "dog", "dog/"),
        (15, "dog", "dog/"),
    ]
    gone = tmp_path / dogs["samples"][0]["name"]
    gone.unlink()
    assert data_samples({**params, "label": 1, "offset": 6, "count": 1}, silent)["samples"][0]["png"] == ""


@pytest.mark.parametrize("name", [name for name, row in datasets().items() if not any(o.required for o in row.options)])
def test_every_source_shows_samples(name):
    facts = DataFacts.from_json(data_facts({"data": name}, silent))
    assert facts.parts["train"].count > 0
    reply = data_samples({"data": name, "part": "val", "count": 2, "size": 64}, silent)
    assert len(reply["samples"]) == 2
    assert all(bool(row["png"]) == ("image" in facts.fields) and row["name"] for row in reply["samples"])


def test_an_unknown_part_is_one_sentence(tmp_path):
    pets(tmp_path)
    with pytest.raises(UserError, match="the data has no part 'test'; its parts are: train, val"):
        data_samples({"data": f"images:{tmp_path}", "part": "test"}, silent)


def test_reading_a_folder_reports_progress_and_can_be_cancelled(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 4)
    pets(tmp_path)
    seen: list[float] = []

    def cancelling(fraction: float, message: str = "") -> None:
        seen.append(fraction)
        if len(seen) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        data_facts({"data": f"images:{tmp_path}"}, cancelling)
    assert seen == [0.2, 0.4]
    seen.clear()
    assert Engine().handlers()["data_facts"]({"data": f"images:{tmp_path}"}, lambda *row: seen.append(row[0]))  # type: ignore[arg-type, func-returns-value]
    assert seen[-1] == 1.0


def test_a_preview_shows_the_file_and_the_part_that_is_used(tmp_path):
    for name in ("cat", "dog"):
        for number in range(4):
            (tmp_path / name).mkdir(exist_ok=True)
            picture(number, 40, 20).save(tmp_path / name / f"{number}.png")
    training = replace(tiny().training, data=parse_reference("data", f"images:{tmp_path}"))
    params = {"design": to_json(edits.set_training(tiny(), training)), "part": "val", "index": 1, "draws": 0}
    reply = data_preview(params)
    original = reply["original"]
    assert (original["width"], original["height"]) == (40, 20)
    assert list(original["crop"]) == [0.25, 0.0, 0.5, 1.0]
    number = int(reply["name"].split("/")[1][0])
    assert np.array_equal(np.asarray(opened(original["png"]).convert("RGB")), np.asarray(picture(number, 40, 20)))
    assert opened(reply["seen"]["png"]).size == (8, 8)
