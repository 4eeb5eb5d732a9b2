"""`netcomposer check`."""

from pathlib import Path
from typing import Annotated

from composer.cli import PROBLEMS
from composer.cli.options import DesignFile, Force, Option
from composer.core.errors import UserError
from composer.core.files.replacing import FileStamp
from composer.core.graph import Design


def run(
    design: DesignFile,
    *,
    fix: Annotated[bool, Option("--fix", help="apply the first repair of each problem and write the design")] = False,
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="FILE", help="with --fix: file to write; the design itself by default"),
    ] = None,
    force: Force = False,
) -> int:
    """Report the problems of a design, one line each."""
    from composer.core import training_settings
    from composer.core.files.design_file import load_stamped
    from composer.engine.inference.infer import Inferrer
    from composer.engine.repair.context import causes, misreads
    from composer.engine.training.data_check import data_lines

    if output is not None and not fix:
        raise UserError("-o names the file for the repaired design; add --fix, or leave out -o")
    loaded, stamp = load_stamped(design)
    if fix:
        loaded = _fix(loaded, stamp, design, output or design, force)
    inferrer = Inferrer.with_disk_cache()
    inference = inferrer.infer(loaded)
    problems = [*causes(inference, inferrer), *training_settings.problems(loaded.training)]
    totals = inference.facts.totals
    if not problems:
        problems = [
            f"{name}: the design states {expected:,}, but it has {getattr(totals, name):,}"
            for name, expected in loaded.expected.items()
            if getattr(totals, name) != expected
        ]
    note = ""
    if not problems:
        problems, note = data_lines(loaded, design.absolute().parent, inference.facts, inferrer.catalog)
    for line in problems:
        print(line)
    for problem in inference.structural:
        if problem.level == "warning":
            print(f"warning: {problem.message}")
    for file, reason in inferrer.catalog.unused.items():
        print(f"warning: {file}: {reason}")
    for misread in misreads(inference, inferrer):
        print(f"warning: {misread.id}: {misread.message}")
    if note:
        print(f"note: {note}")
    if not problems:
        print(f"{design}: no problems, {totals.params:,} parameters, {totals.macs:,} MACs")
    return PROBLEMS if problems else 0


def _fix(design: Design, stamp: FileStamp, source: Path, target: Path, force: bool) -> Design:
    """Apply the first repair of each error, print each repair, and write the repaired design."""
    from composer.core.files.design_file import save_output
    from composer.core.files.replacing import check_replace
    from composer.engine.repair.fix import fix

    check_replace(target, kind="fix", source=source, stamp=stamp, force=force)
    repaired, steps = fix(design)
    for step in steps:
        print(f"fixed {step.node}: {step.label}   ({step.error})")
    if steps or target != source:  # another file is written in any case: a script goes on with it
        save_output(repaired, target, kind="fix", source=source, stamp=stamp, force=force)
    return repaired
