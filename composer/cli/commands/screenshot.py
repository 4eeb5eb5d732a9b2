"""`netcomposer screenshot`."""

from typing import Annotated

from composer.cli.options import DesignFile, Option, OutputFile


def run(
    design: DesignFile,
    *,
    output: OutputFile,
    theme: Annotated[str, Option("--theme", choices=("light", "dark"), help="colours of the drawing")] = "light",
) -> int:
    """Draw a design to an image: PNG, SVG or PDF, by the file's suffix."""
    from composer.cli.engine_call import infer_facts
    from composer.core.files.design_file import load
    from composer.gui.design_images import render_design

    loaded = load(design)
    render_design(loaded, infer_facts(loaded), output, theme=theme)
    print(output)
    return 0
