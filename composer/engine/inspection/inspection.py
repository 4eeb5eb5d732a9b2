"""One image sent through a network: its prediction and its maps, in memory and as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from composer.core.blocks.catalog import Catalog
from composer.core.blocks.map_kinds import map_kinds
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.run_records import PARTS
from composer.core.training_inputs import IMAGE
from composer.engine.inspection.subject import Subject
from composer.engine.maps.capture import capture
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages
from composer.engine.maps.map_kinds import draw_map
from composer.engine.training.datasets.image_file import read_image

DISPLAY_SIZE = 256
# The likeliest classes that are reported.
TOP = 5


@dataclass(frozen=True)
class Inspection:
    """What a network computes for one image.

    Args:
        image: the network's input (C, H, W).
        display: the image as people see it.
        label: its true class, if it is a sample of the dataset.
        prediction: the likeliest classes with their probabilities, best first.
        notes: what was done to the user's image before the network saw it.
        maps: each captured map with its drawing.
    """

    image: Tensor
    display: Image.Image
    label: str | None
    prediction: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]
    maps: tuple[tuple[CapturedMap, MapImages], ...]


def inspect_image(
    subject: Subject,
    catalog: Catalog,
    *,
    image: Path | None = None,
    sample: int | None = None,
    part: str = "val",
    nodes: list[str] | None = None,
) -> Inspection:
    """Send one image through a network and capture its maps.

    Args:
        subject: the network.
        catalog: the blocks.
        image: an image file.
        sample: number of an image of the dataset, used without a file; the first by default.
        part: the part of the dataset that it is in.
        nodes: only maps of these nodes of the main graph.

    Raises:
        UserError: if the image cannot be read, or there is no such sample.
    """
    label: str | None = None
    notes: tuple[str, ...] = ()
    if image is not None:
        prepared = subject.image_format.prepare(read_image(image))
        batch, notes = {IMAGE: prepared.tensor}, prepared.notes
    else:
        if subject.missing:
            raise UserError(f"{subject.missing}; choose an image file instead of a sample")
        subject.data.image_format()  # refuses data without images
        split = subject.data.parts().get(part)
        if split is None:
            raise UserError(f"{subject.data.name} has no part {part}; it has: {', '.join(subject.data.parts())}")
        number = sample or 0
        if not 0 <= number < len(split):
            raise UserError(
                f"sample {number} does not exist; "
                f"the {PARTS.get(part, part)} images of {subject.data.name} are 0 to {len(split) - 1}"
            )
        batch = split.take(slice(number, number + 1))
        label = subject.data.label(batch, 0)
    tensor = batch[IMAGE]
    output, maps = capture(subject.model, _inputs(subject.design, batch), catalog, subject.blocks_by_path, nodes)
    display = subject.image_format.to_image(tensor[0], DISPLAY_SIZE)
    drawings = tuple((captured, draw_map(captured)) for captured in maps)
    return Inspection(tensor[0], display, label, predict(output, subject.data.classes), notes, drawings)


def _inputs(design: Design, batch: Mapping[str, Tensor]) -> list[Tensor]:
    """Return what a network takes of a batch: its fields, an image as a row of values where the input has one axis.

    Raises:
        UserError: if the batch lacks a field, as an image file does.
    """
    items = design.main.inputs
    fields = tuple(items) if len(items) > 1 else (IMAGE,)
    if missing := [field for field in fields if field not in batch]:
        raise UserError(
            f"the network also takes {', '.join(missing)}, which an image file does not have; "
            "choose a sample of its data"
        )
    axes = [len(item.shape) for item in items.values()]
    return [
        batch[field].flatten(1) if field == IMAGE and count == 1 else batch[field]
        for field, count in zip(fields, axes, strict=True)
    ]


def predict(output: object, classes: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Return the likeliest classes, best first; nothing if the output is not one score a class."""
    if not isinstance(output, Tensor) or output.ndim != 2 or output.shape[1] != len(classes):
        return ()
    probabilities, order = output[0].float().softmax(0).sort(descending=True)
    best = zip(probabilities[:TOP], order[:TOP], strict=True)
    return tuple((classes[int(number)], float(probability)) for probability, number in best)


def map_title(captured: CapturedMap) -> str:
    """Return a map's name for people, ``attn: attention``, with inner layer and number where there are several."""
    inner = captured.layer.removeprefix(captured.node).strip(".")
    owner = f"{captured.node} ({inner})" if inner else captured.node
    return f"{owner}: {map_kinds()[captured.kind].words}" + (f" {captured.call + 1}" if captured.call else "")


def write_maps(inspection: Inspection, folder: Path) -> list[dict[str, Any]]:
    """Write the image and the arrays of all maps to a folder.

    Returns:
        One entry a map, as plain JSON values; ``file`` is its first image, ``images`` all of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inspection.display.save(folder / "image.png")
    entries = []
    for number, (captured, drawing) in enumerate(inspection.maps):
        stem = f"{number:03d}_{captured.layer.replace('.', '_')}_{captured.kind}"
        first, images = folder / f"{stem}.npy", folder / f"{stem}_images.npy"
        np.save(first, drawing.images[0].numpy())
        np.save(images, drawing.images.numpy())
        bars, queries = None, None
        if drawing.bars is not None:
            np.save(folder / f"{stem}_bars.npy", drawing.bars.values.numpy())
            bars = {
                "file": str(folder / f"{stem}_bars.npy"),
                "title": drawing.bars.title,
                "axis": drawing.bars.axis,
            }
        if drawing.queries is not None:
            np.save(folder / f"{stem}_queries.npy", drawing.queries.numpy())
            queries = {"file": str(folder / f"{stem}_queries.npy"), "grid": list(drawing.queries.shape[1:3])}
        entries.append(
            {
                "node": captured.node,
                "layer": captured.layer,
                "call": captured.call,
                "kind": captured.kind,
                "title": map_title(captured),
                "shape": list(captured.shape),
                "grid": list(drawing.grid),
                "over_image": drawing.over_image,
                "file": str(first),
                "images": {"file": str(images), "titles": list(drawing.titles)},
                "bars": bars,
                "queries": queries,
                "notes": list(drawing.notes),
            }
        )
    return entries
