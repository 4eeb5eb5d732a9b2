"""`netcomposer runs`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from composer.cli.options import AsJson, Force, Option, names, path
from composer.core.errors import UserError
from composer.core.run_columns import FILTER_HELP

COMPARE = "compare"


def run(
    *,
    as_json: AsJson = False,
    as_csv: Annotated[bool, Option("--csv", help="print CSV, one column for each setting")] = False,
    group: Annotated[bool, Option("--group", help="one row for runs that differ in nothing but the seed")] = False,
    filter: Annotated[str, Option("--filter", metavar="TERMS", help=FILTER_HELP)] = "",
    sort: Annotated[
        str | None, Option("--sort", metavar="COLUMN", help="such as best, macs or lr; the newest first by default")
    ] = None,
    reverse: Annotated[bool, Option("--reverse", help="turn the order around")] = False,
    columns: Annotated[
        list[str] | None,
        Option("--columns", type=names, metavar="NAMES", help="columns or settings, separated by commas"),
    ] = None,
    tensorboard: Annotated[
        Path | None, Option("--tensorboard", metavar="DIR", help="write the curves of the runs for TensorBoard")
    ] = None,
    force: Force = False,
    **more: Any,
) -> int:
    """List runs, compare two of them, or convert their curves for TensorBoard."""
    words: Sequence[str] = more["words"]
    if words and words[0] == COMPARE and len(words) > 1:
        if len(words) != 3:
            raise UserError(f"compare needs two runs, and {len(words) - 1} are named: netcomposer runs compare A B")
        from composer.cli.run_comparison import compare

        return compare(path(words[1]), path(words[2]), as_json=as_json)
    if len(words) > 1:
        raise UserError(f"runs lists one folder, and {len(words)} are named; or write: netcomposer runs compare A B")
    if as_json and as_csv:
        raise UserError("--json and --csv exclude each other; leave one of them out")
    from composer.cli import run_list

    root, rows = _read(path(words[0]) if words else None)
    rows = run_list.ordered(
        _filtered(rows, filter, [*(columns or []), *([sort] if sort else [])]), sort, reverse=reverse
    )
    if tensorboard is not None:
        from composer.cli.tensorboard_log import write_runs

        for line in write_runs([row.info.path for row in rows if not row.problem], tensorboard, force=force):
            print(line)
        return 0
    _print(rows, root, group=group, as_json=as_json, as_csv=as_csv, columns=columns or [])
    return 0


def _read(folder: Path | None) -> tuple[Path, list[Any]]:
    """Return the folder and its rows; by default it is the one in which the window stores its runs."""
    from composer import paths
    from composer.core.run_table import RunRowReader, run_folders

    root = folder if folder is not None else paths.user_data() / "runs"
    if folder is not None and not folder.is_dir():
        raise UserError(f"{folder}: folder not found; expected a folder of runs, or a run")
    return root, RunRowReader().read(run_folders(root))


def _filtered(rows: list[Any], text: str, keys: list[str]) -> list[Any]:
    """Return the rows that match a filter, and refuse columns that no run has."""
    from composer.core.run_columns import column_keys, filter_rows

    available = column_keys(rows)
    unknown = [key for key in keys if key not in (*available, "runs")]
    if unknown and rows:
        raise UserError(f"{unknown[0]!r} is no column; columns are: {', '.join(available)}")
    return filter_rows(rows, text)


def _print(rows: list[Any], root: Path, *, group: bool, as_json: bool, as_csv: bool, columns: Sequence[str]) -> None:
    from composer.cli import run_list
    from composer.core import run_export
    from composer.core.run_groups import group_runs

    groups = group_runs(rows) if group else []
    if as_json or as_csv:
        items = [run_export.group_json(item) for item in groups] if group else list(map(run_export.row_json, rows))
        print(json.dumps(items, indent=2) if as_json else run_export.csv_text(items), end="\n" if as_json else "")
    elif not rows:
        print(f"no runs in {root}, or none that the filter leaves; name the folder of your runs")
    else:
        print("\n".join(run_list.group_table(groups, columns) if group else run_list.text_table(rows, columns)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder, or the two runs to compare."""
    help = (
        "a folder of runs, or a run; by default that of the window. `compare A B` prints what differs between two runs"
    )
    parser.add_argument("words", nargs="*", metavar="FOLDER", help=help)
