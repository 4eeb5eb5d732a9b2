"""Training: one visible loop. Lightning Fabric places it on a device and sets the precision; everything else is here to be read.

The batches of an epoch depend on (seed, epoch) alone, checkpoints carry the rest, so a run that was stopped or killed goes on as
if it had not been. A checkpoint is written before the line that announces its epoch: what the metrics show is never lost.
"""

import dataclasses
import math
import os
import time
import traceback
import warnings
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torchmetrics import Metric

from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.graph import Design, Training
from composer.engine.codegen.build import import_source
from composer.engine.codegen.generate import source
from composer.engine.codegen.probe import model_class
from composer.engine.device import Device, choose, cpu_cores, tune_threads
from composer.engine.training import data as datasets
from composer.engine.training.augment import batch_bounds, epoch_batches
from composer.engine.training.control import Control, Report, now
from composer.engine.training.data import Split
from composer.engine.training.objectives import Classification
from composer.engine.training.optimizer import learning_rate, make_optimizer
from composer.engine.training.run import BEST, LAST, Run

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "bf16-true", "64-true")
VAL_FACTOR = 4  # no gradients are kept, so validation batches may be larger
LOGS_PER_EPOCH = 12


class Diverged(UserError):
    """The loss is no longer a number."""


@dataclasses.dataclass
class Progress:
    """Where a run stands; every field goes into a checkpoint.

    Args:
        epoch: finished epochs.
        batch: finished batches of the epoch after them.
        step: optimizer steps so far.
        best_val_accuracy: best validation accuracy, in [0, 1]; negative before the first.
        best_epoch: the epoch that reached it.
        seconds: time spent training in all, pauses left out.
        loss_sum: sum of the losses of the images of the unfinished epoch.
        epoch_seconds: time spent in the unfinished epoch.
        epochs: metrics of the finished epochs.
        threads: CPU threads; kept, because sums in another order differ in the last digits.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best_val_accuracy: float = -1.0
    best_epoch: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0
    epoch_seconds: float = 0.0
    epochs: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    threads: int = 0


def train(
    design: Design,
    out: Path,
    *,
    data: str | None = None,
    epochs: int | None = None,
    device: str = "auto",
    resume: bool = False,
    pipe: bool = False,
    overrides: Mapping[str, Any] | None = None,
    control: Control | None = None,
    report: Report | None = None,
) -> Run:
    """Train a design, or go on with a run.

    Args:
        design: what to train.
        out: folder of the run.
        data: data set; the design's own by default.
        epochs: number of epochs; the design's own by default.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        resume: go on from the last checkpoint in `out`, if there is one, with the settings of that run.
        pipe: talk JSON lines with the parent process on stdin and stdout.
        overrides: training settings that take the place of the design's.
        control: what the run is asked to do meanwhile.
        report: who is told of its progress.

    Returns:
        The run; its state says whether it was finished or stopped.

    Raises:
        UserError: if the design, the settings, the data or the device do not go together, or the loss diverges.
    """
    report = report or Report("pipe" if pipe else "silent")
    control = control or Control()
    if pipe:
        control.read_stdin()
    given = {"data": data, "epochs": epochs, **(overrides or {})}
    given = {name: value for name, value in given.items() if value is not None}
    target = choose(device)
    if resume and (out / "settings.json").exists():
        run, settings, text = _reopen(design, out, given)
    else:
        settings = _check_settings(dataclasses.replace(design.training, **given))
        text = source(design)
        run = Run.create(
            out, design, text, {"training": dataclasses.asdict(settings), "device": target.name, "created": now()}
        )
    threads = torch.get_num_threads()
    try:
        with control.signals():
            _fit(design, run, settings, text, target, control, report)
    except BaseException as error:
        message = explain(error, settings, target)
        (run.path / "error.txt").write_text(traceback.format_exc(), "utf-8")
        state = {**run.state(), "state": "failed", "message": message}
        run.set_state(state)
        report.state(state)
        if isinstance(error, Exception) and not isinstance(error, UserError):
            raise UserError(message) from error
        raise
    finally:
        torch.set_num_threads(threads)
    return run


def _fit(
    design: Design, run: Run, settings: Training, text: str, target: Device, control: Control, report: Report
) -> None:
    """The loop."""
    fabric = _place(target, settings.precision)
    torch.manual_seed(settings.seed)
    model: nn.Module = model_class(import_source(text, run.path / "model.py"))()
    data = datasets.load(settings.data, datasets.input_shape(design))
    train_split, val_split = data.train.to(fabric.device), data.val.to(fabric.device)
    objective = Classification(data.classes, settings.label_smoothing)
    steps_per_epoch = len(batch_bounds(len(train_split), settings.batch_size))
    lr_at = learning_rate(settings, steps_per_epoch)
    log_every = max(1, steps_per_epoch // LOGS_PER_EPOCH)

    bare = model  # keeps the names of the design's nodes in the state_dict
    optimizer = make_optimizer(bare, settings)
    bare_optimizer = optimizer
    model, optimizer = fabric.setup(model, optimizer)
    accuracy = objective.accuracy().to(fabric.device)
    accuracy.persistent(True)
    progress = Progress()
    keeper = Keeper(run, fabric, bare, bare_optimizer, accuracy, progress)
    resumed = keeper.restore()
    _try_output(model, train_split, objective, settings.data)
    if fabric.device.type == "cpu":
        progress.threads = _set_threads(bare, train_split, settings, objective, progress.threads)
    base = {
        "epochs": settings.epochs,
        "steps": settings.epochs * steps_per_epoch,
        "device": fabric.device.type,
        "device_label": target.label,
    }
    started = now()

    def tell(state: str, message: str = "") -> None:
        best = (
            {"best_val_accuracy": progress.best_val_accuracy, "best_epoch": progress.best_epoch}
            if progress.best_epoch
            else {}
        )
        row = {"state": state, "epoch": progress.epoch, "step": progress.step, **base, **best, "message": message}
        row |= {"seconds": round(progress.seconds, 3), "started": started}
        run.set_state(row)
        report.state(row)

    def log(record: dict[str, Any]) -> None:
        run.append(record)
        report.metrics(record)

    tell("training", f"resumed after epoch {progress.epoch}" if resumed else "")
    while progress.epoch < settings.epochs:
        epoch = progress.epoch + 1
        clock = time.perf_counter()
        logged_step, logged_at = progress.step, clock
        if progress.batch == 0:
            torch.manual_seed(
                settings.seed * 1_000_003 + epoch
            )  # dropout and the like; in mid-epoch the checkpoint has its state
        loss_sum = torch.tensor(progress.loss_sum, device=fabric.device, dtype=torch.float32)
        model.train()
        for images, labels in epoch_batches(
            train_split, settings.batch_size, settings.seed, epoch, augment=settings.augment, start=progress.batch
        ):
            if control.pending:
                progress.loss_sum, progress.epoch_seconds = _finite(loss_sum, progress, settings), _lap(progress, clock)
                if not _obey(control, keeper, tell):
                    return
                clock = logged_at = time.perf_counter()
                logged_step = progress.step
            for group in bare_optimizer.param_groups:
                group["lr"] = lr_at(progress.step)
            output = model(images)
            loss = objective.loss(output, labels)
            fabric.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            loss_sum += loss.detach() * len(labels)
            accuracy.update(output.detach(), labels)
            progress.step += 1
            progress.batch += 1
            if progress.step % log_every == 0:
                value = _finite(loss, progress, settings)  # reads from the device, so it waits for it
                speed = (progress.step - logged_step) * settings.batch_size / (time.perf_counter() - logged_at)
                logged_step, logged_at = progress.step, time.perf_counter()
                record = {"kind": "step", "step": progress.step, "steps": base["steps"], "epoch": epoch, "loss": value}
                log({**record, "lr": lr_at(progress.step - 1), "images_per_s": round(speed, 1), "time": now()})

        train_loss = _finite(loss_sum, progress, settings) / len(train_split)
        val_loss, val_accuracy = validate(model, val_split, objective, VAL_FACTOR * settings.batch_size)
        seconds = _lap(progress, clock)
        record = {
            "kind": "epoch",
            "epoch": epoch,
            "epochs": settings.epochs,
            "step": progress.step,
            "train_loss": train_loss,
        }
        record |= {"train_accuracy": float(accuracy.compute()), "val_loss": val_loss, "val_accuracy": val_accuracy}
        record |= {
            "seconds": round(seconds, 3),
            "images_per_s": round(len(train_split) / max(seconds, 1e-9), 1),
            "time": now(),
        }
        accuracy.reset()
        progress.epoch, progress.batch, progress.loss_sum, progress.epoch_seconds = epoch, 0, 0.0, 0.0
        progress.seconds += seconds
        progress.epochs.append(record)
        improved = val_accuracy > progress.best_val_accuracy
        if improved:
            progress.best_val_accuracy, progress.best_epoch = val_accuracy, epoch
        keeper.save(best=improved)
        log(record)
        tell("training" if epoch < settings.epochs else "done")
        if control.pending and epoch < settings.epochs and not _obey(control, keeper, tell):
            return
    if resumed and progress.step == base["steps"]:
        tell("done")


@torch.inference_mode()
def validate(model: nn.Module, split: Split, objective: Classification, batch_size: int) -> tuple[float, float]:
    """Loss and accuracy on a split, in evaluation mode.

    Returns:
        Mean cross entropy and the share of images whose highest score is the right class.
    """
    was_training = model.training
    model.eval()
    accuracy = objective.accuracy().to(split.labels.device)
    total = torch.zeros((), device=split.labels.device)
    for low in range(0, len(split), batch_size):
        images, labels = split.take(slice(low, low + batch_size)), split.labels[low : low + batch_size]
        output = model(images).float()
        total += objective.loss(output, labels, smooth=False) * len(labels)
        accuracy.update(output, labels)
    model.train(was_training)
    return float(total) / len(split), float(accuracy.compute())


@dataclasses.dataclass
class Keeper:
    """Saves and restores everything that decides how a run goes on."""

    run: Run
    fabric: Fabric
    model: nn.Module
    optimizer: torch.optim.Optimizer
    accuracy: Metric
    progress: Progress

    def save(self, *, best: bool = False) -> None:
        """Write last.pt, and before it best.pt if this is the best so far."""
        weights = {name: tensor.detach().cpu() for name, tensor in self.model.state_dict().items()}
        if best:
            found = {"epoch": self.progress.best_epoch, "val_accuracy": self.progress.best_val_accuracy}
            self.run.save(BEST, {"format": 1, "model": weights, **found})
            self.run.save_weights(weights)
        rng = {"cpu": torch.get_rng_state()}
        if self.fabric.device.type == "cuda":
            rng["cuda"] = torch.cuda.get_rng_state(self.fabric.device)
        elif self.fabric.device.type == "mps":
            rng["mps"] = torch.mps.get_rng_state()
        checkpoint = {
            "format": 1,
            "model": weights,
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),  # the loss scale of 16-mixed
            "rng": rng,
            "accuracy": dict(self.accuracy.state_dict()),
            "progress": dataclasses.asdict(self.progress),
        }
        self.run.save(LAST, checkpoint)

    def restore(self) -> bool:
        """Go back to last.pt, if there is one, and cut the metrics to what it knows.

        Raises:
            UserError: if its weights do not fit the network.
        """
        checkpoint = self.run.load(LAST)
        if checkpoint is None:
            self.run.rewrite_metrics([])
            return False
        try:
            self.model.load_state_dict(checkpoint["model"])
            self.optimizer.load_state_dict(checkpoint["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().split("\n")[-1].strip()
            raise UserError(
                f"{self.run.path}: the saved weights do not fit the network: {reason:.200}; were its blocks changed?"
            ) from None
        self.fabric.strategy.precision.load_state_dict(checkpoint["precision"])
        self.accuracy.load_state_dict(checkpoint["accuracy"])
        for name, value in checkpoint["progress"].items():
            setattr(self.progress, name, value)
        if self.progress.batch:
            # A metric that is loaded thinks that nothing was counted yet, and would warn.
            self.accuracy._update_count = self.progress.batch
        rng = checkpoint["rng"]
        torch.set_rng_state(rng["cpu"])
        if "cuda" in rng and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(rng["cuda"], self.fabric.device)
        elif "mps" in rng and self.fabric.device.type == "mps":
            torch.mps.set_rng_state(rng["mps"])
        steps = [
            row
            for row in self.run.metrics()
            if row.get("kind") == "step" and row.get("step", math.inf) <= self.progress.step
        ]
        rows = sorted([*steps, *self.progress.epochs], key=lambda row: (row["step"], row["kind"] == "epoch"))
        self.run.rewrite_metrics(rows)
        return True


def _obey(control: Control, keeper: Keeper, tell: Any) -> bool:
    """Do what was asked between two steps; False means that the loop should end."""
    control.acknowledge()
    if control.take_checkpoint() or control.stop or control.pause:
        tell("saving")
        keeper.save()
    if control.pause:
        tell("paused")
        while control.pause:
            control.wait()
    tell("stopped" if control.stop else "training")
    return not control.stop


def _lap(progress: Progress, clock: float) -> float:
    return progress.epoch_seconds + time.perf_counter() - clock


def _finite(loss: Tensor, progress: Progress, settings: Training) -> float:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise Diverged(
            f"the loss is no longer a number at step {progress.step} (epoch {progress.epoch + 1}); lower the learning rate, now "
            f"{settings.lr:g}, or lengthen the warm-up, now {settings.warmup_epochs:g} epochs"
        )
    return value


def _try_output(model: nn.Module, split: Split, objective: Classification, data: str) -> None:
    """One small forward pass, so that a design that does not fit the data is refused before anything is written."""
    model.eval()
    with torch.no_grad():
        objective.check(model(split.take(slice(2))), data)


def _set_threads(model: nn.Module, split: Split, settings: Training, objective: Classification, known: int) -> int:
    """Use the threads of the checkpoint, or measure which number is best."""
    if 0 < known <= cpu_cores():
        torch.set_num_threads(known)
        return known
    images, labels = split.take(slice(settings.batch_size)), split.labels[: settings.batch_size]
    with torch.random.fork_rng(devices=[]):
        copy = deepcopy(model).train()  # a step changes the statistics of batch norms

        def step() -> None:
            torch.autograd.backward(objective.loss(copy(images), labels))

        return tune_threads(step)


def _place(target: Device, precision: str) -> Fabric:
    kind, _, index = target.name.partition(":")
    try:
        with warnings.catch_warnings():
            # Fabric advises on machines with several devices; the user has chosen one.
            warnings.simplefilter("ignore")
            return Fabric(accelerator=kind, devices=[int(index)] if index else 1, precision=precision)  # type: ignore[arg-type]
    except (ValueError, RuntimeError, TypeError) as error:
        raise UserError(f"precision {precision!r} does not work on {target.name}: {error}; use 32-true") from None


def _check_settings(settings: Training) -> Training:
    for name, low in (("epochs", 1), ("batch_size", 2)):
        if getattr(settings, name) < low:
            raise UserError(f"{name} is {getattr(settings, name)}, expected at least {low}")
    for name in ("lr", "weight_decay", "warmup_epochs"):
        value = getattr(settings, name)
        if not math.isfinite(value) or value < 0 or (name == "lr" and value == 0):
            raise UserError(f"{name} is {value}, expected a number {'above' if name == 'lr' else 'not below'} 0")
    if settings.seed < 0:
        raise UserError(f"seed is {settings.seed}, expected a whole number not below 0")
    if settings.precision not in PRECISIONS:
        raise UserError(f"precision {settings.precision!r} is not known; choose one of: {', '.join(PRECISIONS)}")
    return settings


def _reopen(design: Design, out: Path, given: Mapping[str, Any]) -> tuple[Run, Training, str]:
    """An existing run with its own settings; only the number of epochs may be another."""
    run = Run.open(out)
    saved = run.settings()
    if saved.get("design_hash") != design_file.design_hash(design):
        raise UserError(f"{out} was trained with another design; choose another folder to train this one")
    try:
        settings = Training(**saved["training"])
    except (KeyError, TypeError) as error:
        raise UserError(f"{out}/settings.json: the training settings cannot be read: {error}") from None
    for name, value in given.items():
        if name != "epochs" and value != getattr(settings, name):
            raise UserError(
                f"{out} was begun with {name} {getattr(settings, name)}, and going on with {value} would be another run"
            )
    settings = _check_settings(dataclasses.replace(settings, epochs=given.get("epochs", settings.epochs)))
    # Made from the design, not read from model.py: a run folder from elsewhere must not bring code along.
    return run, settings, source(run.design())


def explain(error: BaseException, settings: Training, target: Device) -> str:
    """One sentence on what went wrong, for a person."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError) or "out of memory" in str(error).lower():
        return f"{target.label} has too little memory for batch size {settings.batch_size}; lower batch_size or make the design smaller"
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it could save; resume goes on from the last checkpoint"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    text = str(error).strip().split("\n")[0] or "no message"
    return f"training failed: {type(error).__name__}: {text:.300}"


def best_accuracy(run: Run) -> float | None:
    """Best validation accuracy of a run, in [0, 1]; None before the first epoch."""
    found = run.state().get("best_val_accuracy")
    return float(found) if found is not None else None


def run_command(
    design_path: str | os.PathLike[str],
    data: str | None = None,
    epochs: int | None = None,
    out: str | os.PathLike[str] = "run",
    device: str = "auto",
    resume: bool = False,
    parent_pipe: bool = False,
    batch_size: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
) -> int:
    """The command ``train``.

    Returns:
        0 when it was finished or stopped as asked.

    Raises:
        UserError: if it could not be done; a parent at the pipe has been told as well.
    """
    report = Report("pipe" if parent_pipe else "text")
    try:
        design = design_file.load(design_path)
        overrides = {"batch_size": batch_size, "lr": lr, "seed": seed}
        run = train(
            design,
            Path(out),
            data=data,
            epochs=epochs,
            device=device,
            resume=resume,
            pipe=parent_pipe,
            overrides=overrides,
            report=report,
        )
    except UserError as error:
        if not report.failed:
            report.state({"state": "failed", "message": str(error)})
        raise
    best = best_accuracy(run)
    if best is not None and not parent_pipe:
        report.text(f"{run.path}: validation accuracy {best:.2%} (epoch {run.state()['best_epoch']})")
    return 0
