"""The loop over the epochs of a run. Lightning Fabric has placed it on a device and set the precision.

The batches of an epoch depend on (seed, epoch) alone and checkpoints carry the rest, so a run that was stopped or
killed continues as if nothing had happened. An epoch's checkpoint is written before its record: no metric that is shown
can be lost.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from composer.core.errors import UserError
from composer.core.learning_rate import learning_rate
from composer.core.run_records import LOSS
from composer.engine.device import memory_used
from composer.engine.training.control import Control
from composer.engine.training.data.batches import batch_bounds, epoch_batches, epoch_seed
from composer.engine.training.failures.failure import finite_loss
from composer.engine.training.final_test import measure_test_part
from composer.engine.training.monitoring.samples import SampleWriter
from composer.engine.training.predictions import PredictionCollector
from composer.engine.training.preparation import Preparation
from composer.engine.training.report import Report
from composer.engine.training.settings import ResumedSettings, jump_warning
from composer.engine.training.setup import set_threads
from composer.engine.training.storage.checkpoint import Checkpointer
from composer.engine.training.storage.patience import Patience
from composer.engine.training.storage.records import (
    TrainingState,
    best_record,
    epoch_record,
    health_record,
    state_record,
    step_record,
)
from composer.engine.training.storage.run import Run
from composer.engine.training.training_step import step_bounds
from composer.engine.training.validation import VAL_FACTOR, validate

LOGS_PER_EPOCH = 12
# A kill in the middle of a long epoch loses no more than this.
CHECKPOINT_SECONDS = 300.0


@dataclass
class EpochLoop:
    """A run that is being trained.

    Args:
        run: where it is stored.
        parts: what it consists of.
        control: commands to it.
        report: receives states and records.

    Attributes:
        state: how far it is.
        checkpointer: saves and restores it.
        patience: waits while the run folder cannot be written.
        samples: writes a few images with their predictions.
        lr_at: the learning rate of each step.
        has_checkpoint: whether it continues from a checkpoint.
        started: whether it has published that it trains.
    """

    run: Run
    parts: Preparation
    control: Control
    report: Report
    state: TrainingState = field(default_factory=TrainingState)
    checkpointer: Checkpointer = field(init=False)
    patience: Patience = field(init=False)
    samples: SampleWriter = field(init=False)
    lr_at: Callable[[int], float] = field(init=False)
    has_checkpoint: bool = False
    started: bool = False
    _clock: float = 0.0
    _loss_sum: torch.Tensor = field(init=False)
    _published: Mapping[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Connect the checkpoints with everything that they store, and the folder with the commands."""
        parts = self.parts
        self.patience = Patience(self.control, self._on_unwritable, self._on_writable)
        self.run = replace(self.run, patience=self.patience)
        self.samples = SampleWriter(
            self.run.path,
            parts.design,
            parts.inputs,
            parts.fabric,
            parts.val_split,
            parts.image,
            parts.data_facts.classes,
        )
        self.checkpointer = Checkpointer(
            self.run,
            parts.fabric,
            parts.network,
            parts.bare_optimizer,
            parts.metrics,
            self.state,
            parts.plan.head,
            parts.average,
        )

    def restore(self, resumed: ResumedSettings | None) -> None:
        """Return to the checkpoint, if there is one, and tell what a change of the number of epochs means.

        Args:
            resumed: the settings of a run that is resumed; None for a new run.
        """
        parts, plan = self.parts, self.parts.plan
        self.has_checkpoint = self.checkpointer.restore()
        changes = resumed.changes_at(self.state.step) if resumed is not None else ()
        self.lr_at = learning_rate(plan.settings, plan.steps_per_epoch, changes)
        if plan.device == "cpu":
            self.state.threads = set_threads(
                parts.fabric,
                parts.model,
                parts.objective,
                parts.train_split,
                plan.settings.batch_size,
                self.state.threads,
            )
        if resumed is not None and resumed.new_mode is not None:
            if warning := jump_warning(plan.settings, plan.steps_per_epoch, changes):
                self.report.warning(warning)
            self.run.change_epochs(plan.settings.epochs, changes)

    def run_epochs(self) -> None:
        """Train the epochs that are left, until the last one or a command to stop."""
        plan, state = self.parts.plan, self.state
        self.started = self.patience.active = True
        if not self._is_over():
            self._publish_state("training", f"resumed after epoch {state.epoch}" if self.has_checkpoint else "")
        self.report.metrics(plan.head.to_record())
        while not self._is_over():
            self._start_clock()
            if not self._train_epoch(state.epoch + 1):
                return
            self._close_epoch(state.epoch + 1)
            if not self._is_over():
                self._publish_state("training")
                if self.control.pending and not self._handle_control():
                    return
        self._finish()

    def _is_over(self) -> bool:
        """Return whether all epochs are trained, or too many in a row were no better than the best one."""
        settings, state = self.parts.plan.settings, self.state
        return state.epoch >= settings.epochs or self._stops_early()

    def _stops_early(self) -> bool:
        settings, best = self.parts.plan.settings, self.state.best
        return bool(settings.early_stopping and best and self.state.epoch - best["epoch"] >= settings.early_stopping)

    def _train_epoch(self, epoch: int) -> bool:
        """Make one pass over the training samples; return False if a command ended it."""
        parts, plan, settings, state = self.parts, self.parts.plan, self.parts.plan.settings, self.state
        log_every = max(1, plan.steps_per_epoch // LOGS_PER_EPOCH)
        logged_step, logged_at = state.step, self._clock
        if state.batch == 0:  # in the middle of an epoch the checkpoint has restored the random state
            torch.manual_seed(epoch_seed(settings.seed, epoch))
        self._loss_sum = torch.tensor(state.loss_sum, device=parts.fabric.device, dtype=torch.float32)
        parts.model.train()
        batches = epoch_batches(
            parts.train_split, settings.batch_size, settings.seed, epoch, parts.augmenter, start=state.batch
        )
        bounds = batch_bounds(len(parts.train_split), settings.batch_size)
        for step_of in step_bounds(bounds, settings.accumulate, start=state.batch):
            # 1. Commands: pause, stop or save between two steps.
            if self.control.pending:
                state.loss_sum = finite_loss(self._loss_sum, state.step, epoch, settings)
                state.epoch_seconds = self._epoch_elapsed()
                if not self._handle_control():
                    return False
                self._start_clock()
                logged_step, logged_at = state.step, self._clock
            # 2. One step. Nothing in it reads a value back from the device, so that the host runs ahead of it.
            logs = (state.step + 1) % log_every == 0
            last = state.batch + len(step_of) == len(bounds)
            result = parts.step.run(
                batches, step_of, state.step, self.lr_at(state.step), parts.metrics, measure=logs or last
            )
            self._loss_sum.add_(result.loss, alpha=step_of[-1][1] - step_of[0][0])
            state.step += 1
            state.batch += len(step_of)
            # 3. About a dozen records per epoch; reading the loss waits for the device.
            if logs:
                value = finite_loss(result.loss, state.step, epoch, settings)
                samples = (state.step - logged_step) * settings.batch_size * settings.accumulate
                speed = samples / (time.perf_counter() - logged_at)
                logged_step, logged_at = state.step, time.perf_counter()
                grad_norm = float(result.grad_norm) if result.grad_norm is not None else None
                memory = memory_used(parts.fabric.device)
                self._log(step_record(plan, state, value, self.lr_at(state.step - 1), speed, grad_norm, memory))
                if time.perf_counter() - self.checkpointer.saved_at > CHECKPOINT_SECONDS:
                    self.control.send("checkpoint")
        return True

    def _close_epoch(self, epoch: int) -> None:
        """Measure an epoch that was trained, save it and record it."""
        parts, plan, settings, state = self.parts, self.parts.plan, self.parts.plan.settings, self.state
        # 1. Metrics, over the training batches and over the validation split.
        train_loss = finite_loss(self._loss_sum, state.step, epoch, settings) / len(parts.train_split)
        train_values = {LOSS: train_loss, **parts.metrics.compute()}
        collector = PredictionCollector(len(parts.val_split))
        with parts.average.applied() if parts.average is not None else nullcontext():
            val_values = validate(
                parts.model, parts.val_split, parts.objective, VAL_FACTOR * settings.batch_size, collector
            )
            health = health_record(state, parts.health.measure(parts.gradient_norms.by_node()))
            if settings.samples and self.samples.wants(epoch, settings.epochs, state.seconds + self._epoch_elapsed()):
                self.samples.write(epoch)
        seconds = self._epoch_elapsed()
        record = epoch_record(plan, state, train_values, val_values, seconds)

        # 2. The checkpoint first, then the record, so that no metric that is shown can be lost.
        parts.metrics.reset()
        state.epoch, state.batch, state.loss_sum, state.epoch_seconds = epoch, 0, 0.0, 0.0
        state.seconds += seconds
        state.epochs.append(record)
        previous = state.best["value"] if state.best else None
        improved = plan.head.primary.is_better(val_values[plan.head.primary.name], previous)
        if improved:
            state.best = best_record(plan.head, record)
            # Before the checkpoint, because a kill between the two would lose it.
            classes = parts.data_facts.classes
            self.run.save_predictions(collector, parts.val_split, part="val", epoch=epoch, classes=classes)
        # The health too: after a kill, a checkpoint drops what is of later epochs, and brings nothing back.
        self.run.append(health)
        if settings.keep_every and epoch % settings.keep_every == 0:
            self.checkpointer.keep(epoch)
        self.checkpointer.save(best=improved)
        self.report.metrics(health)
        self._log(record)

    def _finish(self) -> None:
        """Measure the best epoch on the test part, if there is one, and publish that the run is done."""
        record = measure_test_part(self.run, self.parts, self.state)
        if record is not None:
            self.state.test = {"epoch": record["epoch"], "metrics": record["metrics"]["test"]}
            self._log(record)
        stopped = f"no better epoch in {self.parts.plan.settings.early_stopping}" if self._stops_early() else ""
        self._publish_state("done", stopped)

    def _publish_state(self, name: str, message: str = "") -> None:
        self._published = state_record(self.parts.plan, self.state, name, message)
        self.run.set_state(self._published)
        self.report.state(self._published)

    def _on_unwritable(self, reason: str) -> None:
        self._publish_around_wait(state_record(self.parts.plan, self.state, "paused", reason))

    def _on_writable(self) -> None:
        self._publish_around_wait(self._published)

    def _publish_around_wait(self, record: Mapping[str, Any]) -> None:
        """Publish a state now, or not at all: it must not wait for the folder that the loop waits for."""
        with suppress(UserError, OSError):
            replace(self.run, patience=None).set_state(record)
        self.report.state(record)

    def _start_clock(self) -> None:
        self._clock, self.patience.waited = time.perf_counter(), 0.0

    def _epoch_elapsed(self) -> float:
        """Return the seconds spent in the present epoch, those before a pause or a resume included."""
        return self.state.epoch_seconds + time.perf_counter() - self._clock - self.patience.waited

    def _log(self, record: dict[str, Any]) -> None:
        self.run.append(record)
        self.report.metrics(record)

    def _handle_control(self) -> bool:
        """Follow the commands between two steps; return False if the loop should end."""
        control = self.control
        control.acknowledge()
        if control.take_checkpoint() or control.stop or control.pause:
            self._publish_state("saving")
            self.checkpointer.save()
        if control.pause:
            self._publish_state("paused")
            while control.pause:
                control.wait()
        self._publish_state("stopped" if control.stop else "training")
        return not control.stop
