"""Export targets: what each is called and what it writes, read from the files that write it without importing them.

A target is one file in `composer/engine/export/` whose class is marked by `@export_target(...)`; the file name is its
key. The command line, the export dialog and the engine read these declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from composer import paths
from composer.core.declarations import Declaration, Schema, read_declarations
from composer.core.errors import UserError

FOLDER = paths.PACKAGE / "engine" / "export"
_ARGUMENTS: Schema = {
    "title": ((str,), "a text"),
    "file_type": ((str,), "a text"),
    "suffixes": ((tuple, list), "a tuple"),
    "needs_weights": ((bool,), "True or False"),
    "binary": ((bool,), "True or False"),
    "provable": ((bool,), "True or False"),
    "order": ((int,), "an integer"),
    "requires": ((tuple, list), "a tuple of module names"),
}
LAST = 1000


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """What an export target states of itself.

    Args:
        key: file name without its suffix; its name on the command line.
        title: its name in the dialog.
        detail: one sentence on what the file holds, from the docstring.
        file_type: name of the kind of file in the file dialog.
        suffixes: file name suffixes, the default first.
        needs_weights: whether the file holds weights.
        binary: whether the file is not text.
        provable: whether the written file can be compared with the drawn network.
        order: position in lists; then alphabetical.
        requires: optional modules without which it cannot run.
        path: source file.
        attribute: name of the marked class.
    """

    key: str
    title: str
    detail: str
    file_type: str
    suffixes: tuple[str, ...]
    needs_weights: bool
    binary: bool
    provable: bool
    order: int
    requires: tuple[str, ...]
    path: Path
    attribute: str

    def missing(self) -> str:
        """Return why the target cannot run on this machine, and what to do; empty if it can."""
        absent = [name for name in self.requires if find_spec(name) is None]
        if not absent:
            return ""
        noun = "package" if len(absent) == 1 else "packages"
        return f"{self.title} needs the {noun} {' and '.join(absent)}; install: pip install {' '.join(absent)}"

    @property
    def suffix(self) -> str:
        """The default file name suffix."""
        return self.suffixes[0]

    @property
    def file_filter(self) -> str:
        """The filter of a file dialog: ``Designs (*.yaml *.yml)``."""
        return f"{self.file_type} ({' '.join(f'*{suffix}' for suffix in self.suffixes)})"


# The one target that the window writes itself; the engine does not know it.
DRAWING = ExportTarget(
    key="drawing",
    title="Drawing",
    detail="The drawing as shown: PNG, SVG or PDF, by the file name's suffix.",
    file_type="Images",
    suffixes=(".png", ".svg", ".pdf"),
    needs_weights=False,
    binary=True,
    provable=False,
    order=LAST,
    requires=(),
    path=paths.PACKAGE / "gui" / "canvas" / "picture.py",
    attribute="export_picture",
)


@cache
def export_targets(folder: Path = FOLDER) -> Mapping[str, ExportTarget]:
    """Return every target by key, in the order of lists.

    Raises:
        UserError: if a file of the folder is broken.
    """
    targets = [_target(declaration) for declaration in read_declarations(folder, "export_target", _ARGUMENTS).values()]
    return {target.key: target for target in sorted(targets, key=lambda target: target.order)}


def find_target(key: str) -> ExportTarget:
    """Return a target by key.

    Raises:
        UserError: if there is no such target.
    """
    if key not in export_targets():
        raise UserError(f"target {key!r} is unknown; choose one of: {', '.join(export_targets())}")
    return export_targets()[key]


def _target(declaration: Declaration) -> ExportTarget:
    values = declaration.values
    if declaration.problem:
        raise UserError(f"export target {declaration.problem}")
    missing = next((argument for argument in ("title", "suffixes") if not values.get(argument)), None)
    if missing is not None:
        raise UserError(f"export target {declaration.path.name}: @export_target has no {missing}")
    return ExportTarget(
        key=declaration.name,
        title=values["title"],
        detail=declaration.summary,
        file_type=values.get("file_type", values["title"]),
        suffixes=tuple(values["suffixes"]),
        needs_weights=values.get("needs_weights", False),
        binary=values.get("binary", False),
        provable=values.get("provable", False),
        order=values.get("order", LAST),
        requires=tuple(values.get("requires", ())),
        path=declaration.path,
        attribute=declaration.attribute,
    )
