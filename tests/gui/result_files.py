"""Files of predictions, as the training process writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from composer.core.files.run_folder import PREDICTIONS

CLASSES = ("cat", "dog", "fox")
LABELS = (0, 0, 0, 1, 1, 2, 2, 2)
PREDICTED = (0, 1, 1, 1, 2, 2, 2, 0)
CONFIDENCE = (0.9, 0.6, 0.8, 0.7, 0.95, 0.5, 0.9, 0.4)
# The mistakes, the most confident first.
MISTAKES = [4, 2, 1, 7]


def write_predictions(
    folder: Path,
    *,
    classes: Sequence[str] = CLASSES,
    labels: Sequence[int] = LABELS,
    predicted: Sequence[int] = PREDICTED,
    confidence: Sequence[float] = CONFIDENCE,
    name: str = PREDICTIONS,
    part: str = "val",
    epoch: int = 3,
    **more: Any,
) -> Path:
    """Write the predictions of a run, and return the file."""
    arrays = {
        "classes": np.array(classes),
        "labels": np.array(labels, np.int32),
        "predicted": np.array(predicted, np.int32),
        "confidence": np.array(confidence, np.float32),
        "rank": np.array([int(a != b) for a, b in zip(labels, predicted, strict=False)], np.int32),
        "names": np.array([f"pictures/{number}.png" for number in range(len(labels))]),
        "part": np.array(part),
        "epoch": np.array(epoch),
        **more,
    }
    file = folder / name
    with file.open("wb") as out:
        np.savez(out, **{key: array for key, array in arrays.items() if array is not None})
    return file
