"""The designs that ship with the app, by name."""

from pathlib import Path

from composer import paths
from composer.core.errors import UserError


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
        names = ", ".join(sorted(path.stem for path in paths.TEMPLATES.glob("*.yaml")))
        raise UserError(f"template {name!r} does not exist; choose one of: {names}")
    return file
