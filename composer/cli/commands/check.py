"""`netcomposer check`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from composer.cli import PROBLEMS
from composer.cli.options import DesignFile, Force, Option
from composer.core.errors import UserError
from composer.core.files.replacing import FileStamp
from composer.core.graph import Design
from composer.core.variants import apply_variant

if TYPE_CHECKING:
    from composer.core.facts import Totals
    from composer.engine.inference.infer import Inferrer


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
        problems = _wrong_counts(loaded.expected, totals)
        for name in loaded.variants:
            problems += [f"variant {name}: {text}" for text in _variant_problems(loaded, name, inferrer)]
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


def _wrong_counts(expected: Mapping[str, int], totals: "Totals") -> list[str]:
    """Return what the author states of a design, but it has not."""
    return [
        f"{name}: the design states {count:,}, but it has {getattr(totals, name):,}"
        for name, count in expected.items()
        if getattr(totals, name) != count
    ]


def _variant_problems(design: Design, name: str, inferrer: "Inferrer") -> list[str]:
    """Return the problems of a design with the variables of a variant."""
    from composer.engine.repair.context import causes

    inference = inferrer.infer(apply_variant(design, name))
    return causes(inference, inferrer) or _wrong_counts(design.variants[name].expected, inference.facts.totals)


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
