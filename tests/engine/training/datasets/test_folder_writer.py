"""Datasets as folders of PNG files."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import load
from composer.engine.training.datasets.folder_writer import folder_names, write_folder
from composer.engine.training.datasets.scene_kinds import KINDS
from composer.engine.training.datasets.scenes import SceneStyle, draw_scenes

SHAPES = ExtensionRef("shapes", {"count": 20})


def test_scenes_are_written_with_their_classes_and_boxes(tmp_path: Path) -> None:
    counts = write_folder(SHAPES, tmp_path / "new" / "shapes", size=(40, 32))
    assert counts == {"train": 20, "val": 4, "test": 4}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["shapes"]
    rows = list(csv.DictReader((tmp_path / "new" / "shapes" / "boxes.csv").read_text().splitlines()))
    assert len(rows) == 28
    for number, part in enumerate(counts):
        scenes = draw_scenes(SceneStyle(), number, counts[part], (40, 32))
        for row in (row for row in rows if row["path"].startswith(part)):
            index = int(Path(row["path"]).stem)
            pixels = np.asarray(Image.open(tmp_path / "new" / "shapes" / row["path"]))
            assert (pixels == scenes.images[index]).all()
            assert row["path"].split("/")[1] == row["label"]
            box = [float(row[side]) for side in ("left", "top", "right", "bottom")]
            assert box == pytest.approx(scenes.boxes[index].tolist(), abs=1e-6)


def test_the_folder_is_read_by_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    counts = write_folder(SHAPES, tmp_path / "shapes", size=(32, 32))
    data = load(ExtensionRef("images", {"folder": str(tmp_path / "shapes")}), {"image": (3, 32, 32)})
    assert {part: len(split) for part, split in data.parts().items()} == counts
    assert data.facts.broken == () and sorted(data.classes) == sorted(KINDS)
    assert data.facts.notes == ()  # the list of boxes is not reported as a file that is no image
    scenes = draw_scenes(SceneStyle(), 0, 20, (32, 32))
    batch = data.train.take(slice(None))
    shown = np.rint(data.image_format().denormalize(batch["image"]).permute(0, 2, 3, 1).numpy() * 255)
    names = {image.tobytes(): KINDS[label] for image, label in zip(scenes.images, scenes.labels, strict=True)}
    labels = [data.classes[label] for label in batch["label"].tolist()]
    assert [names[image.tobytes()] for image in shown.astype(np.uint8)] == labels


def test_grey_images_without_boxes(tmp_path: Path) -> None:
    x = np.random.RandomState(0).randint(0, 256, (40, 5, 7)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x, y=np.array(["a/b", "a b"] * 20))
    write_folder(ExtensionRef("npz", {"file": str(tmp_path / "data.npz")}), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "train").iterdir()) == ["a b", "a_b"]
    assert not (tmp_path / "out" / "boxes.csv").exists()
    images = [np.asarray(Image.open(path)) for path in (tmp_path / "out").rglob("*.png")]
    assert sorted(image.tobytes() for image in images) == sorted(image.tobytes() for image in x)


def test_names_of_classes_become_different_names_of_folders() -> None:
    assert folder_names(["a", "A", "a/b", "a:b", "..", "ring #ff0000"]) == [
        "a", "A 2", "a_b", "a_b 2", "_", "ring #ff0000"
    ]  # fmt: skip


def test_files_of_the_user_stay_and_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_text("mine")
    with pytest.raises(UserError, match=r"mine is not empty: it holds photo\.png; choose a new or an empty folder"):
        write_folder(SHAPES, tmp_path / "mine")
    with pytest.raises(UserError, match="is a file; choose a new"):
        write_folder(SHAPES, tmp_path / "mine" / "photo.png")
    with pytest.raises(UserError, match="sequences has no images with classes"):
        write_folder(ExtensionRef("sequences", {"count": 20}), tmp_path / "new")

    def disk_full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", disk_full)
    with pytest.raises(UserError, match="new: cannot be written: No space left on device"):
        write_folder(SHAPES, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine" / "photo.png").read_text() == "mine"
