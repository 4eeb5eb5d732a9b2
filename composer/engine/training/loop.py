"""Training: one loop. Lightning Fabric places it on a device and sets the precision; everything else can be read here.

The batches of an epoch depend on (seed, epoch) alone and checkpoints carry the rest, so a run that was stopped or
killed continues as if nothing had happened. An epoch's checkpoint is written before its record: no metric that is shown
can be lost.
"""

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from composer.core import edits, training_settings
from composer.core.errors import UserError
from composer.core.files.run_folder import SOURCE, is_run
from composer.core.graph import Design, Training
from composer.core.run_records import LOSS, declared_head
from composer.engine.codegen.build import import_source
from composer.engine.codegen.generate import source
from composer.engine.codegen.probe import model_class
from composer.engine.device import Device, choose
from composer.engine.library import catalog
from composer.engine.training.batches import batch_bounds, epoch_batches, epoch_seed, ordered_batches
from composer.engine.training.checkpoint import Checkpointer
from composer.engine.training.control import Control
from composer.engine.training.datasets.splits import Split, batch_size
from composer.engine.training.failure import explain, finite_loss
from composer.engine.training.inputs import NamedInputs, input_fields, load_for
from composer.engine.training.objectives import Objective, make_objective
from composer.engine.training.optimizer import learning_rate, make_optimizer
from composer.engine.training.records import (
    Plan,
    TrainingState,
    best_record,
    epoch_record,
    now,
    state_record,
    step_record,
)
from composer.engine.training.report import Report
from composer.engine.training.run import Run
from composer.engine.training.settings import override, resumed
from composer.engine.training.setup import check_output, make_fabric, set_threads

VAL_FACTOR = 4  # no gradients are stored, so validation batches may be larger
LOGS_PER_EPOCH = 12


def train(
    design: Design,
    out: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    control: Control | None = None,
    report: Report | None = None,
    **overrides: Any,
) -> Run:
    """Train a design, or resume a run.

    Args:
        design: what to train.
        out: folder of the run.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        resume: continue from the last checkpoint in `out`, if there is one, with the settings of that run.
        control: commands to the run.
        report: receives states and records.
        overrides: plain values of training settings that replace the design's, such as ``epochs=3``.

    Returns:
        The run; its state tells whether it finished or was stopped.

    Raises:
        UserError: if the design, the settings, the data or the device do not fit together, or the loss diverges.
    """
    report, control = report or Report(), control or Control()
    target = choose(device)
    # Generated from the design, not read from model.py: a run folder from elsewhere must not bring code along.
    text = source(design)
    if resume and is_run(out):
        run = Run.open(out)
        settings = resumed(run, design, overrides)
    else:
        settings = override(design.training, overrides)
        values = {"training": training_settings.to_plain(settings), "device": target.name, "created": now()}
        run = Run.create(out, design, text, values)
    threads = torch.get_num_threads()
    try:
        with control.signals():
            _train(design, run, settings, text, target, control, report)
    except BaseException as error:
        message = explain(error, settings, target)
        run.write_trace(traceback.format_exc())
        state = {**run.state(), "state": "failed", "message": message}
        run.set_state(state)
        report.state(state)
        if isinstance(error, Exception) and not isinstance(error, UserError):
            raise UserError(message) from error
        raise
    finally:
        torch.set_num_threads(threads)
    return run


def _train(
    design: Design, run: Run, settings: Training, text: str, target: Device, control: Control, report: Report
) -> None:
    """Set up a run and loop over its epochs."""
    # 1. The network, with weights drawn from the run's seed, and the data in the shapes of its inputs.
    fabric = make_fabric(target, settings.precision)
    torch.manual_seed(settings.seed)
    network: nn.Module = model_class(import_source(text, run.path / SOURCE))()
    design = edits.set_training(design, settings)
    data = load_for(design)
    train_split, val_split = data.train.to(fabric.device), data.val.to(fabric.device)
    objective = make_objective(settings.objective, data)
    metrics = objective.metrics().to(fabric.device)

    # 2. Optimizer and schedule. `network` stays beside Fabric's wrapper, because its weights are named by the nodes.
    bare_optimizer = make_optimizer(network, settings, design, catalog())
    model, optimizer = fabric.setup(NamedInputs(network, input_fields(design)), bare_optimizer)
    plan = Plan(
        settings=settings,
        head=declared_head(settings.objective.name),
        steps_per_epoch=len(batch_bounds(len(train_split), settings.batch_size)),
        samples=len(train_split),
        device=fabric.device.type,
        device_label=target.label,
        started=now(),
    )
    lr_at = learning_rate(settings, plan.steps_per_epoch)
    log_every = max(1, plan.steps_per_epoch // LOGS_PER_EPOCH)

    # 3. The checkpoint of a resumed run; then refuse an output that the objective cannot learn from.
    state = TrainingState()
    checkpointer = Checkpointer(run, fabric, network, bare_optimizer, metrics, state, plan.head)
    has_checkpoint = checkpointer.restore()
    check_output(model, objective, train_split)
    if fabric.device.type == "cpu":
        state.threads = set_threads(model, objective, train_split, settings.batch_size, state.threads)

    def publish_state(name: str, message: str = "") -> None:
        record = state_record(plan, state, name, message)
        run.set_state(record)
        report.state(record)

    def log(record: dict[str, Any]) -> None:
        run.append(record)
        report.metrics(record)

    publish_state("training", f"resumed after epoch {state.epoch}" if has_checkpoint else "")
    report.metrics(plan.head.to_record())
    while state.epoch < settings.epochs:
        epoch = state.epoch + 1
        clock = time.perf_counter()
        logged_step, logged_at = state.step, clock
        if state.batch == 0:  # in the middle of an epoch the checkpoint has restored the random state
            torch.manual_seed(epoch_seed(settings.seed, epoch))
        loss_sum = torch.tensor(state.loss_sum, device=fabric.device, dtype=torch.float32)
        model.train()

        # 4. One pass over the training samples.
        for batch in epoch_batches(
            train_split, settings.batch_size, settings.seed, epoch, augment=settings.augment, start=state.batch
        ):
            # 4a. Commands: pause, stop or save between two steps.
            if control.pending:
                state.loss_sum = finite_loss(loss_sum, state.step, epoch, settings)
                state.epoch_seconds = _epoch_elapsed(state, clock)
                if not _handle_control(control, checkpointer, publish_state):
                    return
                clock = logged_at = time.perf_counter()
                logged_step = state.step
            # 4b. One step. Nothing here reads a value back from the device, so that the host runs ahead of it.
            for group in bare_optimizer.param_groups:
                group["lr"] = lr_at(state.step)
            loss, outputs = objective.loss(model, batch, state.step)
            fabric.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            loss_sum += loss.detach() * batch_size(batch)
            with torch.no_grad():  # a metric must not hold on to the graph of a step
                metrics.update(outputs, batch)
            state.step += 1
            state.batch += 1
            # 4c. About a dozen records per epoch; reading the loss waits for the device.
            if state.step % log_every == 0:
                value = finite_loss(loss, state.step, epoch, settings)
                speed = (state.step - logged_step) * settings.batch_size / (time.perf_counter() - logged_at)
                logged_step, logged_at = state.step, time.perf_counter()
                log(step_record(plan, state, value, lr_at(state.step - 1), speed))

        # 5. Metrics of the epoch, over the training batches and over the validation split.
        train_loss = finite_loss(loss_sum, state.step, epoch, settings) / len(train_split)
        train_values = {LOSS: train_loss, **metrics.compute()}
        val_values = validate(model, val_split, objective, VAL_FACTOR * settings.batch_size)
        seconds = _epoch_elapsed(state, clock)
        record = epoch_record(plan, state, train_values, val_values, seconds)

        # 6. The checkpoint first, then the record, so that no metric that is shown can be lost.
        metrics.reset()
        state.epoch, state.batch, state.loss_sum, state.epoch_seconds = epoch, 0, 0.0, 0.0
        state.seconds += seconds
        state.epochs.append(record)
        previous = state.best["value"] if state.best else None
        improved = plan.head.primary.is_better(val_values[plan.head.primary.name], previous)
        if improved:
            state.best = best_record(plan.head, record)
        checkpointer.save(best=improved)
        log(record)
        publish_state("training" if epoch < settings.epochs else "done")
        if control.pending and epoch < settings.epochs and not _handle_control(control, checkpointer, publish_state):
            return
    if has_checkpoint and state.step == plan.steps:
        publish_state("done")


@torch.inference_mode()
def validate(model: nn.Module, split: Split, objective: Objective, size: int) -> dict[str, float]:
    """Return loss and metrics of a split, in evaluation mode.

    Args:
        model: takes a batch.
        split: the samples.
        objective: what the model learns.
        size: samples per batch.
    """
    was_training = model.training
    model.eval()
    metrics = objective.metrics().to(split.device)
    loss_sum = torch.zeros((), device=split.device)
    for batch in ordered_batches(split, size):
        loss, outputs = objective.loss(model, batch, None)
        loss_sum += loss * batch_size(batch)
        metrics.update(outputs, batch)
    model.train(was_training)
    return {LOSS: float(loss_sum) / len(split), **metrics.compute()}


def _handle_control(control: Control, checkpointer: Checkpointer, publish_state: Callable[[str], None]) -> bool:
    """Follow the commands between two steps; return False if the loop should end."""
    control.acknowledge()
    if control.take_checkpoint() or control.stop or control.pause:
        publish_state("saving")
        checkpointer.save()
    if control.pause:
        publish_state("paused")
        while control.pause:
            control.wait()
    publish_state("stopped" if control.stop else "training")
    return not control.stop


def _epoch_elapsed(state: TrainingState, clock: float) -> float:
    """Return the seconds spent in the present epoch, those before a pause or a resume included."""
    return state.epoch_seconds + time.perf_counter() - clock
