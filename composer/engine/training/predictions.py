"""What a network predicts for every sample of a part, collected during validation and stored beside the run.

``predictions.npz`` (the best epoch on the validation part) and ``predictions_test.npz`` are numpy archives that hold no
objects, so they can be read without running code::

    part        val or test
    epoch       the epoch of the weights
    classes     (C,)   names of the classes
    names       (N,)   names of the samples, in the order of the part; at most 160 characters each
    labels      (N,)   true class
    predicted   (N,)   class with the highest score, from the scores as the network gave them
    confidence  (N,)   its probability
    rank        (N,)   number of classes with a higher score than the true one
    logits      (N, C) scores in half precision, clipped to its range
    top         (N, k) only where N x C is above 2**24: the classes of the `k` highest scores, and `logits` is (N, k)

An objective without classes may store other arrays of N values.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from composer.core import confusion

MAX_SCORES = 2**24  # 32 MiB of logits
TOP = 20
MAX_NAME = 160
LOGITS, LABELS = "logits", "labels"
_HALF = torch.finfo(torch.float16).max


class PredictionCollector:
    """Collects what an objective stores of each sample, batch by batch, in a bounded amount of memory.

    Args:
        samples: number of samples of the part.
    """

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self._parts: dict[str, list[Tensor]] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add a batch of `Objective.per_sample`. Nothing is read back from the device."""
        compact = dict(values)
        if LOGITS in values and LABELS in values:
            compact |= _reduce(
                values[LOGITS], values[LABELS], full=self.samples * values[LOGITS].shape[1] <= MAX_SCORES
            )
        for name, tensor in compact.items():
            self._parts.setdefault(name, []).append(tensor.detach())

    def __bool__(self) -> bool:
        return bool(self._parts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the collected values of all samples."""
        return {name: torch.cat(parts).cpu().numpy() for name, parts in self._parts.items()}

    def predictions(self, classes: tuple[str, ...], names: Sequence[str] = ()) -> confusion.Predictions | None:
        """Return the predictions as columns of plain numbers; None if the objective has no scores per class."""
        if LOGITS not in self._parts:
            return None
        columns = self.arrays()
        return confusion.Predictions(
            classes,
            columns["labels"].tolist(),
            columns["predicted"].tolist(),
            columns["confidence"].tolist(),
            columns["rank"].tolist(),
            names,
        )


def _reduce(logits: Tensor, labels: Tensor, *, full: bool) -> dict[str, Tensor]:
    """Return the compact form of scores (N, C) and labels (N,)."""
    scores = logits.float()
    highest, predicted = scores.max(1)
    # The highest probability is exp(highest - logsumexp); a score that is not finite has no probability.
    confidence = (highest - scores.logsumexp(1)).exp().nan_to_num(0.0)
    rank = (scores > scores.gather(1, labels[:, None])).sum(1)
    # With equal scores the first class is predicted; then the other ones are not first.
    rank = torch.where(predicted == labels, torch.zeros_like(rank), rank.clamp_min(1))
    reduced = {
        LABELS: labels.int(),
        "predicted": predicted.int(),
        "confidence": confidence,
        "rank": rank.int(),
    }
    if not full:
        scores, top = scores.topk(min(TOP, scores.shape[1]), dim=1)
        reduced["top"] = top.int()
    reduced[LOGITS] = scores.clamp(-_HALF, _HALF).half()
    return reduced


def archive(
    collector: PredictionCollector, *, part: str, epoch: int, classes: Sequence[str], names: Sequence[str]
) -> bytes:
    """Return the content of a predictions file.

    Args:
        collector: has seen the whole part.
        part: ``val`` or ``test``.
        epoch: the epoch of the weights.
        classes: names of the classes.
        names: names of the samples.
    """
    arrays = {
        "part": np.array(part),
        "epoch": np.array(epoch, dtype=np.int64),
        "classes": np.array(list(classes), dtype=np.str_),
        "names": np.array([_short(name) for name in names], dtype=np.str_),
        **collector.arrays(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, array in arrays.items():
            # Scores hardly become smaller, but take long to compress; numbers and texts shrink to a fraction.
            method = zipfile.ZIP_STORED if name == LOGITS else zipfile.ZIP_DEFLATED
            # A fixed time, so that equal runs have equal files.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = method
            with file.open(entry, "w", force_zip64=True) as out:
                np.lib.format.write_array(out, array, allow_pickle=False)
    return buffer.getvalue()


def _short(name: str) -> str:
    """Return a name of limited length: one long name would make all of them that long."""
    clean = name.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return clean if len(clean) <= MAX_NAME else f"…{clean[1 - MAX_NAME :]}"
