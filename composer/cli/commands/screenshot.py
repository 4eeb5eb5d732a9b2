"""`netcomposer screenshot`."""

from typing import Annotated

from composer.cli.options import DesignFile, Force, Option, OutputFile


def run(
    design: DesignFile,
    *,
    output: OutputFile,
    theme: Annotated[str, Option("--theme", choices=("light", "dark"), help="colours of the drawing")] = "light",
    force: Force = False,
) -> int:
    """Draw a design to an image: PNG, SVG or PDF, by the file's suffix."""
    from composer.cli.engine_call import infer_facts
    from composer.core.files.design_file import load
    from composer.core.files.replacing import check_replace, record
    from composer.gui.design_images import render_design

    loaded = load(design)
    check_replace(output, kind="drawing", source=design, force=force)
    render_design(loaded, infer_facts(loaded), output, theme=theme)
    record(output, kind="drawing", source=design)
    print(output)
    return 0
