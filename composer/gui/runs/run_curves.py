"""The curves of one run, collected record by record: the live view and the comparison of runs draw the same."""

import math
from array import array
from collections.abc import Mapping
from typing import Any

from composer.core.run_measures import MEASURES
from composer.core.run_records import LOSS, PARTS, Head, MetricSpec, old_head

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
        """Append a point; what is not a finite number is left out."""
        if isinstance(y, int | float) and math.isfinite(y):
            self.x.append(x)
            self.y.append(float(y))


class Trend(Curve):
    """The moving average of a curve, without the bias of the start."""

    def __init__(self) -> None:
        super().__init__()
        self._mean = self._weight = 0.0

    def add(self, x: float, y: object) -> None:
        """Append the average after one more value; what is not a finite number is left out."""
        if isinstance(y, int | float) and math.isfinite(y):
            decay = 1 - 1 / SMOOTHING
            self._mean, self._weight = decay * self._mean + (1 - decay) * y, decay * self._weight + (1 - decay)
            super().add(x, self._mean / self._weight)


class RunCurves:
    """Takes the records of a run in their order, each at constant cost.

    Args:
        epochs: planned epochs; 0 as long as they are unknown.

    Attributes:
        head: names the metrics and which one is primary.
        loss: training loss at each logged step; x is in epochs.
        smooth: its moving average.
        parts: curves of each epoch by part (``train``, ``val``) and metric, in the units that are shown.
        measures: curves of the logged steps by key of a `Measure`.
        trends: moving averages of the noisy ones.
        plan: the learning rate of the whole run, empty as long as it is unknown.
        last: the latest record of each kind.
    """

    def __init__(self, epochs: int = 0) -> None:
        self.epochs = epochs
        self.head: Head = old_head()
        self.loss, self.smooth = Curve(), Trend()
        self.parts: dict[str, dict[str, Curve]] = {part: {} for part in PARTS}
        self.measures: dict[str, Curve] = {measure.key: Curve() for measure in MEASURES}
        self.trends: dict[str, Curve] = {measure.key: Trend() for measure in MEASURES if measure.noisy}
        self.plan = Curve()
        self.last: dict[str, Mapping[str, Any]] = {}
        self._step = self._epoch = -1

    @property
    def primary(self) -> MetricSpec:
        """The metric that decides which epoch is best."""
        return self.head.primary

    def curve(self, part: str, metric: str) -> Curve:
        """Return the curve of a metric over the epochs; empty as long as no record has it."""
        return self.parts[part].setdefault(metric, Curve())

    @property
    def val_loss(self) -> Curve:
        """Validation loss of each epoch."""
        return self.curve("val", LOSS)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add one record."""
        kind = record.get("kind")
        if kind == "head":
            self.head = Head.from_record(record)
        elif kind == "step":
            self._add_step(record)
        elif kind == "epoch":
            self._add_epoch(record)
        else:
            return
        self.last[kind] = record

    def _add_step(self, record: Mapping[str, Any]) -> None:
        step, value = record.get("step", 0), record.get("loss")
        if step <= self._step or not isinstance(value, int | float) or not math.isfinite(value):
            return  # a resumed run reports again what the file already has
        self._step = step
        x = float(record.get("x", record.get("epoch", 1)))
        self.loss.add(x, value)
        self.smooth.add(x, value)
        for curves in (self.measures, self.trends):
            for key, curve in curves.items():
                curve.add(x, record.get(key))

    def _add_epoch(self, record: Mapping[str, Any]) -> None:
        epoch = record.get("epoch", 0)
        if epoch <= self._epoch:
            return
        self._epoch = epoch
        scales = {metric.name: metric.scale for metric in self.head.metrics}
        for part in PARTS:
            values = record.get("metrics", {}).get(part, {})
            for name, value in values.items():
                if isinstance(value, int | float):
                    self.curve(part, name).add(epoch, scales.get(name, 1.0) * value)

    @property
    def speed(self) -> float:
        """Latest samples per second; 0 before the first record."""
        return float(self.last.get("step", self.last.get("epoch", {})).get("samples_per_s", 0.0))

    @property
    def best(self) -> float | None:
        """Best validation value of the primary metric; None before the first epoch."""
        best = self.primary.best(self.curve("val", self.primary.name).y)
        return best / self.primary.scale if best is not None else None
