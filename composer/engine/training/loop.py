"""`train`: from a design and settings to a trained run, or to one sentence on why not.

Everything that can be refused is refused before a folder is made. `epoch_loop` is the loop itself.
"""

import traceback
from functools import partial
from pathlib import Path
from typing import Any

import torch

from composer.core import edits, training_settings
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths
from composer.core.files.run_folder import LAST, SOURCE, is_run
from composer.core.graph import Design
from composer.engine.codegen.generate import generate
from composer.engine.device import choose
from composer.engine.inference.infer import Inferrer
from composer.engine.training.compiling import compile_network
from composer.engine.training.control import Control
from composer.engine.training.datasets.progress import progress_to
from composer.engine.training.epoch_loop import EpochLoop
from composer.engine.training.failures.divergence import with_cause
from composer.engine.training.failures.failure import Diverged, explain
from composer.engine.training.failures.memory_limit import too_little_memory
from composer.engine.training.memory_phrases import is_out_of_memory
from composer.engine.training.preparation import Preparation, prepare
from composer.engine.training.report import Report
from composer.engine.training.settings import ResumedSettings, override, resumed
from composer.engine.training.setup import check_space, rehearse
from composer.engine.training.storage.branching import Branch
from composer.engine.training.storage.data_change import check_resumed_data
from composer.engine.training.storage.new_folder import check_new_folder
from composer.engine.training.storage.patience import StoppedWaitingError
from composer.engine.training.storage.provenance import GitState, provenance
from composer.engine.training.storage.records import now
from composer.engine.training.storage.run import Run

MAX_NOTES = 5  # notes on the data that a start repeats; `netcomposer datasets` has all


def train(
    design: Design,
    out: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    extend_lr: str | None = None,
    take_over: bool = False,
    control: Control | None = None,
    report: Report | None = None,
    folder: Path | None = None,
    branch: Branch | None = None,
    **overrides: Any,
) -> Run:
    """Train a design, or resume a run.

    What is refused makes no folder, and leaves an existing run unchanged.

    Args:
        design: what to train.
        out: folder of the run.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        resume: continue from the last checkpoint in `out`, if there is one, with the settings of that run.
        extend_lr: how the learning rate continues if `overrides` change the number of epochs of a run that is resumed:
            a key of `core.learning_rate.MODES`; ``stretch`` by default.
        take_over: resume a run whose owner seems to be alive.
        control: commands to the run.
        report: receives states and records.
        folder: folder of the design: relative paths in `overrides` are looked for in the working directory, then there;
            its state in git is recorded.
        branch: the checkpoint of another run to start from, in place of the setting ``init``.
        overrides: values that replace settings of the design, such as ``epochs=3``; see `training_overrides.apply`.

    Returns:
        The run; its state tells whether it finished or was stopped.

    Raises:
        UserError: if the design, the settings, the data or the device do not fit together, or the loss diverges.
        KeyboardInterrupt: if it was interrupted before it started, or a second time before it could save.
    """
    report, control = report or Report(), control or Control()
    target = choose(device)
    # Generated from the design, not read from model.py: a run folder from elsewhere must not bring code along.
    inference = Inferrer().infer(design)
    text = generate(inference)
    design = edits.set_training(design, absolute_paths(design.training, Path.cwd()))
    settings = design.training
    folders = (Path.cwd(), *([folder] if folder is not None else []))
    parts: Preparation | None = None
    run: Run | None = None
    training: EpochLoop | None = None
    threads = torch.get_num_threads()
    git = GitState(None if resume and is_run(out) else folder)
    try:
        with control.signals():
            # 1. The settings, and the run if there is one: from here on it belongs to this process.
            change: ResumedSettings | None = None
            if resume and is_run(out):
                if branch is not None:
                    raise UserError(f"--from starts a new run, but --resume continues {out}; leave out one of them")
                run = Run.resume(out, take_over=take_over)
                change = resumed(run, design, overrides, extend_lr, folders)
                settings = change.training
                _warn_of_edited_source(run, text, report)
            elif extend_lr is not None:
                raise UserError(f"--extend-lr {extend_lr} needs --resume and a run in {out} to make longer")
            else:
                if branch is not None:
                    branch = branch.absolute()
                    overrides = {**overrides, "init": str(branch.source)}
                settings = override(design.training, overrides, folders)
                check_new_folder(out, design, text)
            # 2. Network, data and optimizer.
            has_checkpoint = run is not None and (run.path / LAST).is_file()
            with progress_to(partial(_report_progress, control, report)):
                parts = prepare(design, settings, text, out, target, resumed=has_checkpoint)
            _report_start(parts, run, report)
            if branch is not None:
                branch.load_optimizer(parts.bare_optimizer)
            if not has_checkpoint:
                rehearse(parts.fabric, parts.model, parts.objective, parts.train_split, settings.batch_size)
            compiled = settings.compile and _compile(parts, report)
            check_space(out, *parts.checkpoint_bytes(), new=run is None)
            if control.interrupted:
                raise KeyboardInterrupt
            # 3. The folder, the checkpoint and the loop.
            if run is None:
                totals = inference.facts.totals
                values = {
                    "training": training_settings.to_plain(settings),
                    "data": parts.data_facts.run_record(),
                    "device": target.name,
                    "compiled": compiled,
                    **({"init": parts.initial.to_json()} if parts.initial is not None else {}),
                    **({"branched_from": branch.record()} if branch is not None else {}),
                    "created": now(),
                    "costs": {"params": totals.params, "macs": totals.macs},
                    **provenance(parts.fabric.device, git),
                }
                run = Run.create(out, design, text, values)
            training = EpochLoop(run, parts, control, report)
            training.restore(change)
            if branch is not None and branch.optimizer:
                training.checkpointer.save()  # a kill before the first epoch must not lose what the other run brought
            training.run_epochs()
    except StoppedWaitingError as error:
        assert run is not None
        report.warning(str(error))
        report.state(run.end("stopped", str(error)))
    except BaseException as error:
        trace = traceback.format_exc()
        reason: BaseException = error
        started = training is not None and training.started
        if is_out_of_memory(error):
            reason = too_little_memory(error, parts, target.label)
        elif isinstance(error, Diverged) and run is not None and training is not None:
            report.warning("the loss is no longer a number; repeating the last steps to find out where that began")
            lr_at, checkpoint = training.lr_at, (run.path / LAST).is_file()
            # What has diverged makes room for the repetition, which is as large.
            parts = training = None
            traceback.clear_frames(error.__traceback__)
            reason = with_cause(
                error,
                run,
                lambda: prepare(design, settings, text, out, target, resumed=checkpoint),
                lr_at,
                lambda: control.stop,
            )
        message = explain(reason)
        if run is not None and started:
            report.state(run.end("failed", message, trace, getattr(reason, "suggestion", None)))
        if reason is not error:
            raise reason from error
        if isinstance(error, Exception) and not isinstance(error, UserError):
            raise UserError(message) from error
        raise
    finally:
        git.result(0.0)
        if run is not None:
            run.release()
        torch.set_num_threads(threads)
    return run


def _compile(parts: Preparation, report: Report) -> bool:
    """Compile the network; return False, and tell why, if that does not work here."""
    batch = parts.train_split.take(slice(parts.plan.settings.batch_size))
    reason = compile_network(parts.inputs, parts.fabric, parts.model, parts.objective, batch)
    if reason is not None:
        report.warning(reason)
    return reason is None


def _report_progress(control: Control, report: Report, fraction: float, message: str) -> None:
    """Report how far the data is read; Ctrl+C ends a reading that would take long."""
    if control.interrupted:
        raise KeyboardInterrupt
    report.progress(fraction, message)


def _report_start(parts: Preparation, run: Run | None, report: Report) -> None:
    """Tell what a user may not expect of a start: few steps, weights from elsewhere, data that has changed.

    Raises:
        UserError: if the data of a run that is resumed has other classes or numbers of samples.
    """
    size, samples = parts.plan.settings.batch_size, parts.plan.samples
    if size > samples:
        report.warning(
            f"batch size {size} is more than the {samples} training samples, so an epoch is a single step; choose a "
            "smaller one"
        )
    if parts.initial is not None:
        report.warning(parts.initial.message)
    if broken := parts.data_facts.broken_summary():
        report.warning(broken)
    for note in parts.data_facts.notes[:MAX_NOTES]:
        report.text(f"note: {note}")
    if run is None:
        return
    if warning := check_resumed_data(run, parts.plan.settings, parts.data_facts):
        report.warning(warning)


def _warn_of_edited_source(run: Run, text: str, report: Report) -> None:
    """Tell that a change of model.py has no effect; the file stays as it is."""
    try:
        edited = (run.path / SOURCE).read_text("utf-8") != text
    except (OSError, ValueError):
        edited = True
    if edited:
        report.warning(
            f"{run.path / SOURCE} is not the source of this run's design; the run continues with its design.yaml, and "
            f"{SOURCE} stays as it is"
        )
