"""`netcomposer train`."""

import argparse
import os
from pathlib import Path
from typing import Annotated, Any

from composer.cli import training_flags
from composer.cli.options import DesignFile, DeviceName, Option
from composer.core.errors import UserError
from composer.core.learning_rate import MODES


def run(
    design: DesignFile,
    *,
    out: Annotated[Path, Option("--out", metavar="RUN", help="folder of the run")],
    device: DeviceName = "auto",
    resume: Annotated[bool, Option("--resume", help="continue a run that was stopped or killed")] = False,
    extend_lr: Annotated[
        str | None,
        Option(
            "--extend-lr",
            choices=tuple(MODES),
            help="with --resume --epochs N, the learning rate of the changed run: "
            + "; ".join(f"{mode}: {text}" for mode, text in MODES.items())
            + " (stretch by default)",
        ),
    ] = None,
    branch: Annotated[
        Path | None,
        Option("--from", metavar="RUN[@EPOCH]", help="start from weights of another run: @3, @best (default), @last"),
    ] = None,
    branch_optimizer: Annotated[
        bool, Option("--from-optimizer", help="with --from RUN@last: take the states of its optimizer, too")
    ] = False,
    take_over: Annotated[
        bool, Option("--take-over", help="with --resume: replace a process that seems to be training this run")
    ] = False,
    parent_pipe: Annotated[
        bool, Option("--parent-pipe", help="exchange JSON lines with the process that started this one")
    ] = False,
    **settings: Any,
) -> int:
    """Train a design on real data."""
    # Before torch is loaded: threads that wait for each other should not occupy a core that others (the window) need.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    if branch_optimizer and branch is None:
        raise UserError("--from-optimizer needs --from RUN@last, the run whose optimizer it is")
    from composer.engine.training.command import run_command
    from composer.engine.training.storage.branching import Branch

    return run_command(
        design,
        out,
        device=device,
        resume=resume,
        extend_lr=extend_lr,
        take_over=take_over,
        parent_pipe=parent_pipe,
        branch=Branch(branch, branch_optimizer) if branch is not None else None,
        overrides=training_flags.read_overrides(settings),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that override training settings."""
    training_flags.add_flags(parser)
