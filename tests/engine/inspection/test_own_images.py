"""A user's image on its way into a network, as the reports and the window show it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.core.files.design_file import load
from composer.core.files.design_json import to_json
from composer.core.files.templates import template
from composer.engine.codegen.build import build
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import inspect_image
from composer.engine.inspection.inspector import Inspector
from composer.engine.inspection.run_report import inspect_run
from composer.engine.inspection.subject import open_design, open_run
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny


def photograph(name: str) -> Image.Image:
    from sklearn.datasets import load_sample_image

    return Image.fromarray(load_sample_image(name))


def untrained_run(folder: Path, channels: int) -> Run:
    design = tiny(("[1, 8, 8]", f"[{channels}, 8, 8]"))
    run = Run.create(folder, design, "", {"training": {}})
    run.save_weights(build(design, seed=0).state_dict(), run.network())
    run.release()
    return run


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_a_photograph_stays_one_in_a_network_that_was_not_made_for_digits(name: str, tmp_path: Path) -> None:
    inferrer = Inferrer()
    subject = open_design(load(template("swin_tiny")), inferrer)
    photo = photograph(name)
    photo.save(tmp_path / "photo.png")
    inspection = inspect_image(subject, inferrer.catalog, image=tmp_path / "photo.png", nodes=[])
    left = (photo.width - photo.height) // 2
    expected = photo.crop((left, 0, left + photo.height, photo.height)).resize((224, 224), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(inspection.display).astype(int) - np.asarray(expected)).max() <= 1
    assert inspection.notes == ("cropped to its centre, 427 x 427 of 640 x 427 pixels",)


@pytest.mark.parametrize("channels", [1, 3, 4, 5])
def test_a_network_of_digits_gets_the_ink_in_all_its_channels(channels: int, tmp_path: Path) -> None:
    subject = open_run(untrained_run(tmp_path / "run", channels), Inferrer())
    page = Image.new("RGB", (90, 60), (240, 230, 210))
    page.paste((40, 60, 160), (60, 10, 70, 50))
    page.save(tmp_path / "page.png")
    inspection = inspect_image(subject, Inferrer().catalog, image=tmp_path / "page.png")
    planes = subject.image_format.denormalize(inspection.image)
    assert planes.shape[0] == channels and (planes == planes[:1]).all()
    assert float(planes[0, :, 0].max()) < 0.1
    assert float(planes[0, 4, 3:5].max()) > 0.9
    assert "only its ink is used" in inspection.notes[0]


def test_notes_are_in_the_report_and_in_the_reply_to_the_window(tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", 1)
    values = np.random.RandomState(0).rand(20, 20).astype(np.float32)
    values[3, 3] = np.nan
    Image.fromarray(values).save(tmp_path / "holed.tif")
    lines = inspect_run(run.path, tmp_path / "holed.tif", None, tmp_path / "out")
    notes = json.loads((tmp_path / "out" / "maps.json").read_text())["notes"]
    assert any("1 of 400 pixels is not a finite number" in note for note in notes)
    assert [line for line in lines if line.startswith("note: ")] == [f"note: {note}" for note in notes]
    reply = Inspector(Inferrer()).capture_maps(
        {"design": to_json(run.design()), "run": str(run.path), "image": {"path": str(tmp_path / "holed.tif")}},
        lambda *_: None,
    )
    assert reply["notes"] == notes


def test_white_ink_on_transparency_is_the_page_of_black_ink(tmp_path: Path) -> None:
    subject = open_run(untrained_run(tmp_path / "run", 1), Inferrer())
    images = []
    for colour in (0, 255):
        ink = Image.new("RGBA", (40, 40), (colour, colour, colour, 0))
        ink.paste((colour, colour, colour, 255), (12, 5, 20, 33))
        ink.save(tmp_path / "ink.png")
        images.append(inspect_image(subject, Inferrer().catalog, image=tmp_path / "ink.png").image)
    assert float((images[0] - images[1]).abs().max()) < 0.02
    assert len(images[0].unique()) > 1
