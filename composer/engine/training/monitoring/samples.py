"""A few fixed validation images with the network's prediction and attention, written again after each epoch.

One sees attention form while the network trains. A run folder holds ::

    samples/image_0.png ...                 the images
    samples/epoch_0003.json                 map (its name), note, images: [{index, name, label, predicted, score,
                                            image, file}, ...]
    samples/epoch_0003/0.png ...            the map over each image; the image alone where there is no map

Nothing depends on these files, so they take at most a hundredth of the time, a disk that refuses them is no reason to
stop, and no file waits until it is on the disk: a kill leaves complete ones, a power cut may leave torn ones, which the
window leaves out.
"""

import io
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from PIL import Image

from composer.core.blocks.map_kinds import map_kinds
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.run_samples import FOLDER
from composer.core.graph import Design
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.library import catalog
from composer.engine.maps.capture import capture
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_kinds import draw_map
from composer.engine.maps.overlay import overlay
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import Split

IMAGES = 8
SIDE = 128
# Share of the time that a run may spend on samples; the first and the last epoch have them in any case.
TIME_SHARE = 0.01
# Epochs of a run that have samples: files of more are for nobody.
MOST_EPOCHS = 200
# Numbers in one image's map, all heads together: a larger one takes longer to compute and draw than it is worth here.
MAX_MAP = 2**22


def sample_numbers(split: Split, count: int = IMAGES) -> list[int]:
    """Return the numbers of some samples, of as many classes as possible."""
    labels = split.labels
    if labels is None:
        return torch.linspace(0, len(split) - 1, min(count, len(split))).round().long().tolist()
    rounds: dict[int, list[int]] = {}
    for number, label in enumerate(labels.tolist()):
        members = rounds.setdefault(label, [])
        if len(members) < count:
            members.append(number)
    by_turns = sorted((turn, label, number) for label, row in rounds.items() for turn, number in enumerate(row))
    return [number for _, _, number in by_turns[:count]]


def last_attention(maps: Sequence[CapturedMap]) -> CapturedMap | None:
    """Return the last attention that can be drawn over the image, else the last gate, else None."""
    drawable = [row for row in maps if draw_map(row).over_image]
    attention = [row for row in drawable if map_kinds()[row.kind].values != "gate"]
    return next(reversed(attention or drawable), None)


@dataclass
class SampleWriter:
    """Writes the samples of a run.

    Args:
        folder: the run.
        design: what is trained.
        inputs: passes a batch to its network.
        fabric: its number format.
        split: the validation split.
        image: how an image becomes an input of the network, and back; None without images.
        classes: names of the classes.

    Attributes:
        seconds: time spent so far.
    """

    folder: Path
    design: Design
    inputs: NamedInputs
    fabric: Fabric
    split: Split
    image: ImageFormat | None
    classes: tuple[str, ...]
    seconds: float = 0.0
    _numbers: list[int] = field(init=False)
    _nodes: list[str] | None = field(init=False, default=None)
    _note: str = field(init=False, default="")
    _displays: list[Image.Image] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = sample_numbers(self.split) if IMAGE in self.split.fields and self.image is not None else []
        self._batch = self.split.take(torch.tensor(self._numbers)) if self._numbers else {}

    def wants(self, epoch: int, epochs: int, seconds: float) -> bool:
        """Return whether an epoch gets samples.

        Args:
            epoch: its number.
            epochs: planned epochs.
            seconds: time spent training so far.
        """
        if not self._numbers:
            return False
        if epoch in (1, epochs):
            return True
        stride = -(-epochs // MOST_EPOCHS)
        return epoch % stride == 0 and self.seconds <= TIME_SHARE * seconds

    def write(self, epoch: int) -> None:
        """Write the samples of an epoch, as far as the disk allows it."""
        start = time.perf_counter()
        with suppress(OSError, UserError), torch.random.fork_rng(devices=[]):
            self._write(epoch)
        self.seconds += time.perf_counter() - start

    def _write(self, epoch: int) -> None:
        name = f"epoch_{epoch:04d}"
        folder = self.folder / FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        if not self._displays and self.image is not None:
            displays = [self.image.to_image(tensor, SIDE) for tensor in self._batch[IMAGE]]
            for number, display in enumerate(displays):
                _save(display, folder.parent / f"image_{number}.png")
            self._displays = displays  # Only now: what the disk refuses is written again with the next epoch.
        output, captured = self._run()
        scores = self._scores(output)
        rows = []
        for position, number in enumerate(self._numbers):
            display = self._displays[position]
            if captured is not None:
                drawing = draw_map(captured, position)
                display = overlay(display.convert("RGB"), drawing.images[0].numpy())
            _save(display, folder / f"{position}.png")
            rows.append(
                {
                    "index": number,
                    "name": self.split.name(number),
                    "label": self._label(position),
                    "predicted": scores[position][0] if scores else None,
                    "score": scores[position][1] if scores else None,
                    "image": f"{FOLDER}/image_{position}.png",
                    "file": f"{FOLDER}/{name}/{position}.png",
                }
            )
        title = "" if captured is None else f"{captured.layer.replace('.', '/')}: {map_kinds()[captured.kind].words}"
        content = {"epoch": epoch, "map": title, "note": self._note, "images": rows}
        # Last: whoever sees it can read all files that it names.
        _write(folder.parent / f"{name}.json", json.dumps(content, indent=2).encode())

    def _run(self) -> tuple[Any, CapturedMap | None]:
        """Return the outputs for all images, and the map to draw."""
        network = self.inputs.network
        inputs = self.inputs.values(self.fabric.strategy.precision.convert_input(self._batch))
        blocks = {id: node.block for id, node in self.design.main.nodes.items() if node.subgraph is None}
        if self._nodes is None:
            # The first time with one image, because all maps of all images may be large.
            with self.fabric.autocast():
                _, maps = capture(network, [tensor[:1] for tensor in inputs], catalog(), blocks)
            last = last_attention([row for row in maps if row.data.numel() <= MAX_MAP])
            self._nodes = [last.node] if last is not None else []
            if last is None and last_attention(maps) is not None:
                self._note = "no map is drawn, because each would take too long; see the Attention panel"
        with self.fabric.autocast():
            output, maps = capture(network, inputs, catalog(), blocks, self._nodes)
        return output, last_attention(maps)

    def _scores(self, output: Any) -> list[tuple[str, float]]:
        """Return the likeliest class of each image and its probability; empty without a score for each class."""
        if not isinstance(output, torch.Tensor) or output.ndim != 2 or output.shape[1] != len(self.classes):
            return []
        best, numbers = output.float().softmax(1).max(1)
        return [
            (self.classes[number], round(score, 4))
            for score, number in zip(best.tolist(), numbers.tolist(), strict=True)
        ]

    def _label(self, position: int) -> str | None:
        labels = self._batch.get(LABEL)
        if labels is None or labels.ndim != 1 or not self.classes:
            return None
        return self.classes[int(labels[position])]


def _save(image: Image.Image, path: Path) -> None:
    """Write an image, all of it or nothing."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    _write(path, buffer.getvalue())


def _write(path: Path, data: bytes) -> None:
    write_atomically(path, lambda file: file.write(data), flush=False)
