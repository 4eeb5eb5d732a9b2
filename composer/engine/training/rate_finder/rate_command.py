"""The command ``lr-find``: from a design file to a curve, and to its plot."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.design_file import load
from composer.core.files.replacing import check_replace, write_output
from composer.engine.training.failures.failure import explain
from composer.engine.training.rate_finder.rate_plot import plot_rates
from composer.engine.training.rate_finder.rate_search import RateCurve, find_rate
from composer.engine.training.settings import override

KIND = "learning rates"


def find_rate_of(
    design_path: Path,
    overrides: Mapping[str, Any],
    *,
    device: str,
    lowest: float,
    highest: float,
    steps: int,
    plot: Path | None,
    force: bool,
) -> RateCurve:
    """Test the learning rates of a design file.

    Args:
        design_path: the design file.
        overrides: training settings that replace the design's.
        device: see `train`.
        lowest: the first learning rate.
        highest: the last learning rate.
        steps: optimizer steps.
        plot: the image to write; None for none.
        force: whether to replace a file that holds something else.

    Raises:
        UserError: if the test cannot be made, or a file of the user would be replaced.
    """
    if plot is not None:
        if plot.suffix.lower() != ".png":
            raise UserError(f"{plot}: has the suffix {plot.suffix or 'nothing'!r}, expected .png")
        check_replace(plot, kind=KIND, source=design_path, force=force)
    design = load(design_path)
    folders = (Path.cwd(), design_path.absolute().parent)
    design = edits.set_training(design, override(design.training, overrides, folders))
    try:
        curve = find_rate(design, device=device, lowest=lowest, highest=highest, steps=steps)
    except UserError:
        raise
    except Exception as error:
        raise UserError(explain(error)) from error
    if plot is not None:
        buffer = io.BytesIO()
        plot_rates(curve, f"{design.name}, {curve.batch_size} samples a step").save(buffer, "PNG")
        write_output(plot, buffer.getvalue(), kind=KIND, source=design_path, force=force)
    return curve
