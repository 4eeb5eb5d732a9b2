"""The validation images that a run shows after each epoch, with prediction and attention, read from its folder.

``samples/epoch_0003.json`` names the images and what the network thought of them; `engine.training.samples` writes it
last, so that every file it names exists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.core.json_text import load_json

FOLDER = "samples"
_EPOCH = re.compile(r"epoch_(\d+)\.json")


@dataclass(frozen=True, slots=True)
class RunSample:
    """One image.

    Args:
        name: its file, or its number in words.
        image: the image, as the network sees it.
        drawing: the map over the image; the image where there is none.
        label: its class; empty if it has none.
        predicted: the likeliest class; empty if the network does not tell classes.
        score: its probability.
    """

    name: str
    image: Path
    drawing: Path
    label: str = ""
    predicted: str = ""
    score: float = 0.0

    @property
    def right(self) -> bool | None:
        """Whether the prediction is right; None if there is none, or no class to compare it with."""
        return self.predicted == self.label if self.predicted and self.label else None


@dataclass(frozen=True, slots=True)
class EpochSamples:
    """The images of an epoch.

    Args:
        epoch: its number.
        map: name of the map that is drawn over them; empty for none.
        samples: the images.
        note: why there is no map.
    """

    epoch: int
    map: str
    samples: tuple[RunSample, ...]
    note: str = ""


def sample_epochs(run: Path) -> list[int]:
    """Return the epochs of a run that have images, in ascending order."""
    try:
        names = [path.name for path in (run / FOLDER).iterdir()]
    except OSError:
        return []
    return sorted(int(match[1]) for name in names if (match := _EPOCH.fullmatch(name)))


def read_samples(run: Path, epoch: int) -> EpochSamples | None:
    """Return the images of an epoch; None if they cannot be read."""
    try:
        content = load_json((run / FOLDER / f"epoch_{epoch:04d}.json").read_text("utf-8"))
        rows = content["images"]
        return EpochSamples(
            epoch,
            str(content.get("map") or ""),
            tuple(_sample(run, row) for row in rows),
            str(content.get("note") or ""),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sample(run: Path, row: Mapping[str, Any]) -> RunSample:
    score = row.get("score")
    return RunSample(
        str(row["name"]),
        run / row["image"],
        run / row["file"],
        str(row.get("label") or ""),
        str(row.get("predicted") or ""),
        float(score) if isinstance(score, int | float) else 0.0,
    )
