"""`netcomposer demo`."""

from pathlib import Path
from typing import Annotated

from composer.cli.options import Force, Option


def run(
    *,
    out: Annotated[Path, Option("--out", metavar="DIR", help="folder for the results")] = Path("demo_out"),
    force: Force = False,
) -> int:
    """Run the main workflow in the real window and write the results to a folder."""
    from composer.cli.demo import run_demo

    return run_demo(out, force=force)
