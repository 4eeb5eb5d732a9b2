"""The records of ``metrics.jsonl`` and the state in ``state.json``; `core.run_records` describes and reads them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from composer.core.graph import Training
from composer.core.run_records import Head


@dataclass
class TrainingState:
    """How far a run is; every field goes into a checkpoint.

    Attributes:
        epoch: finished epochs.
        batch: finished batches of the epoch after them.
        step: optimizer steps so far.
        best: the best epoch as `best_record` describes it; None before the first.
        seconds: time spent in finished epochs, pauses excluded.
        loss_sum: sum of the losses of the samples of the unfinished epoch.
        epoch_seconds: time spent in the unfinished epoch.
        epochs: records of the finished epochs.
        test: epoch and metrics of the test record; None before the end of the run.
        threads: CPU threads; stored, because sums in another order differ in the last digits.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: dict[str, Any] | None = None
    seconds: float = 0.0
    loss_sum: float = 0.0
    epoch_seconds: float = 0.0
    epochs: list[dict[str, Any]] = field(default_factory=list)
    threads: int = 0
    test: dict[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """What does not change during a run.

    Args:
        settings: the training settings.
        head: the metrics and which one is primary.
        steps_per_epoch: optimizer steps per epoch.
        samples: samples of the training split.
        device: kind of the device, such as ``cuda``.
        device_label: its name for people.
        started: Unix time of the start of this process's part of the run.
    """

    settings: Training
    head: Head
    steps_per_epoch: int
    samples: int
    device: str
    device_label: str
    started: float

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return self.settings.epochs * self.steps_per_epoch


def step_record(
    plan: Plan, state: TrainingState, loss: float, lr: float, speed: float, grad_norm: float | None, memory: int
) -> dict[str, Any]:
    """Return the record of one logged step.

    Args:
        plan: the run.
        state: after the step.
        loss: mean loss of its batch.
        lr: its learning rate.
        speed: samples per second since the last logged step.
        grad_norm: norm of the gradient before it was clipped; None if it was not measured.
        memory: see `device.memory_used`.
    """
    return {
        "kind": "step",
        "step": state.step,
        "steps": plan.steps,
        "x": round(state.step / plan.steps_per_epoch, 6),
        "epoch": state.epoch + 1,
        "loss": loss,
        "lr": lr,
        "samples_per_s": round(speed, 1),
        **({"grad_norm": grad_norm} if grad_norm is not None else {}),
        "memory_bytes": memory,
        "time": now(),
    }


def health_record(state: TrainingState, nodes: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the record of the health of the nodes after an epoch.

    Args:
        state: before the epoch is counted as finished.
        nodes: the values of each node by its path.
    """
    epoch = state.epoch + 1
    return {"kind": "health", "epoch": epoch, "step": state.step, "x": float(epoch), "nodes": dict(nodes)}


def epoch_record(
    plan: Plan, state: TrainingState, train: Mapping[str, float], val: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    """Return the record of a finished epoch.

    Args:
        plan: the run.
        state: before the epoch is counted as finished.
        train: loss and metrics over the epoch's training batches.
        val: loss and metrics of the validation split after the epoch.
        seconds: duration, validation included.
    """
    return {
        "kind": "epoch",
        "epoch": state.epoch + 1,
        "epochs": plan.settings.epochs,
        "step": state.step,
        "x": float(state.epoch + 1),
        "metrics": {"train": dict(train), "val": dict(val)},
        "seconds": round(seconds, 3),
        "samples_per_s": round(plan.samples / max(seconds, 1e-9), 1),
        "time": now(),
    }


def final_test_record(state: TrainingState, test: Mapping[str, float]) -> dict[str, Any]:
    """Return the record of the test part, the last one of a run.

    Args:
        state: after the last epoch.
        test: loss and metrics of the test part with the weights of the best epoch.
    """
    epoch = state.best["epoch"] if state.best else 0
    return {
        "kind": "test",
        "epoch": epoch,
        "step": state.step,
        "x": float(state.epoch),
        "metrics": {"test": dict(test)},
        "time": now(),
    }


def best_record(head: Head, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run states of its best epoch: the primary metric, its validation value and the epoch's number."""
    value = record["metrics"]["val"][head.primary.name]
    return {"metric": head.primary.to_json(), "value": value, "epoch": record["epoch"]}


def state_record(plan: Plan, state: TrainingState, name: str, message: str = "") -> dict[str, Any]:
    """Return the state of a run for ``state.json`` and for the parent process.

    Args:
        plan: the run.
        state: how far it is.
        name: ``training``, ``paused``, ``saving``, ``stopped``, ``done`` or ``failed``.
        message: one sentence for people.
    """
    return {
        "state": name,
        "epoch": state.epoch,
        "epochs": plan.settings.epochs,
        "step": state.step,
        "steps": plan.steps,
        "device": plan.device,
        "device_label": plan.device_label,
        **({"best": state.best} if state.best else {}),
        **({"test": state.test} if state.test else {}),
        "message": message,
        "seconds": round(state.seconds, 3),
        "started": plan.started,
    }


def now() -> float:
    """Return the Unix time, rounded to milliseconds."""
    return round(time.time(), 3)
