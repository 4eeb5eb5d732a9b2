"""`netcomposer settings`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

from composer.cli.options import AsJson, Option

if TYPE_CHECKING:
    from composer.core.training_table import TrainingSetting

HINTS = (
    "",
    "netcomposer settings NAME lists what a setting can be, such as optimizer or augment;",
    "train --set NAME=VALUE replaces one, also an option: --set optimizer.momentum=0.8",
)


def run(
    name: Annotated[
        str | None, Option(metavar="NAME", help="a setting, such as augment, optimizer, schedule or lr")
    ] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """List the training settings, or the extensions that one of them can name, with their options."""
    from composer.cli.extension_list import extension_lines, extension_rows
    from composer.core import training_settings
    from composer.core.graph import Training
    from composer.core.training_extensions import EXTENSIONS
    from composer.core.training_table import names, setting

    if name is not None:
        name = name.partition(".")[0]  # of an option, the setting that has it
        training_settings.check_key(Training(), name)
    rows = [setting(key) for key in (names() if name is None else [name])]
    if name in EXTENSIONS:
        if as_json:
            print(json.dumps(extension_rows(EXTENSIONS[name]()), indent=2))
        else:
            print("\n".join([*_table(rows), "", *extension_lines(EXTENSIONS[name]())]))
    elif as_json:
        print(json.dumps([_values(row) for row in rows], indent=2))
    else:
        print("\n".join([*_table(rows), *(HINTS if name is None else ())]))
    return 0


def _table(rows: "list[TrainingSetting]") -> list[str]:
    """Return name, default and description of settings, below the headings of their groups."""
    from composer.core.graph import Training
    from composer.core.setting_text import write_text
    from composer.core.text_table import align
    from composer.core.training_settings import get_value

    defaults = [write_text(get_value(Training(), row.name)) or row.off or "none" for row in rows]
    cells = [(row.name, default, row.spec.help) for row, default in zip(rows, defaults, strict=True)]
    lines: list[str] = []
    for row, line in zip(rows, align(cells), strict=True):
        if len(rows) > 1 and row.group not in lines:
            lines.append(row.group)
        lines.append(f"  {line}" if len(rows) > 1 else line)
    return lines


def _values(row: "TrainingSetting") -> dict[str, Any]:
    """Return a setting as plain values."""
    from composer.cli.extension_list import option_values
    from composer.core.graph import Training
    from composer.core.training_settings import to_plain

    values = option_values(row.spec)
    return {**values, "default": to_plain(Training())[row.name], "title": row.title, "group": row.group}
