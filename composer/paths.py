"""Where things lie, in a checkout and in an installed wheel: block sources, templates, resources, the user's own data."""

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# In a checkout the three folders stand beside `composer/`; a wheel installs them beside it in site-packages as well
# (`blocks` as a package, the other two as data packages), so one rule finds them in both.
ROOT = PACKAGE.parent
BLOCKS = ROOT / "blocks"


def _data_folder(name: str) -> Path:
    """A data folder: inside the package in a wheel (so that no stray top-level folder is installed), beside it in a checkout."""
    inside = PACKAGE / "_data" / name
    return inside if inside.is_dir() else ROOT / name


TEMPLATES = _data_folder("templates")
RESOURCES = _data_folder("resources")


def template(name: str) -> Path:
    """The file of a template.

    Args:
        name: template name as `netcomposer templates` lists it.

    Returns:
        The path of its YAML file.

    Raises:
        composer.core.errors.UserError: if there is no such template.
    """
    path = TEMPLATES / f"{name}.yaml"
    if not path.is_file():
        from composer.core.errors import UserError

        known = ", ".join(sorted(p.stem for p in TEMPLATES.glob("*.yaml")))
        raise UserError(f"template {name!r} does not exist; choose one of: {known}")
    return path


def user_data() -> Path:
    """The user's folder for recovery files, runs and settings; `NETCOMPOSER_HOME` overrides the platform's place."""
    override = os.environ.get("NETCOMPOSER_HOME")
    if override:
        return Path(override)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "netcomposer"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "netcomposer"
    return Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share")) / "netcomposer"


def user_cache() -> Path:
    """The user's folder for what may be deleted at any time; inside `NETCOMPOSER_HOME` if that is set."""
    if os.environ.get("NETCOMPOSER_HOME") or sys.platform == "win32":
        return user_data() / "cache"
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "Netcomposer"
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")) / "netcomposer"
