"""`netcomposer diff`."""

import json
from pathlib import Path
from typing import Annotated

from composer.cli import PROBLEMS
from composer.cli.options import AsJson, Option


def run(
    before: Annotated[Path, Option(metavar="A", help="design file (YAML)")],
    after: Annotated[Path, Option(metavar="B", help="design file (YAML) that is compared with A")],
    *,
    as_json: AsJson = False,
    markdown: Annotated[bool, Option("--markdown", help="print Markdown for a pull request")] = False,
    quiet: Annotated[bool, Option("-q", "--quiet", help="print nothing if nothing differs")] = False,
) -> int:
    """Report the differences of two designs; exit code 0 if there are none, 1 if there are any."""
    from composer.core import diff_report
    from composer.core.files.design_file import load
    from composer.engine.inference.infer import Inferrer

    inferrer = Inferrer.with_disk_cache()
    a, b = load(before), load(after)
    old, new = inferrer.infer(a).facts, inferrer.infer(b).facts
    lines = diff_report.report(a, b, old, new)
    if as_json:
        print(json.dumps(diff_report.as_json(lines, old, new), indent=2))
    elif lines or not quiet:
        print((diff_report.as_markdown if markdown else diff_report.as_text)(lines, old, new))
    return PROBLEMS if lines else 0
