"""Classes of blocks: the only module that imports block files, and that checks whether they are trusted."""

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from composer import paths
from composer.core.blocks import block_folders
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.errors import UserError

if TYPE_CHECKING:
    from torch import nn


# Folders of custom blocks by the name of the package under which they are imported.
_packages: dict[str, Path] = {}


@cache
def catalog() -> Catalog:
    """Return the catalog of the library and of the user's folders; cached until `reload`."""
    return read_catalog([folder.path for folder in block_folders.all_folders()])


def reload() -> Catalog:
    """Drop imported custom blocks after their files or the trust in them changed; library blocks stay imported.

    Returns:
        The new catalog.
    """
    for name in [name for name in sys.modules if name.split(".")[0] in _packages]:
        del sys.modules[name]
    _packages.clear()
    importlib.invalidate_caches()
    catalog.cache_clear()
    return catalog()


def block_class(spec: BlockSpec) -> "type[nn.Module]":
    """Import a block and return its class.

    Args:
        spec: its entry in the catalog.

    Raises:
        ImportError: if the file cannot be imported.
        UserError: if its folder is not trusted; none of its code has run then.
    """
    if spec.path.is_relative_to(paths.BLOCKS):
        module = importlib.import_module(f"blocks.{spec.category}.{spec.path.stem}")
    else:
        if (reason := block_folders.untrusted_reason(spec.name, spec.path)) is not None:
            raise UserError(reason)
        module = _import_custom(spec.path)
    cls: type[nn.Module] = getattr(module, spec.name)
    return cls


def _import_custom(file: Path) -> ModuleType:
    """Import a custom block as a module of its folder's package, so that such files can import each other."""
    folder = block_folders.folder_of(file)
    assert folder is not None  # a file outside the folders is not trusted
    root = folder.path
    name = ".".join([_package(root), *file.relative_to(root).with_suffix("").parts])
    # Python's bytecode cache misses a second change of a file within the same second.
    writing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = writing


def _package(root: Path) -> str:
    """Return the package name of a folder: its own name, unless another module has it."""
    for name, folder in _packages.items():
        if folder == root:
            return name
    name = root.name.replace(".", "_")
    while name in _packages or _taken(name):
        name = f"own_{name}"
    package = ModuleType(name)
    package.__path__ = [str(root)]
    sys.modules[name] = package
    _packages[name] = root
    return name


def _taken(name: str) -> bool:
    return name in sys.modules or importlib.util.find_spec(name) is not None
