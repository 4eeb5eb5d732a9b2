"""What differs between two runs: their settings, their networks, and the figures that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from composer.core import diff_report
from composer.core.diff_report import Change
from composer.core.facts import DesignFacts
from composer.core.files.run_folder import RunFolder
from composer.core.run_columns import COLUMNS, column
from composer.core.run_table import RunRow

# Columns of which both runs have a value that is worth seeing beside the other one.
FIGURES = ("best", "test", "params", "macs", "data", "epoch", "seconds", "device", "state")


@dataclass(frozen=True, slots=True)
class RunDifference:
    """One value in which two runs may differ.

    Args:
        key: key of the column, see `run_columns`.
        title: its title.
        before: the text of the first run.
        after: the text of the second run.
    """

    key: str
    title: str
    before: str
    after: str


def figures(before: RunRow, after: RunRow) -> list[RunDifference]:
    """Return the results and costs of two runs side by side, equal ones included; what neither has is left out."""
    rows = [_difference(key, before, after) for key in FIGURES]
    return [row for row in rows if {row.before, row.after} - {"", "-"}]


def setting_differences(before: RunRow, after: RunRow) -> list[RunDifference]:
    """Return the training settings in which two runs differ."""
    keys = dict.fromkeys([*before.settings, *after.settings])
    return [
        _difference(key, before, after)
        for key in keys
        if (key in before.settings, before.settings.get(key)) != (key in after.settings, after.settings.get(key))
    ]


def design_changes(
    before: RunFolder, after: RunFolder, facts: Sequence[DesignFacts] = (DesignFacts(), DesignFacts())
) -> list[Change]:
    """Return how the network of a run differs from that of an earlier one.

    Training settings are left out: a run may have replaced those of its design.

    Args:
        before: the earlier run.
        after: the later run.
        facts: the facts of both designs, for the differences of shapes and costs; without them these are left out.

    Raises:
        UserError: if a design cannot be read.
    """
    lines = diff_report.report(before.design(), after.design(), facts[0], facts[1])
    return [line for line in lines if not (line.what == "setting" and line.name.startswith("training."))]


def _difference(key: str, before: RunRow, after: RunRow) -> RunDifference:
    entry = COLUMNS[key] if key in FIGURES else column(key)
    return RunDifference(key, entry.title, entry.write(before) or "-", entry.write(after) or "-")
