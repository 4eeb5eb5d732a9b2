"""The second half of the demo: a folder of images, a network trained on it, its mistakes, and attention on the object.

The images are generated scenes whose class is one small object, so that its place is known and attention can be
compared with it.
"""

import csv
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from composer.core import edits
from composer.core.errors import UserError
from composer.core.extension_text import reference_text
from composer.core.files.design_file import load
from composer.core.files.design_json import to_json
from composer.core.files.run_folder import read_run
from composer.core.files.templates import template
from composer.core.graph import ExtensionRef

if TYPE_CHECKING:
    from composer.gui.window import Window

TEMPLATE = "hybrid_shapes"
SCENES, RUN = "scenes", "scenes_run"
CONFUSION, ATTENTION = "confusion.png", "attention_on_object.png"
RESULTS = (CONFUSION, ATTENTION)
IMAGES = 8  # test images on the sheet
MAP_TITLE = "class token"
SECONDS = 1800.0


class Steps(Protocol):
    """The running demo, as far as its parts use it."""

    out: Path

    def note(self, text: str) -> None:
        """Add a line to the report."""

    def spin(self, seconds: float) -> None:
        """Process events for a while."""

    def need(self, done: Callable[[], bool], seconds: float, event: str) -> None:
        """Process events until a condition is met; raise a UserError if that takes too long."""

    def show_results(self, window: "Window", run: Path, file: Path) -> None:
        """Show the results of a run and save the panel as an image."""


@dataclass(frozen=True)
class Scene:
    """A test image.

    Args:
        path: the file.
        label: its class.
        box: left, top, right and bottom of the object as shares of the image.
    """

    path: Path
    label: str
    box: tuple[float, float, float, float]


def run_scenes(demo: Steps, window: "Window", count: int | None, epochs: int | None) -> str:
    """Write the images, train on them as a user does who drops a folder, and look at the results.

    Args:
        demo: writes the notes and waits.
        window: the window.
        count: number of training images; None: as many as the template says.
        epochs: likewise.

    Returns:
        The result in words.
    """
    session = window.session
    folder = demo.out / SCENES
    _write_scenes(folder, count)
    images = sum(1 for _ in folder.rglob("*.png"))
    session.open_template(template(TEMPLATE))
    session.use_data(folder)
    if epochs is not None:
        training = replace(session.document.design.training, epochs=epochs)
        session.document.edit_design("Set epochs", edits.set_training, training)
    demo.need(lambda: session.facts_current, SECONDS, "the facts of the second network")
    demo.note(f"opened {TEMPLATE} and dropped a folder of {images:,} images on it")
    window.show_panel("training")
    handle = session.start_training({"out": str(demo.out / RUN)})
    demo.need(lambda: handle.state in ("done", "failed", "stopped"), SECONDS, "the end of the second training")
    if handle.state != "done":
        raise UserError(f"demo: the second training {handle.state}: {handle.detail}")
    info = read_run(demo.out / RUN)
    demo.note(f"trained {info.epoch} epochs on the folder: best validation {info.best_text}")
    demo.show_results(window, demo.out / RUN, demo.out / CONFUSION)
    layer, factor = _save_attention(demo, window, _test_scenes(folder))
    text = f"attention on the object is {factor:.1f} times its share of the image"
    demo.note(f"class-token attention of {IMAGES} test images in {layer}, the layer where it is largest: {text}")
    return f"{info.best_text} on generated scenes, {text}"


def _write_scenes(folder: Path, count: int | None) -> None:
    """Write the scenes of the template as image files, by the command line."""
    design = load(template(TEMPLATE))
    source = design.training.data
    height, width = next(iter(design.main.inputs.values())).shape[1:]
    if count is not None:
        source = ExtensionRef(source.name, {**source.options, "count": count})
    text = (
        reference_text("data", source)
        or "{" + ", ".join(f"{key}: {value}" for key, value in {"name": source.name, **source.options}.items()) + "}"
    )
    command = [
        sys.executable,
        "-m",
        "composer",
        "datasets",
        text,
        "--write",
        str(folder),
        "--size",
        f"{width}x{height}",
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise UserError(f"demo: the scenes could not be written: {finished.stderr.strip()}")


def _test_scenes(folder: Path) -> list[Scene]:
    """Return the first test image of each class."""
    scenes: dict[str, Scene] = {}
    with (folder / "boxes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["path"].startswith("test/") and row["label"] not in scenes:
                left, top, right, bottom = (float(row[side]) for side in ("left", "top", "right", "bottom"))
                scenes[row["label"]] = Scene(folder / row["path"], row["label"], (left, top, right, bottom))
    return list(scenes.values())[:IMAGES]


def _save_attention(demo: Steps, window: "Window", scenes: list[Scene]) -> tuple[str, float]:
    """Draw class-token attention over the test images with the box of each object.

    Returns:
        The layer in which most attention is in the box, and its share there as a multiple of the box's share of the
        image: the mean over the images.
    """
    import numpy as np

    from composer.cli.attention_sheet import draw_sheet

    captured = [_class_token_maps(demo, window, scene) for scene in scenes]
    factors = {
        layer: float(np.mean([_factor(maps[layer], scene.box) for maps, scene in zip(captured, scenes, strict=True)]))
        for layer in captured[0]
    }
    best = max(factors, key=lambda layer: factors[layer])
    rows = [(scene.path, scene.label, scene.box, maps[best]) for maps, scene in zip(captured, scenes, strict=True)]
    draw_sheet(rows, demo.out / ATTENTION)
    return best, factors[best]


def _class_token_maps(demo: Steps, window: "Window", scene: Scene) -> dict[str, Any]:
    """Return what the class token attends to in each layer (height, width), by layer."""
    import numpy as np

    replies: list[dict[str, Any]] = []
    problems: list[str] = []
    params = {
        "design": to_json(window.session.located_design),
        "run": str(demo.out / RUN),
        "image": {"path": str(scene.path)},
    }
    window.session.request("capture_maps", params, replies.append, problems.append)
    demo.need(lambda: bool(replies or problems), SECONDS, "the capture")
    if problems:
        raise UserError(f"demo: {problems[0]}")
    return {
        entry["layer"]: np.load(entry["images"]["file"])[entry["images"]["titles"].index(MAP_TITLE)]
        for entry in replies[0]["maps"]
        if MAP_TITLE in entry["images"]["titles"]
    }


def _factor(weights: Any, box: tuple[float, float, float, float]) -> float:
    """Return the share of the attention (height, width) in a box, as a multiple of the box's share of the image."""
    height, width = weights.shape
    left, top, right, bottom = box
    inside = 0.0
    for row in range(height):
        for column in range(width):
            # The part of the cell that is in the box.
            across = max(0.0, min((column + 1) / width, right) - max(column / width, left)) * width
            down = max(0.0, min((row + 1) / height, bottom) - max(row / height, top)) * height
            inside += float(weights[row, column]) * across * down
    return inside / float(weights.sum()) / ((right - left) * (bottom - top))
