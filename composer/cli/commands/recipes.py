"""`netcomposer recipes`."""

import json

from composer.cli.options import AsJson


def run(*, as_json: AsJson = False) -> int:
    """List the presets of training settings."""
    from composer.core.recipes import presets

    if as_json:
        rows = [
            {
                "name": recipe.name,
                "title": recipe.title,
                "source": recipe.source,
                "notes": recipe.notes,
                "settings": dict(recipe.settings),
            }
            for recipe in presets().values()
        ]
        print(json.dumps(rows, indent=2))
    else:
        width = max((len(name) for name in presets()), default=0)
        for name, recipe in presets().items():
            print(f"{name:<{width}}  {recipe.title}: {recipe.source}")
    return 0
