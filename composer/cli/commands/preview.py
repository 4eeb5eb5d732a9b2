"""`netcomposer preview`."""

import argparse
from typing import Annotated, Any

from composer.cli import training_flags
from composer.cli.options import DesignFile, Force, Option, OutputFile, positive
from composer.core.data_facts import PARTS


def run(
    design: DesignFile,
    *,
    output: OutputFile,
    part: Annotated[str, Option("--part", choices=PARTS, help="part of the data")] = "train",
    samples: Annotated[int, Option("--count", type=positive, metavar="N", help="number of samples")] = 8,
    draws: Annotated[int, Option("--draws", type=positive, metavar="N", help="augmented versions of each")] = 8,
    force: Force = False,
    **settings: Any,
) -> int:
    """Draw samples of the data as the network sees them, with their labels and augmented versions."""
    from composer.engine.training.preview.preview_sheet import write_sheet

    overrides = training_flags.read_overrides(settings)
    print(write_sheet(design, output, part, samples, draws, overrides, force=force))
    print(output)
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that override training settings."""
    training_flags.add_flags(parser)
