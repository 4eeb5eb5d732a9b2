"""`netcomposer templates`."""

import json

from composer.cli.options import AsJson


def run(*, as_json: AsJson = False) -> int:
    """List the templates."""
    from composer.core.files.design_file import load
    from composer.core.files.templates import template_files

    designs = {path: load(path) for path in template_files()}
    if as_json:
        rows = [
            {
                "name": path.stem,
                "description": design.description,
                "expected": dict(design.expected),
                "variants": [{"name": name, **item.expected} for name, item in design.variants.items()],
                "path": str(path),
            }
            for path, design in designs.items()
        ]
        print(json.dumps(rows, indent=2))
    else:
        width = max((len(path.stem) for path in designs), default=0)
        for path, design in designs.items():
            print(f"{path.stem:<{width}}  {design.description}")
            if design.variants:
                print(f"{'':<{width}}  variants: {', '.join(design.variants)}")
    return 0
