"""`netcomposer runs compare A B`: results side by side, then the settings and the parts of the networks that differ."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from composer.cli import PROBLEMS
from composer.core import diff_report
from composer.core.errors import UserError
from composer.core.files.run_folder import RunFolder
from composer.core.run_comparison import RunDifference, design_changes, figures, setting_differences
from composer.core.run_table import RunRow, read_row
from composer.core.text_table import align


def compare(first: Path, second: Path, *, as_json: bool) -> int:
    """Print the differences of two runs.

    Returns:
        0 if their settings and networks are equal, otherwise 1.

    Raises:
        UserError: if one is not a run, or is damaged.
    """
    runs = [RunFolder.open(folder) for folder in (first, second)]
    before, after = (_row(run) for run in runs)
    designs = [run.design() for run in runs]
    if designs[0] == designs[1]:
        changes, texts = [], []
    else:
        from composer.engine.inference.infer import Inferrer

        inferrer = Inferrer.with_disk_cache()
        facts = [inferrer.infer(design).facts for design in designs]
        changes = design_changes(runs[0], runs[1], facts)
        texts = diff_report.as_text(changes, facts[0], facts[1]).splitlines() if changes else []
    results, settings = figures(before, after), setting_differences(before, after)
    if as_json:
        values = {
            "runs": [before.name, after.name],
            "results": [asdict(row) for row in results],
            "settings": [asdict(row) for row in settings],
            "design": [asdict(change) for change in changes],
        }
        print(json.dumps(values, indent=2))
    else:
        print("\n".join(_lines(before, after, results, settings, texts)))
    return PROBLEMS if settings or changes else 0


def _row(run: RunFolder) -> RunRow:
    row = read_row(run.path)
    if row.problem:
        raise UserError(f"{run.path}: {row.problem}; a damaged run cannot be compared")
    return row


def _lines(
    before: RunRow,
    after: RunRow,
    results: Sequence[RunDifference],
    settings: Sequence[RunDifference],
    design: Sequence[str],
) -> list[str]:
    lines = align([("", before.name, after.name), *((row.title, row.before, row.after) for row in results)])
    lines += ["", "settings" if settings else "settings: the same"]
    lines += [f"  {line}" for line in align([(row.key, row.before, row.after) for row in settings])] if settings else []
    return [*lines, "", "network" if design else "network: the same", *(f"  {line}" for line in design)]
