"""Prints the table: `python -m tests.benchmarks [NAME ...] [--json]`. Nothing here is asserted in a test: machines
differ.
"""

import argparse
import json
import math
import sys
import textwrap
from dataclasses import asdict
from importlib import import_module

from tests.benchmarks.measure import Row

NAMES = (
    "window",
    "open",
    "window_edit",
    "runs_panel",
    "edit",
    "model_step",
    "epoch",
    "health",
    "start",
    "image_folder",
    "augmentation",
    "summary",
    "templates",
    "scale",
    "local_attention",
    "blocks",
)

NOTE = 80  # characters; --json has all


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure speed and memory, each against a reference in the same run."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(NAMES)}; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    rows: list[Row] = []
    if not arguments.json:
        print(f"{'':<44}{'ours':>12}{'reference':>12}{'ratio':>8}{'target':>8}{'spread':>8}")
    for name in arguments.names or NAMES:
        for row in import_module(f"tests.benchmarks.{name}").run():
            rows.append(row)
            if not arguments.json:
                print(line(row), flush=True)
    if arguments.json:
        json.dump([figures(row) for row in rows], sys.stdout, indent=2)
        print()


def figures(row: Row) -> dict[str, float | str | None]:
    """Return a row as JSON fields, with None for NaN."""
    fields = {**asdict(row), "ratio": row.ratio}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


def line(row: Row) -> str:
    """Return one line of the table."""
    target = "" if row.target is None else f"{row.target:.2f}"
    mark = "!" if row.target is not None and row.ratio > row.target else " "
    values = f"{row.ours:>9,.1f} {row.unit:<2}{row.reference:>9,.1f} {row.unit:<2}"
    text = f"{values}{row.ratio:>8.3f}{target:>8}{row.spread:>8.2f}"
    # A row without figures, such as a package that is not installed, has only its note.
    figures_text = text.replace("nan", "  -") if math.isnan(row.ratio) else text
    return f"{row.name:<44}{figures_text} {mark} {textwrap.shorten(row.note, NOTE, placeholder=' ...')}".rstrip()


if __name__ == "__main__":
    main()
