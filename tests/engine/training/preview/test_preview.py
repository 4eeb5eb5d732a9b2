import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.design_file import save
from composer.core.files.design_json import to_json
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import load
from composer.engine.training.preview.preview import SamplePreviewer, data_preview
from composer.engine.training.preview.preview_sheet import CELL, preview_sheet, write_sheet
from tests.engine.designs import tiny


def design(*augmentations, **settings):
    references = tuple(ExtensionRef(name) for name in augmentations)
    return edits.set_training(tiny(), replace(tiny().training, augment=references, **settings))


def pixels(image):
    return np.asarray(image.convert("RGB"))


def test_the_seen_image_is_the_sample():
    preview = SamplePreviewer.of(design()).preview("val", 3, draws=4)
    data = load(ExtensionRef("digits"), {"image": (1, 8, 8)})
    batch = data.val.take(slice(3, 4))
    assert np.array_equal(pixels(preview.seen), pixels(data.image_format().to_image(batch["image"][0])))
    assert (preview.name, preview.label) == (data.val.name(3), str(int(batch["label"])))
    assert preview.draws == ()


def test_draws_differ_and_depend_on_seed_epoch_and_sample_alone():
    previewer = SamplePreviewer.of(design("affine", "erasing"))

    def drawn(index=2, epoch=1):
        return [draw.image.tobytes() for draw in previewer.preview("train", index, 6, epoch).draws]

    assert len(set(drawn())) == 6
    assert drawn() == drawn()
    assert not set(drawn()) & set(drawn(epoch=2))
    other = SamplePreviewer.of(design("affine", "erasing", seed=1)).preview("train", 2, 6).draws
    assert drawn() != [draw.image.tobytes() for draw in other]


def test_mixed_samples_state_their_parts():
    previewer = SamplePreviewer.of(design("mixup"))
    preview = previewer.preview("train", 0, 12)
    labels = [draw.label for draw in preview.draws]
    assert any("%" in label for label in labels)
    for label in labels:
        if "%" not in label:
            assert label == preview.label  # the partner has the same class
            continue
        shares = {name: int(share) for share, name in (part.split(" % ") for part in label.split(", "))}
        assert preview.label in shares
        assert sum(shares.values()) == pytest.approx(100, abs=1)


def test_samples_that_do_not_exist_are_refused():
    previewer = SamplePreviewer.of(design())
    with pytest.raises(UserError, match=r"train has no sample 5000; its 1,4\d\d samples are numbered from 0"):
        previewer.preview("train", 5000, 0)
    with pytest.raises(UserError, match="the data has no part 'test'; its parts are: train, val"):
        previewer.preview("test", 0, 0)


def test_the_reply_to_the_window_holds_images():
    params = {"design": to_json(design("affine")), "folder": None, "part": "train", "index": 1, "draws": 3}
    reply = data_preview(params)
    images = [Image.open(io.BytesIO(base64.b64decode(row["png"]))) for row in (reply["seen"], *reply["draws"])]
    assert [image.size for image in images] == [(8, 8)] * 4
    assert {row["label"] for row in reply["draws"]} == {reply["label"]}
    assert data_preview(params) == reply


def test_a_page_has_a_row_for_each_sample(tmp_path):
    previewer = SamplePreviewer.of(design("affine"))
    previews = [previewer.preview("train", index, 3) for index in (0, 9)]
    page = pixels(preview_sheet(previews))
    cell = pixels(previews[1].seen.resize((CELL, CELL), Image.Resampling.NEAREST))
    positions = [
        row for row in range(page.shape[0] - CELL) if np.array_equal(page[row : row + CELL, 12 : 12 + CELL], cell)
    ]
    assert len(positions) == 1
    assert positions[0] > CELL


def test_a_page_is_written_once_and_replaces_nothing_of_the_user(tmp_path):
    file, output = tmp_path / "design.yaml", tmp_path / "page.png"
    save(design(), file)
    line = write_sheet(file, output, "train", 2, 2, {"augment": ["flip", "mixup"]}, force=False)
    assert line.endswith("train samples, flip, mixup")
    write_sheet(file, output, "val", 2, 2, {}, force=False)  # its own file
    output.write_text("mine")
    with pytest.raises(UserError, match="add --force"):
        write_sheet(file, output, "train", 2, 2, {}, force=False)
    assert output.read_text() == "mine"
    with pytest.raises(UserError, match=r"expected \.png, \.jpg or \.webp"):
        write_sheet(file, tmp_path / "page.txt", "train", 2, 2, {}, force=False)
    with pytest.raises(UserError, match="augment 'swirl' is unknown"):
        write_sheet(file, tmp_path / "other.png", "train", 2, 2, {"augment": ["swirl"]}, force=False)
    assert not (tmp_path / "other.png").exists()
