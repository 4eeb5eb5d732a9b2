"""The command ``train``: a run started from a terminal, a cluster job or the window."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core import edits
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths
from composer.core.files import design_file
from composer.core.run_records import best_of, tested_metrics
from composer.engine.training.control import Control
from composer.engine.training.data.data_check import DataMisfitError, fit_command
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from composer.engine.training.storage.branching import Branch


def run_command(
    design_path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    device: str = "auto",
    resume: bool = False,
    extend_lr: str | None = None,
    take_over: bool = False,
    parent_pipe: bool = False,
    branch: Branch | None = None,
    overrides: Mapping[str, Any],
) -> int:
    """Train a design file.

    Args:
        design_path: the design.
        out: folder of the run.
        device: see `train`.
        resume: see `train`.
        extend_lr: see `train`.
        take_over: see `train`.
        parent_pipe: exchange JSON lines with the parent process on stdin and stdout.
        branch: see `train`.
        overrides: see `train`.

    Returns:
        0 if the run finished or was stopped by its parent process.

    Raises:
        UserError: if it failed; a parent at the pipe has been informed as well.
        KeyboardInterrupt: if a signal stopped it.
    """
    report, control = Report("pipe" if parent_pipe else "text"), Control()
    if parent_pipe:
        control.read_stdin()
    try:
        design = design_file.load(design_path)
        folder = Path(design_path).absolute().parent
        design = edits.set_training(design, absolute_paths(design.training, folder))
        run = train(
            design,
            Path(out),
            device=device,
            resume=resume,
            extend_lr=extend_lr,
            take_over=take_over,
            control=control,
            report=report,
            folder=folder,
            branch=branch,
            **overrides,
        )
    except UserError as error:
        if not report.failed:
            suggestion = getattr(error, "suggestion", None)
            report.state(
                {"state": "failed", "message": str(error), **({"suggestion": dict(suggestion)} if suggestion else {})}
            )
        if isinstance(error, DataMisfitError) and not (parent_pipe or resume):  # the window has a button for it
            command = fit_command(edits.set_training(design, error.training), Path(design_path), overrides)
            if command:
                raise UserError(f"{error}, which this command does: {command}") from error
        raise
    state = run.state()
    if (best := best_of(state)) is not None:
        metric, value, epoch = best
        line = f"{run.path}: validation {metric.title.lower()} {metric.write(value)} (epoch {epoch})"
        test = tested_metrics(state)
        if test is not None and metric.name in test[0]:
            line += f", test {metric.title.lower()} {metric.write(test[0][metric.name])}"
        report.text(line)
    if control.interrupted and state.get("state") != "done":
        raise KeyboardInterrupt  # the command line has an exit code for that
    return 0
