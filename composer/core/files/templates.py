"""The designs that ship with the app."""

import re
from dataclasses import dataclass
from pathlib import Path

from composer import paths
from composer.core import units
from composer.core.errors import UserError
from composer.core.files.design_file import load
from composer.core.graph import Design
from composer.core.variants import apply_variant

HEAD_BYTES = 4000  # name, description, counts and inputs are at the top of the file


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """The head of a template file.

    Args:
        path: the file.
        name: name of the design.
        description: what the network is and where it comes from.
        params: number of parameters, or None if the file does not state it.
        shape: sizes of the first input without the batch; empty if they are expressions.
    """

    path: Path
    name: str
    description: str
    params: int | None
    shape: tuple[int, ...] = ()

    @property
    def summary(self) -> str:
        """Input size and parameter count on one line."""
        count = f"{units.count(self.params)} params" if self.params is not None else ""
        return " · ".join(part for part in (units.sample_shape(self.shape) if self.shape else "", count) if part)


def template(name: str) -> Path:
    """Return the file of a template.

    Args:
        name: template name as `netcomposer templates` lists it.

    Returns:
        The path of its YAML file.

    Raises:
        UserError: if there is no such template.
    """
    file = paths.TEMPLATES / f"{name}.yaml"
    if not file.is_file():
        names = ", ".join(path.stem for path in template_files())
        raise UserError(f"template {name!r} does not exist; choose one of: {names}")
    return file


def load_template(name: str, variant: str = "") -> Design:
    """Return the design of a template.

    Args:
        name: name of a template, or of a variant of one.
        variant: name of a variant of the template; empty: the template as it is.

    Raises:
        UserError: if there is no such template or variant.
    """
    if not (paths.TEMPLATES / f"{name}.yaml").is_file():
        for path in template_files():
            family = load(path)
            if name in family.variants:
                if variant and variant != name:
                    raise UserError(f"{name} is a variant of {path.stem} itself; leave out --variant {variant}")
                return apply_variant(family, name)
    design = load(template(name))
    return apply_variant(design, variant) if variant else design


def template_files() -> list[Path]:
    """Return the files of all templates, by name."""
    return sorted(paths.TEMPLATES.glob("*.yaml"))


def read_head(path: Path) -> TemplateEntry:
    """Read name, description and sizes of a template from its first lines, without parsing the whole design."""
    with path.open(encoding="utf-8", errors="replace") as file:
        head = file.read(HEAD_BYTES)
    name, description = (
        match[1].strip() if (match := re.search(rf'^{key}: "?(.*?)"?$', head, re.MULTILINE)) else ""
        for key in ("name", "description")
    )
    params = re.search(r"^expected: .*?params: (\d+)", head, re.MULTILINE)
    shape = re.search(r"^inputs:\n  \w+: \{shape: \[([\d, ]+)\]", head, re.MULTILINE)
    return TemplateEntry(
        path,
        name or path.stem,
        description,
        int(params[1]) if params else None,
        tuple(int(size) for size in shape[1].split(",")) if shape else (),
    )
