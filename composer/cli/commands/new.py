"""`netcomposer new`."""

from typing import Annotated

from composer.cli.options import Force, Option, OutputFile


def run(
    template: Annotated[str, Option(metavar="TEMPLATE", help="name of a template")],
    *,
    output: OutputFile,
    force: Force = False,
) -> int:
    """Copy a template to a new design file."""
    from composer.core.files.design_file import load, save
    from composer.core.files.replacing import check_replace
    from composer.core.files.templates import template as template_file

    design = load(template_file(template))
    check_replace(output, force=force)
    save(design, output)
    print(output)
    return 0
