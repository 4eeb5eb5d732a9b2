"""`netcomposer blocks`."""

import json
import sys
from typing import Any

from composer.cli import PROBLEMS
from composer.cli.options import AsJson
from composer.core.blocks.block_file import BlockSpec


def run(*, as_json: AsJson = False) -> int:
    """List the blocks."""
    from composer.core.blocks import block_folders
    from composer.core.blocks.catalog import read_catalog

    catalog = read_catalog([folder.path for folder in block_folders.all_folders()])
    if as_json:
        print(json.dumps([_to_json(spec) for spec in catalog], indent=2))
    else:
        for category, specs in catalog.categories().items():
            print(f"{category} ({len(specs)})")
            width = max(len(spec.name) for spec in specs)
            for spec in specs:
                print(f"  {spec.name:<{width}}  {spec.summary}")
    for path, reason in catalog.broken.items():
        print(f"netcomposer: {path.parent.name}/{reason}", file=sys.stderr)
    return PROBLEMS if catalog.broken else 0


def _to_json(spec: BlockSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "category": spec.category,
        "summary": spec.summary,
        "shape": spec.shape,
        "inputs": [{"name": port.name, "optional": port.optional, "variadic": port.variadic} for port in spec.inputs],
        "outputs": [{"name": port.name} for port in spec.outputs],
        "parameters": [
            {
                "name": param.name,
                "type": param.type,
                "default": param.default,
                "choices": list(param.choices),
                "range": list(param.range) if param.range else None,
                "inferred": param.inferred,
                "help": param.help,
            }
            for param in spec.params
        ],
        "paper": spec.paper,
        "maps": dict(spec.maps),
    }
