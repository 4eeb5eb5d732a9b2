"""`netcomposer gui`."""

from pathlib import Path
from typing import Annotated

from composer.cli.options import Option


def run(design: Annotated[Path | None, Option(metavar="DESIGN", help="design file to open")] = None) -> int:
    """Open the window."""
    from composer.core.files.design_file import check_readable
    from composer.gui import app

    if design is not None:
        check_readable(design)
    return app.run(str(design) if design is not None else None)
