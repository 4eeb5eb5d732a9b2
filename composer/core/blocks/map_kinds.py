"""Kinds of captured maps: what each is called and what holds for its values, read from the files that draw them.

A kind is one file in `composer/engine/maps/map_kinds/` whose function is marked by `@map_kind(...)`; the
file name is the kind. Blocks name kinds in ``maps={...}``, so that an unknown kind is reported when a block file is
read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from composer import paths
from composer.core.declarations import Declaration, Schema, read_declarations
from composer.core.errors import UserError

FOLDER = paths.PACKAGE / "engine" / "maps" / "map_kinds"
_ARGUMENTS: Schema = {
    "words": ((str,), "a text"),
    "values": ((str,), "a text"),
    "shape": ((str,), "a text"),
    "layout": ((str,), "a text"),
}
VALUES = ("weights", "signed", "gate", "scores")
LAYOUTS = ("tokens", "windows", "footprint", "")


@dataclass(frozen=True, slots=True)
class MapKind:
    """A kind of captured map.

    Args:
        name: file name without its suffix; what blocks write in ``maps``.
        words: its name for people, after the node: ``attn: window attention``.
        values: normalisation: ``weights`` (not negative, each row sums to 1), ``signed`` (either sign), ``gate``
            (between 0 and 1) or ``scores`` (any number).
        shape: names of the raw axes, ``...`` for any further ones: ``n heads queries keys``.
        layout: ``tokens`` for a matrix between tokens, ``windows`` for one matrix per window, ``footprint`` for the
            weights of each position's neighbourhood, empty for anything else.
        path: source file.
        attribute: name of the function that draws it.
    """

    name: str
    words: str
    values: str
    shape: str
    layout: str
    path: Path
    attribute: str

    def fits(self, dims: int) -> bool:
        """Return whether a raw map of `dims` axes has the declared shape."""
        axes = self.shape.split()
        return dims >= len(axes) - 1 if "..." in axes else dims == len(axes)


@cache
def map_kinds(folder: Path = FOLDER) -> Mapping[str, MapKind]:
    """Return every kind by name, in alphabetical order.

    Raises:
        UserError: if a file of the folder is broken.
    """
    return {
        name: _kind(declaration)
        for name, declaration in read_declarations(folder, "map_kind", _ARGUMENTS, ("captured", "index")).items()
    }


def check_map_kind(name: object) -> None:
    """Check that a kind exists.

    Raises:
        UserError: if it does not.
    """
    if name not in map_kinds():
        raise UserError(f"map kind {name!r} is unknown; choose one of: {', '.join(map_kinds())}")


def _kind(declaration: Declaration) -> MapKind:
    values = declaration.values
    if declaration.problem:
        raise UserError(f"map kind {declaration.problem}")
    for argument, allowed in (("values", VALUES), ("layout", LAYOUTS)):
        if values.get(argument, "") not in allowed:
            choices = ", ".join(filter(None, allowed))
            raise UserError(
                f"map kind {declaration.path.name}: {argument} is {values.get(argument)!r}, expected one of: {choices}"
            )
    missing = next((argument for argument in ("words", "shape") if not values.get(argument)), None)
    if missing is not None:
        raise UserError(f"map kind {declaration.path.name}: @map_kind has no {missing}")
    return MapKind(
        declaration.name,
        values["words"],
        values["values"],
        values["shape"],
        values.get("layout", ""),
        declaration.path,
        declaration.attribute,
    )
