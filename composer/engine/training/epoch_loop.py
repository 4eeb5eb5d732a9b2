"""The loop over the epochs of a run. Lightning Fabric has placed it on a device and set the precision.

The batches of an epoch depend on (seed, epoch) alone and checkpoints carry the rest, so a run that was stopped or
killed continues as if nothing had happened. An epoch's checkpoint is written before its record: no metric that is shown
can be lost.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from composer.core.errors import UserError
from composer.core.learning_rate import learning_rate
from composer.core.run_records import LOSS
from composer.engine.training.batches import epoch_batches, epoch_seed
from composer.engine.training.checkpoint import Checkpointer
from composer.engine.training.control import Control
from composer.engine.training.datasets.splits import batch_size
from composer.engine.training.failure import finite_loss
from composer.engine.training.final_test import measure_test_part
from composer.engine.training.patience import Patience
from composer.engine.training.predictions import PredictionCollector
from composer.engine.training.preparation import Preparation
from composer.engine.training.records import TrainingState, best_record, epoch_record, state_record, step_record
from composer.engine.training.report import Report
from composer.engine.training.run import Run
from composer.engine.training.settings import ResumedSettings, jump_warning
from composer.engine.training.setup import set_threads
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
    lr_at: Callable[[int], float] = field(init=False)
    has_checkpoint: bool = False
    started: bool = False
    _published: Mapping[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Connect the checkpoints with everything that they store, and the folder with the commands."""
        parts = self.parts
        self.patience = Patience(self.control, self._on_unwritable, self._on_writable)
        self.run = replace(self.run, patience=self.patience)
        self.checkpointer = Checkpointer(
            self.run, parts.fabric, parts.network, parts.bare_optimizer, parts.metrics, self.state, parts.plan.head
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
        parts, plan, settings, state = self.parts, self.parts.plan, self.parts.plan.settings, self.state
        log_every = max(1, plan.steps_per_epoch // LOGS_PER_EPOCH)
        self.started = self.patience.active = True
        if state.epoch >= settings.epochs:
            self.report.metrics(plan.head.to_record())
            self._finish()
            return
        self._publish_state("training", f"resumed after epoch {state.epoch}" if self.has_checkpoint else "")
        self.report.metrics(plan.head.to_record())
        while state.epoch < settings.epochs:
            epoch = state.epoch + 1
            self.patience.take_waited()
            clock = time.perf_counter()
            logged_step, logged_at = state.step, clock
            if state.batch == 0:  # in the middle of an epoch the checkpoint has restored the random state
                torch.manual_seed(epoch_seed(settings.seed, epoch))
            loss_sum = torch.tensor(state.loss_sum, device=parts.fabric.device, dtype=torch.float32)
            parts.model.train()

            # 1. One pass over the training samples.
            for batch in epoch_batches(
                parts.train_split,
                settings.batch_size,
                settings.seed,
                epoch,
                parts.augmenter,
                start=state.batch,
            ):
                # 1a. Commands: pause, stop or save between two steps.
                if self.control.pending:
                    state.loss_sum = finite_loss(loss_sum, state.step, epoch, settings)
                    state.epoch_seconds = self._epoch_elapsed(clock)
                    if not self._handle_control():
                        return
                    clock = logged_at = time.perf_counter()
                    logged_step = state.step
                # 1b. One step. Nothing here reads a value back from the device, so that the host runs ahead of it.
                for group in parts.bare_optimizer.param_groups:
                    group["lr"] = self.lr_at(state.step)
                loss, outputs = parts.objective.loss(parts.model, batch, state.step)
                parts.fabric.backward(loss)
                parts.optimizer.step()
                parts.optimizer.zero_grad()
                loss_sum += loss.detach() * batch_size(batch)
                with torch.no_grad():  # a metric must not hold on to the graph of a step
                    parts.metrics.update(outputs, batch)
                state.step += 1
                state.batch += 1
                # 1c. About a dozen records per epoch; reading the loss waits for the device.
                if state.step % log_every == 0:
                    value = finite_loss(loss, state.step, epoch, settings)
                    speed = (state.step - logged_step) * settings.batch_size / (time.perf_counter() - logged_at)
                    logged_step, logged_at = state.step, time.perf_counter()
                    self._log(step_record(plan, state, value, self.lr_at(state.step - 1), speed))
                    if time.perf_counter() - self.checkpointer.saved_at > CHECKPOINT_SECONDS:
                        self.control.send("checkpoint")

            # 2. Metrics of the epoch, over the training batches and over the validation split.
            train_loss = finite_loss(loss_sum, state.step, epoch, settings) / len(parts.train_split)
            train_values = {LOSS: train_loss, **parts.metrics.compute()}
            collector = PredictionCollector(len(parts.val_split))
            val_values = validate(
                parts.model, parts.val_split, parts.objective, VAL_FACTOR * settings.batch_size, collector
            )
            seconds = self._epoch_elapsed(clock)
            record = epoch_record(plan, state, train_values, val_values, seconds)

            # 3. The checkpoint first, then the record, so that no metric that is shown can be lost.
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
            self.checkpointer.save(best=improved)
            self._log(record)
            if epoch == settings.epochs:
                self._finish()
                return
            self._publish_state("training")
            if self.control.pending and not self._handle_control():
                return

    def _finish(self) -> None:
        """Measure the best epoch on the test part, if there is one, and publish that the run is done."""
        record = measure_test_part(self.run, self.parts, self.state)
        if record is not None:
            self.state.test = {"epoch": record["epoch"], "metrics": record["metrics"]["test"]}
            self._log(record)
        self._publish_state("done")

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

    def _epoch_elapsed(self, clock: float) -> float:
        """Return the seconds spent in the present epoch, those before a pause or a resume included."""
        return self.state.epoch_seconds + time.perf_counter() - clock - self.patience.take_waited()

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
