"""What a classifier confuses: matrix, values per class, calibration, and its most confident mistakes.

Plain Python on columns of numbers, so that the command line, the engine and the window compute the same; 50,000 samples
take about 50 ms. Only the cells that occur are stored, so a thousand classes need no more memory than the samples.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

CALIBRATION_BINS = 15
TOP = 5


@dataclass(frozen=True)
class Predictions:
    """The predictions of a classifier for the samples of one part of a dataset.

    Args:
        classes: names of the classes by number.
        labels: the true class of each sample.
        predicted: the class with the highest score.
        confidence: the probability of that class.
        rank: number of classes with a higher score than the true one.
        names: names of the samples; empty if they are numbered.
    """

    classes: tuple[str, ...]
    labels: Sequence[int]
    predicted: Sequence[int]
    confidence: Sequence[float]
    rank: Sequence[int]
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        """Return the name of a sample."""
        return self.names[index] if index < len(self.names) else str(index)

    def top(self, k: int) -> float:
        """Return the share of samples whose true class is among the `k` highest scores."""
        return sum(rank < k for rank in self.rank) / len(self) if len(self) else 0.0

    def mistakes(self, count: int | None = None) -> list[int]:
        """Return the samples with a wrong prediction, the most confident first.

        Args:
            count: how many at most; None for all.
        """
        wrong = [n for n, (label, guess) in enumerate(zip(self.labels, self.predicted, strict=True)) if label != guess]
        confidence = self.confidence
        if count is not None:
            return heapq.nsmallest(count, wrong, key=lambda n: (-confidence[n], n))
        return sorted(wrong, key=lambda n: (-confidence[n], n))

    def in_cell(self, label: int, predicted: int) -> list[int]:
        """Return the samples of one cell of the confusion matrix, the most confident first."""
        pairs = zip(self.labels, self.predicted, strict=True)
        members = [n for n, pair in enumerate(pairs) if pair == (label, predicted)]
        return sorted(members, key=lambda n: (-self.confidence[n], n))

    @cached_property
    def confusion(self) -> "Confusion":
        """The confusion matrix."""
        return Confusion(self.classes, Counter(zip(self.labels, self.predicted, strict=True)))

    def calibration(self, bins: int = CALIBRATION_BINS) -> "Calibration":
        """Return how well the confidences agree with the share of right predictions.

        C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

        Args:
            bins: number of equal intervals of the confidence.
        """
        counts, sums, hits = [0] * bins, [0.0] * bins, [0] * bins
        for label, guess, confidence in zip(self.labels, self.predicted, self.confidence, strict=True):
            index = min(bins - 1, max(0, int(confidence * bins)))
            counts[index] += 1
            sums[index] += confidence
            hits[index] += label == guess
        return Calibration(tuple(counts), tuple(sums), tuple(hits))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Samples by their confidence, in equal intervals from 0 to 1.

    Args:
        counts: samples in each interval.
        confidence_sums: sum of their confidences.
        correct: how many of them are predicted correctly.
    """

    counts: tuple[int, ...]
    confidence_sums: tuple[float, ...]
    correct: tuple[int, ...]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap between confidence and accuracy of the intervals."""
        total = sum(self.counts)
        gaps = (abs(hits - confidence) for hits, confidence in zip(self.correct, self.confidence_sums, strict=True))
        return sum(gaps) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is recognized.

    Args:
        index: number of the class.
        name: its name.
        support: samples of the class.
        predicted: samples that were predicted to be of the class.
        correct: samples of the class that were predicted correctly.
    """

    index: int
    name: str
    support: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among the predictions of the class; None if it was never predicted."""
        return self.correct / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """The share of its samples that are predicted correctly; None if it has no samples."""
        return self.correct / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None if the class neither occurs nor is predicted."""
        total = self.support + self.predicted
        return 2 * self.correct / total if total else None

    def to_json(self) -> dict[str, Any]:
        """Return the values as plain JSON."""
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {"class": self.name, **rates, "support": self.support, "predicted": self.predicted}


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix: samples by true and predicted class.

    Args:
        classes: names of the classes by number.
        cells: number of samples by (true class, predicted class); cells without samples are left out.
    """

    classes: tuple[str, ...]
    cells: Mapping[tuple[int, int], int]

    @cached_property
    def support(self) -> list[int]:
        """The number of samples of each class: the sums of the rows."""
        return self._sums(0)

    @cached_property
    def predicted(self) -> list[int]:
        """The number of predictions of each class: the sums of the columns."""
        return self._sums(1)

    def _sums(self, axis: int) -> list[int]:
        sums = [0] * len(self.classes)
        for cell, count in self.cells.items():
            sums[cell[axis]] += count
        return sums

    @property
    def total(self) -> int:
        """The number of samples."""
        return sum(self.support)

    @property
    def accuracy(self) -> float:
        """The share of samples that are predicted correctly."""
        correct = sum(count for (label, guess), count in self.cells.items() if label == guess)
        return correct / self.total if self.total else 0.0

    @cached_property
    def scores(self) -> list[ClassScore]:
        """The values of each class."""
        columns = zip(self.classes, self.support, self.predicted, strict=True)
        return [
            ClassScore(index, name, support, predicted, self.cells.get((index, index), 0))
            for index, (name, support, predicted) in enumerate(columns)
        ]

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that have samples."""
        return _mean([score.recall for score in self.scores])

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes that occur or are predicted."""
        return _mean([score.f1 for score in self.scores])

    def most_confused(self, count: int) -> list[tuple[int, int, int]]:
        """Return the largest cells beside the diagonal, as (true class, predicted class, samples)."""
        wrong = ((label, guess, n) for (label, guess), n in self.cells.items() if label != guess)
        return heapq.nsmallest(count, wrong, key=lambda cell: (-cell[2], cell[0], cell[1]))

    def rows(self) -> list[list[int]]:
        """Return the whole matrix, a row for each true class."""
        size = len(self.classes)
        matrix = [[0] * size for _ in range(size)]
        for (label, guess), count in self.cells.items():
            matrix[label][guess] = count
        return matrix


def summary(predictions: Predictions, *, confused: int = 20) -> dict[str, Any]:
    """Return what can be said of some predictions, as plain JSON values.

    Args:
        predictions: the predictions.
        confused: how many pairs of classes that are confused most often.
    """
    confusion = predictions.confusion
    return {
        "samples": len(predictions),
        "accuracy": confusion.accuracy,
        "balanced_accuracy": confusion.balanced_accuracy,
        "macro_f1": confusion.macro_f1,
        f"top_{TOP}": predictions.top(TOP),
        "calibration_error": predictions.calibration().error,
        "classes": [score.to_json() for score in confusion.scores],
        "confused": [
            {"class": confusion.classes[label], "predicted": confusion.classes[guess], "samples": count}
            for label, guess, count in confusion.most_confused(confused)
        ],
    }


def _mean(values: Sequence[float | None]) -> float:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else 0.0
