"""The source `shapes`: fields, parts, channels, the cache on disk, and what it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts, scene_cache
from composer.engine.training.datasets.scene_cache import cached_scenes
from composer.engine.training.datasets.scenes import SceneStyle, draw_scenes


def load_shapes(shape: tuple[int, int, int] = (3, 32, 32), **options: Any) -> LoadedDataset:
    return load(ExtensionRef("shapes", {"count": 40, **options}), {"image": shape})


def test_scenes_with_their_class_and_box_in_three_parts() -> None:
    data = load_shapes()
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 40, "val": 8, "test": 8}
    for number, split in enumerate(data.parts().values()):
        scenes = draw_scenes(SceneStyle(), number, len(split), (32, 32))
        batch = split.take(slice(None))
        shown = np.rint(data.image_format().denormalize(batch["image"]).permute(0, 2, 3, 1).numpy() * 255)
        assert (shown == scenes.images).all()
        assert (batch["label"].numpy() == scenes.labels).all() and (batch["box"].numpy() == scenes.boxes).all()
    assert data.classes[0] == "disc" and data.facts.parts["train"].class_counts == (5,) * 8


def test_any_size_and_number_of_channels_and_classes() -> None:
    assert load_shapes((1, 24, 48)).train.take(slice(2))["image"].shape == (2, 1, 24, 48)
    assert load_shapes((4, 24, 24)).train.take(slice(2))["image"].shape == (2, 4, 24, 24)
    many = load_shapes(classes=1000)
    assert len(many.classes) == 1000 and many.train.labels is not None and len(set(many.train.labels.tolist())) == 40
    facts = load_facts(ExtensionRef("shapes", {"classes": 3, "count": 10}))
    assert facts.classes == ("disc", "ring", "square") and facts.parts["train"].count == 10


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 32, 32), {"classes": 9}, "9 classes differ in colour, but the image has 1 channel; choose at most 8"),
        (
            (3, 8, 8),
            {},
            "would be 1.9 pixels wide in images of 8 x 8, expected at least 5; raise object_size",
        ),
        ((3, 32, 32), {"classes": 1001}, "classes is 1001"),
    ],
)
def test_scenes_that_show_nothing_are_refused(
    shape: tuple[int, int, int], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load_shapes(shape, **options)


def test_many_scenes_are_drawn_once_and_read_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path))
    monkeypatch.setattr(scene_cache, "MIN_CACHED_PIXELS", 1000)
    drawn = cached_scenes(SceneStyle(), 0, 4, (32, 32))
    (file,) = (tmp_path / "cache" / "scenes").iterdir()
    monkeypatch.setattr(scene_cache, "draw_scenes", lambda *_: pytest.fail("drawn again"))
    cached = cached_scenes(SceneStyle(), 0, 4, (32, 32))
    assert (cached.images == drawn.images).all() and (cached.labels == drawn.labels).all()
    assert (cached.boxes == drawn.boxes).all()
    monkeypatch.setattr(scene_cache, "draw_scenes", draw_scenes)
    file.write_bytes(file.read_bytes()[:500])
    assert (cached_scenes(SceneStyle(), 0, 4, (32, 32)).images == drawn.images).all(), "a damaged file is replaced"
    assert (cached_scenes(SceneStyle(seed=1), 0, 4, (32, 32)).images != drawn.images).any()
    monkeypatch.setattr(scene_cache, "MAX_FOLDER_BYTES", 30_000)
    cached_scenes(SceneStyle(seed=2), 0, 8, (32, 32))
    assert len(list(file.parent.iterdir())) == 1, "old files are removed"
    (tmp_path / "other").write_text("no folder")
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "other"))
    assert (cached_scenes(SceneStyle(), 0, 4, (32, 32)).images == drawn.images).all(), "no cache is no fault"
