"""What the best epoch of a run predicts, read from its files without torch, and summarized for the results panel."""

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from composer.core.confusion import TOP, Calibration, ClassScore, Confusion, Predictions
from composer.core.errors import UserError
from composer.core.files.run_folder import PREDICTIONS, TEST_PREDICTIONS

FILES = {"val": PREDICTIONS, "test": TEST_PREDICTIONS}
COLUMNS = ("labels", "predicted", "rank")
MAX_BYTES = 2**30


@dataclass(frozen=True)
class RunResults:
    """The predictions for one part of the data of a run.

    Args:
        folder: the run.
        part: ``train``, ``val`` or ``test``.
        epoch: the epoch of the weights; 0 if it is not recorded.
        predictions: the predictions.
    """

    folder: Path
    part: str
    epoch: int
    predictions: Predictions

    @cached_property
    def confusion(self) -> Confusion:
        """The confusion matrix."""
        return self.predictions.confusion

    @cached_property
    def scores(self) -> list[ClassScore]:
        """The values of each class."""
        return self.confusion.scores

    @cached_property
    def mistakes(self) -> list[int]:
        """The wrong predictions, the most confident first."""
        return self.predictions.mistakes()

    @cached_property
    def calibration(self) -> Calibration:
        """How well the confidences agree with the share of right predictions."""
        return self.predictions.calibration()

    @cached_property
    def top(self) -> float:
        """The share of samples whose true class is among the highest scores."""
        return self.predictions.top(TOP)

    def selection(self, label: int | None, predicted: int | None) -> tuple[list[int], str]:
        """Return the samples of a part of the matrix, the most confident first, and what they are in words.

        Args:
            label: the true class; None for all.
            predicted: the predicted class; None for all, of which only the mistakes are returned.
        """
        names, predictions = self.predictions.classes, self.predictions
        if label is not None and predicted is not None:
            indices = predictions.in_cell(label, predicted)
            return indices, f"{len(indices):,} of {names[label]}, predicted as {names[predicted]}"
        indices, kind = self.mistakes, ""
        if label is not None:
            indices, kind = [n for n in indices if predictions.labels[n] == label], f" of {names[label]}"
        elif predicted is not None:
            indices, kind = [n for n in indices if predictions.predicted[n] == predicted], f" as {names[predicted]}"
        words = {0: "No mistakes", 1: "1 mistake"}.get(len(indices), f"{len(indices):,} mistakes")
        return indices, f"{words}{kind}" + (", most confident first" if len(indices) > 1 else "")

    def prepare(self) -> "RunResults":
        """Compute everything that is shown; called in a thread, because 50,000 samples take longer than a frame."""
        for name in ("confusion", "scores", "mistakes", "calibration", "top"):
            getattr(self, name)
        return self


def results_file(folder: Path, part: str) -> Path:
    """Return the file of the predictions for a part of the data."""
    return folder / FILES[part]


def stored_parts(folder: Path) -> list[str]:
    """Return the parts that a run has stored predictions for."""
    return [part for part in FILES if results_file(folder, part).is_file()]


def read_results(folder: Path, file: Path) -> RunResults:
    """Read a file of predictions; nothing in it is executed.

    Args:
        folder: the run that it belongs to.
        file: the file.

    Raises:
        UserError: if it is damaged, or holds no scores per class.
    """
    import numpy as np

    try:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES // 2**20} MiB")
        # Opened here, because numpy leaves the file open where it is damaged.
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if not all(name in archive for name in ("labels", "predicted")):
                raise UserError(f"{file.name} holds no predictions of classes; the objective of this run has none")
            arrays: dict[str, Any] = {
                name: archive[name]
                for name in (*COLUMNS, "confidence", "classes", "names", "part", "epoch")
                if name in archive
            }
        return _results(folder, arrays)
    except UserError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UserError(f"{file.name} of the run {folder.name} is damaged: {reason:.160}") from None


def _results(folder: Path, arrays: dict[str, Any]) -> RunResults:
    classes = tuple(str(name) for name in arrays["classes"].tolist())
    columns = {name: arrays[name].astype(int).tolist() for name in COLUMNS}
    confidence = arrays["confidence"].astype(float).tolist()
    lengths = {len(column) for column in (*columns.values(), confidence)}
    if len(lengths) != 1:
        raise ValueError("its columns have different lengths")
    for name in ("labels", "predicted"):
        if any(not 0 <= number < len(classes) for number in columns[name]):
            raise ValueError(f"{name} has numbers of classes that do not exist")
    names = [str(name) for name in arrays["names"].tolist()] if "names" in arrays else []
    predictions = Predictions(classes, columns["labels"], columns["predicted"], confidence, columns["rank"], names)
    return RunResults(folder, str(arrays.get("part", "val")), int(arrays.get("epoch", 0)), predictions)
