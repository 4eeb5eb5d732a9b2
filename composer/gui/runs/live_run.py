"""A run that was started in this window: its curves, its progress, and its state in words."""

from collections.abc import Mapping
from typing import Any

from composer.core import units
from composer.core.files.run_folder import LAST, MetricsReader, read_run, read_trace
from composer.gui.runs.planned_rate import planned_rate_of
from composer.gui.runs.run_curves import RunCurves
from composer.gui.runs.run_process import ENDED, RunHandle
from composer.gui.workers.outcome import ProcessOutcome

WORDS = {"starting": "Starting", "training": "Training", "paused": "Paused", "saving": "Saving", "failed": "Failed"}


class LiveRun:
    """Follows the events of a run.

    Args:
        handle: the run; what its folder already contains is read immediately.

    Attributes:
        curves: the curves so far.
        epoch: finished epochs.
        step: optimizer steps so far.
        steps: optimizer steps of the whole run; 0 as long as they are unknown.
        device: label of the device.
        reported: the last state that the process itself reported.
        message: the message of that state.
        suggestion: settings with which a failed run would not have failed; empty for none.
        outcome: how the process ended; None while it runs.
    """

    def __init__(self, handle: RunHandle) -> None:
        self.handle = handle
        info = read_run(handle.folder)
        self.curves = RunCurves(info.epochs or handle.design.training.epochs)
        self.epoch, self.step, self.steps = info.epoch, 0, 0
        self.device = info.device
        self.reported = ""
        self.message = ""
        self.suggestion: Mapping[str, Any] = {}
        self.outcome: ProcessOutcome | None = None
        self._anchor: tuple[float, int] | None = None  # time and step from which the pace is measured
        self._now = (0.0, 0)
        self._planned = (0, 0)  # steps and epochs that `curves.plan` was computed for
        reader, more = MetricsReader(handle.folder), True
        while more:
            records, more = reader.read()
            for record in records:
                self._add_record(record)

    @property
    def epochs(self) -> int:
        """Planned epochs."""
        return self.curves.epochs

    @property
    def state(self) -> str:
        """State of the run."""
        return self.handle.state

    @property
    def active(self) -> bool:
        """Whether the run has not ended."""
        return self.state not in ENDED

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event, at constant cost."""
        if event.get("event") == "metrics":
            self._add_record(event)
        elif event.get("event") == "state":
            before, self.reported = self.reported, str(event.get("state", ""))
            self.message = str(event.get("message") or "")
            suggestion = event.get("suggestion")
            self.suggestion = suggestion if isinstance(suggestion, Mapping) else {}
            self.curves.epochs = int(event.get("epochs") or self.curves.epochs)
            self.epoch, self.step = int(event.get("epoch", self.epoch)), int(event.get("step", self.step))
            self.steps = int(event.get("steps", self.steps))
            self.device = str(event.get("device_label") or self.device)
            if before != self.reported:
                self._anchor = None  # a pause does not count into the pace
            self._plan_rate()

    def _plan_rate(self) -> None:
        """Compute the learning rate of the whole run as soon as its steps are known, and again when it is extended."""
        if self.steps and self.epochs and self._planned != (self.steps, self.epochs):
            self._planned = (self.steps, self.epochs)
            self.curves.plan = planned_rate_of(self.handle.folder, max(1, round(self.steps / self.epochs)))

    def _add_record(self, record: Mapping[str, Any]) -> None:
        self.curves.add(record)
        if record.get("kind") == "head":
            return
        self.step = max(self.step, int(record.get("step", 0)))
        self.steps = int(record.get("steps", self.steps))
        if record.get("kind") == "epoch":
            self.epoch = int(record.get("epoch", self.epoch))
        self._now = (float(record.get("time", 0.0)), self.step)
        self._anchor = self._anchor or self._now

    @property
    def share(self) -> float:
        """Finished share of the run, from 0 to 1."""
        if self.state == "done":
            return 1.0
        return min(1.0, self.step / self.steps) if self.steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the pace since training started or continued; None as long as there is none."""
        if self._anchor is None or self.state != "training" or self._now[1] <= self._anchor[1]:
            return None
        pace = (self._now[0] - self._anchor[0]) / (self._now[1] - self._anchor[1])
        return max(0.0, pace * (self.steps - self.step))

    @property
    def resumable(self) -> bool:
        """Whether it was started, is not finished, and has a checkpoint to continue from."""
        return not self.active and self.state in ("stopped", "failed") and (self.handle.folder / LAST).is_file()

    @property
    def obstacle(self) -> str:
        """What the run waits for by itself, such as space on the disk; empty if it does not wait."""
        return self.message if self.reported == "paused" else ""

    def headline(self) -> str:
        """Return the state in words."""
        metric, best = self.curves.primary, self.curves.best
        if self.state == "done":
            return f"Done: {metric.write(best)} validation {metric.title.lower()}" if best is not None else "Done"
        if self.state == "stopped":
            return f"Stopped after epoch {self.epoch}" if self.epoch else "Stopped"
        return WORDS.get(self.state, self.state.capitalize())

    def numbers(self) -> str:
        """Return epoch, speed, time left and device on one line."""
        parts = []
        if self.epochs:
            epoch = min(self.epoch + 1, self.epochs) if self.active else self.epoch
            parts.append(f"epoch {epoch} of {self.epochs}")
        if self.state == "training" and self.curves.speed:
            parts.append(f"{self.curves.speed:,.0f} samples/s")
        if (left := self.seconds_left) is not None:
            parts.append(f"{units.duration(left)} left")
        elif self.state in ENDED and (seconds := read_run(self.handle.folder).seconds):
            parts.append(units.duration(seconds))
        if self.device:
            parts.append(self.device)
        return "  ·  ".join(parts)

    def failure(self) -> str:
        """Return why it failed, in one sentence."""
        if self.reported == "failed" and self.message:
            return self.message
        saved = (
            f"everything up to the end of epoch {self.epoch} is saved" if self.resumable else "no epoch was finished"
        )
        if self.outcome is not None and self.outcome.crashed:
            return f"{self.outcome.describe('The training')}; {saved}"
        return f"The training ended unexpectedly: {self.handle.detail}; {saved}"

    def details(self) -> str:
        """Return the traceback and the last lines of the process."""
        parts = (read_trace(self.handle.folder), "\n".join(self.handle.worker.stderr))
        return "\n".join(part for part in parts if part)
