"""Recipes: training settings with a title and their source, in files of the program (presets) or of the user.

::

    title: ResNet, procedure A2
    source: Wightman, Touvron, Jegou, "ResNet strikes back", 2021, arXiv:2110.00476, table 2
    settings:
      epochs: 300
      optimizer: lamb
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from composer.core import training_overrides
from composer.core.errors import UserError
from composer.core.files.yaml_loader import parse_yaml
from composer.core.graph import Training
from composer.paths import RESOURCES

FOLDER = RESOURCES / "recipes"
_KEYS = ("title", "source", "notes", "settings")
MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """Training settings that belong together.

    Attributes:
        name: name of the preset, or of the file.
        title: name for people.
        source: where the values are from, such as a paper and its table.
        notes: what differs from the source and what it is for.
        settings: plain values by setting.
    """

    name: str
    title: str = ""
    source: str = ""
    notes: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, training: Training) -> Training:
        """Return settings with those of the recipe in place of theirs.

        Raises:
            UserError: if a setting is unknown or has another type.
        """
        try:
            return training_overrides.apply(training, training_overrides.merge(self.settings))
        except UserError as error:
            raise UserError(f"recipe {self.name}: {error}") from None


@cache
def presets() -> Mapping[str, Recipe]:
    """Return the presets of the program by name."""
    return {path.stem: read_recipe(path) for path in sorted(FOLDER.glob("*.yaml"))}


def find_recipe(text: str) -> Recipe:
    """Return a preset by its name, or the recipe of a file.

    Raises:
        UserError: if there is neither, or the file cannot be read.
    """
    if text in presets():
        return presets()[text]
    path = Path(text)
    if path.suffix.lower() in (".yaml", ".yml") or len(path.parts) > 1 or path.is_file():
        return read_recipe(path)
    near = difflib.get_close_matches(text, presets(), 1)
    hint = f"did you mean {near[0]}?" if near else f"the presets are: {', '.join(presets()) or 'none'}"
    raise UserError(f"recipe {text!r:.60} is neither a preset nor a YAML file; {hint}")


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a file: a mapping with `title`, `source`, `notes` and `settings`, or of settings alone.

    Raises:
        UserError: if it cannot be read or holds anything else.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES // 1000} kB, expected a recipe")
        data = parse_yaml(path.read_text("utf-8"), path.name)
    except FileNotFoundError:
        raise UserError(f"{path}: file not found; expected a recipe, a YAML mapping of training settings") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: expected a recipe, a YAML mapping of training settings such as {{lr: 1e-3}}")
    if "settings" not in data:
        data = {"settings": {key: data[key] for key in data if key not in _KEYS}} | {
            key: data[key] for key in data if key in _KEYS
        }
    if unknown := [key for key in data if key not in _KEYS]:
        raise UserError(f"{path}: a recipe has no {unknown[0]!r:.60}; it has: {', '.join(_KEYS)}")
    settings = data["settings"] or {}
    if not isinstance(settings, Mapping):
        raise UserError(f"{path}: settings is {settings!r:.60}, expected a mapping such as {{lr: 1e-3}}")
    texts = {key: " ".join(str(data.get(key) or "").split()) for key in ("title", "source", "notes")}
    recipe = Recipe(path.stem, settings=dict(settings), **texts)
    recipe.apply(Training())  # so that a mistake names the file, not the run that it would have started
    return recipe
