"""Folders of a checkout or an installed wheel (block sources, templates, resources) and the user's own folders."""

import os
import sys
from pathlib import Path

import platformdirs

APP = "netcomposer"
PACKAGE = Path(__file__).resolve().parent
# In a checkout `blocks` is beside `composer`; a wheel installs it beside `composer` in site-packages, too.
ROOT = PACKAGE.parent
BLOCKS = ROOT / "blocks"


def _data_folder(name: str) -> Path:
    """Return a data folder: a wheel holds it inside the package, to install no stray top-level folder; a checkout,
    beside it.
    """
    inside = PACKAGE / "_data" / name
    return inside if inside.is_dir() else ROOT / name


TEMPLATES = _data_folder("templates")
RESOURCES = _data_folder("resources")


def user_data() -> Path:
    """Return the user's folder for recovery files, runs and settings; `NETCOMPOSER_HOME` overrides the platform's
    folder.
    """
    override = os.environ.get("NETCOMPOSER_HOME")
    if override:
        return Path(override)
    return _former_macos_folder("Application Support/netcomposer") or platformdirs.user_data_path(APP, appauthor=False)


def user_cache() -> Path:
    """Return the user's folder for files that may be deleted at any time; inside `NETCOMPOSER_HOME` if that is set."""
    if os.environ.get("NETCOMPOSER_HOME"):
        return user_data() / "cache"
    return _former_macos_folder("Caches/Netcomposer") or platformdirs.user_cache_path(APP, appauthor=False)


def _former_macos_folder(name: str) -> Path | None:
    """Return the folder that early versions used on macOS, if it exists: platformdirs may choose another one.

    It respects `XDG_DATA_HOME` and `XDG_CACHE_HOME` on macOS, which they ignored, and the case of the cache differs.
    """
    folder = Path.home() / "Library" / name
    return folder if sys.platform == "darwin" and folder.is_dir() else None
