"""`netcomposer inspect`."""

from pathlib import Path
from typing import Annotated

from composer.cli.options import ForceWeights, Option


def run(
    run: Annotated[Path, Option(metavar="RUN", help="folder of a run")],
    *,
    out: Annotated[Path, Option("--out", metavar="DIR", help="folder for the maps")],
    image: Annotated[Path | None, Option("--image", metavar="FILE", help="an image file")] = None,
    sample: Annotated[int | None, Option("--sample", metavar="N", help="number of a validation image")] = None,
    force: ForceWeights = False,
) -> int:
    """Write the attention maps of a trained run for one image."""
    from composer.engine.inspection.run_report import inspect_run

    for line in inspect_run(run, image, sample, out, force=force):
        print(line)
    return 0
