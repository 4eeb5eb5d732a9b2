"""`netcomposer new`."""

from typing import Annotated

from composer.cli.options import Force, Option, OutputFile


def run(
    template: Annotated[str, Option(metavar="TEMPLATE", help="name of a template, or of a variant of one")],
    *,
    output: OutputFile,
    variant: Annotated[
        str, Option("--variant", metavar="VARIANT", help="named setting of its variables, such as swin_s")
    ] = "",
    force: Force = False,
) -> int:
    """Copy a template to a new design file."""
    from composer.core.files.design_file import save
    from composer.core.files.replacing import check_replace
    from composer.core.files.templates import load_template

    design = load_template(template, variant)
    check_replace(output, force=force)
    save(design, output)
    print(output)
    return 0
