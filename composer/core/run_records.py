r"""The records of a run: what each line of ``metrics.jsonl`` contains, and how a metric is named, written and compared.

There are five kinds of records, distinguished by ``kind``::

    head   objective, primary, metrics: [{name, title, unit, direction}, ...]              the first line
    step   step, steps, x, epoch, loss, lr, samples_per_s, grad_norm, memory_bytes, time   about a dozen per epoch
    epoch  epoch, epochs, step, x, metrics: {part: {name: value}}, seconds, samples_per_s, time
    health epoch, step, x, nodes: {path: {name: value}}                                    before the epoch's record
    test   epoch, step, x, metrics: {"test": {name: value}}, time                          the last line

``x`` is the position on a curve: the finished epochs, a step is a fraction of one. It never goes back, also where the
number of epochs, and with it ``steps``, was changed.

``grad_norm`` is the norm of all gradients before clipping, ``memory_bytes`` the most that tensors have taken on the
device so far (on a CPU, what the process takes). The paths of nodes are those of facts (`core.node_paths`), the names
of their values those of `HEALTH`.

``part`` is ``train`` or ``val``; the loss is a metric like any other. Only the objective determines the other metrics.
The best epoch is chosen on ``val``; the test record measures the weights of that epoch, once, at the end of the run.
The training process sends the same records to its parent, as events.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from composer.core import units
from composer.core.graph import Training
from composer.core.training_extensions import objectives

LOSS = "loss"
GRAD_NORM, DEAD, GATE_ENTROPY, SEGMENTS_USED = "grad_norm", "dead", "gate_entropy", "segments_used"
# What differs between two equal runs: times, and what depends on the machine.
MEASURED = frozenset({"time", "seconds", "samples_per_s", "memory_bytes"})
PARTS = {"train": "training", "val": "validation"}


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric of an objective.

    Args:
        name: its key in the records.
        title: its name for people.
        unit: ``%`` for a share that is shown in percent; empty for a plain number.
        direction: ``max`` or ``min``, whichever is better.
    """

    name: str
    title: str
    unit: str = ""
    direction: str = "max"

    @property
    def scale(self) -> float:
        """Factor from a recorded value to the shown one."""
        return 100.0 if self.unit == "%" else 1.0

    def is_better(self, value: float, than: float | None) -> bool:
        """Return whether a value is better than another; every value is better than none."""
        if than is None:
            return True
        return value > than if self.direction == "max" else value < than

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of the values; None if there are none."""
        return (max if self.direction == "max" else min)(values, default=None)

    def write(self, value: float) -> str:
        """Write a value for people, such as ``97.5 %``."""
        return units.percent(value) if self.unit == "%" else f"{value:.4g}"

    def to_json(self) -> dict[str, str]:
        """Return the metric as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> "MetricSpec | None":
        """Read what `to_json` wrote; None if it is anything else."""
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
            return None
        name = data["name"]
        direction = "min" if data.get("direction") == "min" else "max"
        return cls(name, str(data.get("title") or name.capitalize()), str(data.get("unit") or ""), direction)


LOSS_SPEC = MetricSpec(LOSS, "Loss", "", "min")

# What the health of a node consists of, in the order of interest.
HEALTH = {
    GRAD_NORM: MetricSpec(GRAD_NORM, "Gradient norm", "", "min"),
    DEAD: MetricSpec(DEAD, "Dead units", "%", "min"),
    GATE_ENTROPY: MetricSpec(GATE_ENTROPY, "Gate entropy", "%", "max"),
    SEGMENTS_USED: MetricSpec(SEGMENTS_USED, "Segments used", "%", "max"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """What the records of a run measure.

    Args:
        objective: name of the objective.
        primary: the metric that decides which epoch is best.
        metrics: all metrics besides the loss.
        loss: the loss as a metric.
    """

    objective: str
    primary: MetricSpec
    metrics: tuple[MetricSpec, ...]
    loss: MetricSpec = LOSS_SPEC

    def to_record(self) -> dict[str, Any]:
        """Return the head as the first record of a run."""
        metrics = [metric.to_json() for metric in (self.loss, *self.metrics)]
        return {"kind": "head", "objective": self.objective, "primary": self.primary.name, "metrics": metrics}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Head":
        """Read a head record; what is missing or damaged is replaced by the loss."""
        rows = record.get("metrics")
        specs = {
            spec.name: spec for row in (rows if isinstance(rows, list) else ()) if (spec := MetricSpec.from_json(row))
        }
        loss = specs.pop(LOSS, LOSS_SPEC)
        primary = specs.get(str(record.get("primary")), loss)
        return cls(str(record.get("objective") or ""), primary, tuple(specs.values()), loss)


def declared_head(objective: str, measured: Collection[str] | None = None) -> Head:
    """Return the head of the runs of an objective, from the objective's declaration.

    Args:
        objective: its name.
        measured: names of the metrics that a run measures besides the loss; None for all of them.
    """
    declaration = objectives().get(objective)
    values = declaration.values if declaration is not None else {}
    metrics = [{"name": name, **row} for name, row in values.get("metrics", {}).items() if isinstance(row, dict)]
    metrics = [row for row in metrics if measured is None or row["name"] == LOSS or row["name"] in measured]
    return Head.from_record({"objective": objective, "primary": values.get("primary"), "metrics": metrics})


def node_health(record: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the values of each node by its path, as a health record has them; what is damaged is left out."""
    nodes = record.get("nodes")
    return {
        str(path): {name: float(row[name]) for name in HEALTH if isinstance(row.get(name), int | float)}
        for path, row in (nodes.items() if isinstance(nodes, Mapping) else ())
        if isinstance(row, Mapping)
    }


def best_of(state: Mapping[str, Any]) -> tuple[MetricSpec, float, int] | None:
    """Return the primary metric, its best value and the epoch that reached it, as a run's state file records them."""
    best = state.get("best")
    if isinstance(best, Mapping):
        metric, value, epoch = MetricSpec.from_json(best.get("metric")), best.get("value"), best.get("epoch")
        if metric is not None and isinstance(value, int | float) and isinstance(epoch, int):
            return metric, float(value), epoch
    return None


def tested_metrics(state: Mapping[str, Any]) -> tuple[dict[str, float], int] | None:
    """Return the metrics of the test part and the epoch they were measured for, as a run's state file records them."""
    test = state.get("test")
    if not isinstance(test, Mapping) or not isinstance(test.get("metrics"), Mapping):
        return None
    metrics = {str(name): float(value) for name, value in test["metrics"].items() if isinstance(value, int | float)}
    return metrics, int(test.get("epoch") or 0)


# Files written before objectives named their metrics: every run was a classification, and its records were flat.
_OLD_HEAD = Training().objective.name
_OLD_VALUE = re.compile(r"(train|val)_(\w+)")
_OLD_BEST = re.compile(r"best_val_(\w+)")
_OLD_SPEED = "images_per_s"


def upgrade_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record in the present format; one written in the flat format is converted."""
    if _OLD_SPEED in record:
        record["samples_per_s"] = record.pop(_OLD_SPEED)
    if record.get("kind") == "epoch" and "metrics" not in record:
        metrics: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
        for key in list(record):
            if match := _OLD_VALUE.fullmatch(key):
                metrics[match[1]][match[2]] = record.pop(key)
        record["metrics"] = metrics
    return record


def upgrade_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a run in the present format."""
    for key in list(state):
        if (match := _OLD_BEST.fullmatch(key)) and "best" not in state:
            metric = next((row for row in old_head().metrics if row.name == match[1]), MetricSpec(match[1], match[1]))
            state["best"] = {"metric": metric.to_json(), "value": state.pop(key), "epoch": state.pop("best_epoch", 0)}
    return state


def old_head() -> Head:
    """Return the head that files without a head record stand for."""
    return declared_head(_OLD_HEAD)
