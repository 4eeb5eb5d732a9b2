"""`netcomposer new`."""

from typing import Annotated

from composer.cli.options import Option, OutputFile
from composer.core.errors import UserError


def run(
    template: Annotated[str, Option(metavar="TEMPLATE", help="name of a template")],
    *,
    output: OutputFile,
    force: Annotated[bool, Option("--force", help="replace an existing file")] = False,
) -> int:
    """Copy a template to a new design file."""
    from composer.core.files.design_file import load, save
    from composer.core.files.templates import template as template_file

    if output.exists() and not force:
        raise UserError(f"{output} exists already; choose another name or add --force to replace it")
    save(load(template_file(template)), output)
    print(output)
    return 0
