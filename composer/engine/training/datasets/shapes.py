"""Generated scenes whose class is one small object among clutter; where the object is, is known."""

from dataclasses import replace
from functools import lru_cache
from typing import Annotated

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.labelled_images import ImagePart, load_images
from composer.engine.training.datasets.scene_cache import cached_scenes
from composer.engine.training.datasets.scene_kinds import KINDS, class_names
from composer.engine.training.datasets.scenes import SceneStyle, Size

DEFAULT_SIDE = 64  # of scenes, where no design states it
MIN_PIXELS = 5  # diameter at which the kinds can just be told apart


@dataset(title="Shapes", fields=("image", "label", "box"))
class ShapeScenes(Dataset):
    """Scenes with one object, a disc, ring, square, triangle, cross, bar, star or crescent, at the size of the input.

    The field ``box`` is around the object: left, top, right and bottom as shares of the image, so that attention on the
    object can be measured. Up to 8 classes are kinds in any colour; more are kinds in colours of their own.

    Args:
        classes: number of classes.
        count: number of training scenes; validation and test have a fifth of it each.
        object_size: diameter of the object as a share of the shorter side of the image.
        clutter: number of strokes around it.
        seed: seed of the scenes.
    """

    def __init__(
        self,
        classes: Annotated[int, (2, 1000)] = 8,
        count: Annotated[int, (2, 1_000_000)] = 4000,
        object_size: Annotated[float, (0.05, 0.9)] = 0.24,
        clutter: Annotated[int, (0, 1000)] = 14,
        seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.style = SceneStyle(classes, object_size, clutter, seed)
        self.count = count

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Draw the scenes in the size of the field ``image``."""
        channels, height, width = shapes["image"]
        if channels != 3 and self.style.classes > len(KINDS):
            raise UserError(
                f"shapes: {self.style.classes} classes differ in colour, but the image has {channels} "
                f"channel{'s' if channels != 1 else ''}; choose at most {len(KINDS)} classes, or an input of 3 channels"
            )
        pixels = min(height, width) * self.style.object_size
        if pixels < MIN_PIXELS:
            raise UserError(
                f"shapes: the object would be {pixels:.1f} pixels wide in images of {width} x {height}, expected at "
                f"least {MIN_PIXELS}; raise object_size or enlarge the input"
            )
        parts = _draw(self.style, self.count, (width, height))
        data = load_images("shapes", parts, class_names(self.style.classes), (channels, height, width))
        return replace(data, facts=replace(data.facts, sizes=()))  # they are drawn at any size

    def facts(self) -> DataFacts:
        """Return the facts of scenes of a common size."""
        return self.load({"image": (3, DEFAULT_SIDE, DEFAULT_SIDE)}).facts


def part_counts(count: int) -> dict[str, int]:
    """Return the number of scenes of each part."""
    fifth = max(2, count // 5)
    return {"train": count, "val": fifth, "test": fifth}


@lru_cache(maxsize=1)
def _draw(style: SceneStyle, count: int, size: Size) -> dict[str, ImagePart]:
    """Draw the scenes of all parts."""
    parts = {}
    for number, (part, scenes_of_part) in enumerate(part_counts(count).items()):
        scenes = cached_scenes(style, number, scenes_of_part, size)
        parts[part] = ImagePart(scenes.images, scenes.labels, extra={"box": scenes.boxes})
    return parts
