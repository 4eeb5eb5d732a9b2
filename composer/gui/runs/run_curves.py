"""The curves of one run, gathered record by record: what both the live view and the comparison of old runs draw."""

import math
from array import array
from collections.abc import Mapping
from typing import Any

# Steps over which the loss is averaged: an epoch logs about a dozen, so this smooths over half of one.
SMOOTHING = 6


class Curve:
    """Points of one line, in a form that numpy reads without copying."""

    def __init__(self) -> None:
        self.x = array("d")
        self.y = array("d")

    def __len__(self) -> int:
        return len(self.x)

    def add(self, x: float, y: object) -> None:
        """Append a point; what is no number is left out."""
        if isinstance(y, int | float) and math.isfinite(y):
            self.x.append(x)
            self.y.append(float(y))


class RunCurves:
    """Takes the records of a run in their order, each at constant cost.

    Args:
        epochs: how many there will be; 0 as long as it is not known.

    Attributes:
        loss: training loss at each logged step; x is in epochs.
        smooth: the same as a moving average, free of the bias of its start.
        val_loss: validation loss of each epoch.
        train_accuracy: in percent, of each epoch.
        val_accuracy: in percent, of each epoch.
        last: the latest record of each kind.
    """

    def __init__(self, epochs: int = 0) -> None:
        self.epochs = epochs
        self.loss, self.smooth, self.val_loss, self.train_accuracy, self.val_accuracy = (
            Curve(),
            Curve(),
            Curve(),
            Curve(),
            Curve(),
        )
        self.last: dict[str, Mapping[str, Any]] = {}
        self._mean = self._weight = 0.0
        self._step = -1

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one line of the metrics."""
        kind = record.get("kind")
        if kind == "step":
            self._add_step(record)
        elif kind == "epoch":
            self._add_epoch(record)
        else:
            return
        self.last[kind] = record

    def _add_step(self, record: Mapping[str, Any]) -> None:
        step, value = record.get("step", 0), record.get("loss")
        if step <= self._step or not isinstance(value, int | float) or not math.isfinite(value):
            return  # a run that goes on repeats what the file already has
        self._step = step
        steps = record.get("steps", 0)
        x = step / steps * self.epochs if steps and self.epochs else float(record.get("epoch", 1))
        self.loss.add(x, value)
        keep = 1 - 1 / SMOOTHING
        self._mean, self._weight = keep * self._mean + (1 - keep) * value, keep * self._weight + (1 - keep)
        self.smooth.add(x, self._mean / self._weight)

    def _add_epoch(self, record: Mapping[str, Any]) -> None:
        epoch = record.get("epoch", 0)
        if self.val_loss.x and epoch <= self.val_loss.x[-1]:
            return
        self.val_loss.add(epoch, record.get("val_loss"))
        for curve, name in ((self.train_accuracy, "train_accuracy"), (self.val_accuracy, "val_accuracy")):
            value = record.get(name)
            curve.add(epoch, 100 * value if isinstance(value, int | float) else None)

    @property
    def speed(self) -> float:
        """Images a second, lately; 0 before the first record."""
        return float(self.last.get("step", self.last.get("epoch", {})).get("images_per_s", 0.0))

    @property
    def best(self) -> float | None:
        """Best validation accuracy, in [0, 1]."""
        return max(self.val_accuracy.y) / 100 if self.val_accuracy.y else None
