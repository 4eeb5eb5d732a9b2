"""The learning rate of each step of a run, also of a run that was made longer.

It is a pure function of the step, the settings and the changes of the number of epochs, so that there is no schedule
state to save, and the window can tell a jump before a run is resumed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from composer.core.graph import Training
from composer.core.schedules import has_own_warmup, load_schedule

MIN_SHARE = 0.01  # of the peak learning rate, where a schedule ends unless `min_lr` says otherwise
# A change by less than this factor is what a schedule does within a few steps anyway.
JUMP = 1.1
# How the learning rate of an extended run continues.
MODES = {
    "stretch": "follow the schedule of the longer run",
    "hold": "keep the last learning rate",
    "rewarm": "warm up again, then decay over the epochs that are left",
}

Rate = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class EpochChange:
    """A change of the number of epochs of a run.

    Args:
        step: optimizer steps that were finished before it.
        before: epochs before the change.
        after: epochs after it.
        mode: a key of `MODES`.
        time: Unix time of the change.
    """

    step: int
    before: int
    after: int
    mode: str
    time: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the change as an entry of ``changes`` in a run's settings."""
        return {
            "setting": "epochs",
            "before": self.before,
            "after": self.after,
            "step": self.step,
            "learning_rate": self.mode,
            "time": self.time,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "EpochChange":
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: if it is anything else.
        """
        mode = str(data["learning_rate"])
        if mode not in MODES:
            raise ValueError(f"learning_rate is {mode!r}, expected one of {', '.join(MODES)}")
        return cls(int(data["step"]), int(data["before"]), int(data["after"]), mode, float(data["time"]))


def learning_rate(settings: Training, steps_per_epoch: int, changes: Sequence[EpochChange] = ()) -> Rate:
    """Return the learning rate as a function of the step.

    Args:
        settings: `lr`, `min_lr`, `schedule`, `warmup_epochs`, `epochs`.
        steps_per_epoch: optimizer steps per epoch.
        changes: the changes of the number of epochs, in their order; the last one led to `epochs`.
    """
    epochs = changes[0].before if changes else settings.epochs
    rate = _schedule(settings, epochs * steps_per_epoch, steps_per_epoch)
    for change in changes:
        rate = _extended(rate, settings, change, steps_per_epoch)
    return rate


def _schedule(settings: Training, steps: int, steps_per_epoch: int, start: float = 0.0) -> Rate:
    """Return warm-up and decay over a number of steps.

    Args:
        settings: see `learning_rate`.
        steps: the number of steps.
        steps_per_epoch: optimizer steps per epoch.
        start: the learning rate before the first step, from which the warm-up rises.
    """
    shape = load_schedule(settings.schedule)
    warmup = 0 if has_own_warmup(settings.schedule) else round(settings.warmup_epochs * steps_per_epoch)
    warmup = min(warmup, steps // 2)
    floor = MIN_SHARE if settings.min_lr is None else settings.min_lr / settings.lr

    def rate_at(step: int) -> float:
        if step < warmup:
            return start + (settings.lr - start) * (step + 1) / warmup
        progress = min(1.0, (step - warmup) / max(1, steps - warmup))
        return settings.lr * (floor + (1 - floor) * shape(progress, step / steps_per_epoch))

    return rate_at


def _extended(earlier: Rate, settings: Training, change: EpochChange, steps_per_epoch: int) -> Rate:
    """Return a rate that follows `earlier` up to the step of a change, and the mode of the change from there on."""
    first, steps = change.step, change.after * steps_per_epoch
    later: Rate
    if change.mode == "stretch" or first == 0:
        later = _schedule(settings, steps, steps_per_epoch)
    else:
        last = earlier(first - 1)
        later = _rewarmed(settings, last, first, steps, steps_per_epoch) if change.mode == "rewarm" else _held(last)
    return lambda step: earlier(step) if step < first else later(step)


def _held(value: float) -> Rate:
    return lambda _step: value


def _rewarmed(settings: Training, last: float, first: int, steps: int, steps_per_epoch: int) -> Rate:
    """Return a rate that rises from the last one to the peak, then decays until the end.

    Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, with a warm-up before the
    restart as in Ibrahim et al., "Simple and Scalable Strategies to Continually Pre-train Large Language Models", 2024.
    """
    restarted = _schedule(settings, max(1, steps - first), steps_per_epoch, last)
    return lambda step: restarted(step - first)


def rate_jump(settings: Training, steps_per_epoch: int, changes: Sequence[EpochChange]) -> tuple[float, float] | None:
    """Return the last learning rate before the latest change, and the first one after it, if they differ clearly.

    Args:
        settings: the settings, with the number of epochs after the change.
        steps_per_epoch: optimizer steps per epoch.
        changes: see `learning_rate`.
    """
    if not changes or (step := changes[-1].step) == 0:
        return None
    rate = learning_rate(settings, steps_per_epoch, changes)
    before, after = rate(step - 1), rate(step)
    return (before, after) if not 1 / JUMP < after / before < JUMP else None
