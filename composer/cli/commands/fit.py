"""`netcomposer fit`."""

from pathlib import Path
from typing import Annotated

from composer.cli.options import DesignFile, Force, Option, count, names


def run(
    design: DesignFile,
    *,
    params: Annotated[
        int | None, Option("--params", type=count, metavar="N", help="most parameters, such as 5M")
    ] = None,
    macs: Annotated[
        int | None, Option("--macs", type=count, metavar="N", help="most MACs of one sample, such as 600M")
    ] = None,
    vary: Annotated[
        list[str] | None,
        Option("--vary", type=names, metavar="NAMES", help="variables to vary, separated by commas; all by default"),
    ] = None,
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="FILE", help="write the design with the best setting")
    ] = None,
    force: Force = False,
) -> int:
    """Find the largest setting of the design's variables under a budget."""
    from composer.core import edits
    from composer.core.files.design_file import load_stamped, save_output
    from composer.core.files.replacing import check_replace
    from composer.core.text_table import align
    from composer.engine.analysis.fit import fit

    loaded, stamp = load_stamped(design)
    if output is not None:
        check_replace(output, kind="fit", source=design, stamp=stamp, force=force)
    result = fit(loaded, params=params, macs=macs, vary=vary or [])
    variables = list(result.best.values)
    rows = [(*variables, "params", "MACs")]
    rows += [
        (*(str(row.values[name]) for name in variables), f"{row.params:,}", f"{row.macs:,}") for row in result.table
    ]
    header, best, *others = align(rows, right=range(len(rows[0])))
    print("\n".join([header, f"{best}  <- best", *others]))
    if output is not None:
        for name, value in result.best.values.items():
            loaded = edits.set_variable(loaded, name, value)
        save_output(loaded, output, kind="fit", source=design, stamp=stamp, force=force)
        print(output)
    return 0
