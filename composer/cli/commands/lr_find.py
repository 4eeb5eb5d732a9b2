"""`netcomposer lr-find`."""

import argparse
import json
from pathlib import Path
from typing import Annotated, Any

from composer.cli import training_flags
from composer.cli.options import AsJson, DesignFile, DeviceName, Force, Option, positive


def run(
    design: DesignFile,
    *,
    device: DeviceName = "auto",
    lowest: Annotated[float, Option("--from", metavar="RATE", help="first learning rate")] = 1e-7,
    highest: Annotated[float, Option("--to", metavar="RATE", help="last learning rate")] = 1.0,
    steps: Annotated[int, Option("--steps", type=positive, metavar="N", help="optimizer steps")] = 100,
    plot: Annotated[Path | None, Option("--plot", metavar="FILE.png", help="draw the curve to an image")] = None,
    as_json: AsJson = False,
    force: Force = False,
    **settings: Any,
) -> int:
    """Find a learning rate: train for some steps with a rising rate and see where the loss falls; nothing is kept."""
    from composer.engine.training.rate_finder.rate_command import find_rate_of

    overrides = training_flags.read_overrides(settings)
    curve = find_rate_of(
        design, overrides, device=device, lowest=lowest, highest=highest, steps=steps, plot=plot, force=force
    )
    if as_json:
        print(json.dumps(curve.to_json(), indent=2))
        return 0
    end = "where the loss grew" if curve.diverged else "the end of the range"
    print(f"{len(curve.rates)} steps of {curve.batch_size} samples, from {curve.rates[0]:.3g} to {end}")
    if curve.steepest is not None:
        print(f"steepest descent at {curve.steepest:.2g}")
    print(f"smallest loss at {curve.minimum:.2g}; a tenth of it is {curve.tenth_of_minimum:.2g} (--lr)")
    if plot is not None:
        print(plot)
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that override training settings."""
    training_flags.add_flags(parser)
