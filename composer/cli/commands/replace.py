"""`netcomposer replace`."""

from typing import Annotated

from composer.cli.options import DesignFile, Force, Option, OutputFile, names
from composer.core.errors import UserError


def run(
    design: DesignFile,
    *,
    by: Annotated[str, Option("--by", metavar="BLOCK", help="the new block")],
    output: OutputFile,
    block: Annotated[str | None, Option("--block", metavar="BLOCK", help="the block to replace")] = None,
    nodes: Annotated[
        list[str] | None,
        Option("--nodes", type=names, metavar="IDS", help="only these nodes, separated by commas"),
    ] = None,
    force: Force = False,
) -> int:
    """Replace a block by another everywhere; wires and parameters of the same name stay."""
    from composer.core.files.design_file import load_stamped, save_output
    from composer.core.files.replacing import check_replace
    from composer.core.swap import swap
    from composer.engine import library
    from composer.engine.inference.infer import Inferrer
    from composer.engine.repair.context import causes

    loaded, stamp = load_stamped(design)
    check_replace(output, kind="replace", source=design, stamp=stamp, force=force)
    swapped = swap(loaded, library.catalog(), by, block=block, ids=nodes or None)
    inferrer = Inferrer.with_disk_cache()
    before, after = inferrer.infer(loaded), inferrer.infer(swapped.design)
    new_errors = [error for error in causes(after, inferrer) if error not in before.errors]
    for error in new_errors:
        print(error)
    if new_errors:
        raise UserError(f"{by} does not fit here; nothing was written")
    save_output(swapped.design, output, kind="replace", source=design, stamp=stamp, force=force)
    old, new = before.facts.totals, after.facts.totals
    number = f"{len(swapped.nodes)} node" + ("s" if len(swapped.nodes) > 1 else "")
    print(f"{output}: {number}, {old.params:,} -> {new.params:,} parameters, {old.macs:,} -> {new.macs:,} MACs")
    if swapped.dropped:
        print(f"not carried over: {', '.join(swapped.dropped)}")
    return 0
