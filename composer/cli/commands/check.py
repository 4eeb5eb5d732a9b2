"""`netcomposer check`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from composer.cli import PROBLEMS
from composer.cli.options import DesignFile, Force, Option
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.variants import apply_variant

if TYPE_CHECKING:
    from composer.core.facts import Totals
    from composer.engine.inference.infer import Inferrer


def run(
    design: DesignFile,
    *,
    fix: Annotated[bool, Option("--fix", help="apply the first repair of each problem and write the design")] = False,
    fit_data: Annotated[
        bool,
        Option("--fit-data", help="give the input and the head the sizes of the training data and write the design"),
    ] = False,
    data: Annotated[
        str | None,
        Option("--data", metavar="SOURCE", help="data in place of the design's own, such as images:photos or digits"),
    ] = None,
    output: Annotated[
        Path | None,
        Option(
            "-o",
            "--output",
            metavar="FILE",
            help="with --fix or --fit-data: file to write; the design itself by default",
        ),
    ] = None,
    force: Force = False,
) -> int:
    """Report the problems of a design, one line each."""
    from composer.core import training_settings
    from composer.core.files.design_file import load_stamped, save_output
    from composer.core.files.replacing import check_replace
    from composer.engine.inference.infer import Inferrer
    from composer.engine.repair.context import causes, misreads
    from composer.engine.training.data.data_check import data_lines

    if output is not None and not (fix or fit_data):
        raise UserError("-o names the file for the repaired design; add --fix or --fit-data, or leave out -o")
    original, stamp = load_stamped(design)
    loaded = original if data is None else _with_data(original, data, design.absolute().parent)
    inferrer = Inferrer.with_disk_cache()
    if fix or fit_data:
        target = output or design
        check_replace(target, kind="fix", source=design, stamp=stamp, force=force)
        if fix:
            loaded = _fix(loaded)
        if fit_data:
            loaded = _fit_data(loaded, design.absolute().parent, inferrer)
        if loaded != original or target != design:  # another file is written in any case: a script goes on with it
            save_output(loaded, target, kind="fix", source=design, stamp=stamp, force=force)
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
        if fit_data and note:
            problems, note = [note], ""
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


def _with_data(design: Design, text: str, folder: Path) -> Design:
    """Return a design with other data; relative paths are looked for in the working directory, then in its folder."""
    from composer.core import edits
    from composer.core.extension_text import absolute_reference
    from composer.core.training_overrides import SettingText, apply

    training = apply(design.training, {"data": SettingText(text)})
    return edits.set_training(
        design, replace(training, data=absolute_reference("data", training.data, Path.cwd(), folder))
    )


def _fix(design: Design) -> Design:
    """Apply the first repair of each error, and print it."""
    from composer.engine.repair.fix import fix

    repaired, steps = fix(design)
    for step in steps:
        print(f"fixed {step.node}: {step.label}   ({step.error})")
    return repaired


def _fit_data(design: Design, folder: Path, inferrer: "Inferrer") -> Design:
    """Apply the repairs that let the design be trained on its data, and print them."""
    from composer.engine.training.data.data_check import fit_to_data

    fitted, steps = fit_to_data(design, folder, inferrer)
    for message, label in steps:
        print(f"fitted to the data: {label}   ({message})")
    return fitted
