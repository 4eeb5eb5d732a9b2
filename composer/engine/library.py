"""Block classes by name: the one place that imports block files, and the one that asks whether they are trusted."""

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


_packages: dict[str, Path] = {}  # folders of the user's own blocks by the name under which they are imported


@cache
def catalog() -> Catalog:
    """The catalog of the library and of the user's own folders, read once a process, or once until `reload`."""
    return read_catalog([folder.path for folder in block_folders.known()])


def reload() -> Catalog:
    """Forget the user's own blocks, after their files or the trust in them changed; the library's stay imported.

    Returns:
        The catalog as it is now.
    """
    for name in [name for name in sys.modules if name.split(".")[0] in _packages]:
        del sys.modules[name]
    _packages.clear()
    importlib.invalidate_caches()
    catalog.cache_clear()
    return catalog()


def block_class(spec: BlockSpec) -> "type[nn.Module]":
    """The class of a block.

    Args:
        spec: its entry in the catalog.

    Raises:
        ImportError: if the file cannot be imported.
        UserError: if it lies in a folder that is not trusted; nothing of it has run then.
    """
    if spec.path.is_relative_to(paths.BLOCKS):
        module = importlib.import_module(f"blocks.{spec.category}.{spec.path.stem}")
    else:
        if (reason := block_folders.untrusted_reason(spec.name, spec.path)) is not None:
            raise UserError(reason)
        module = _own_module(spec.path)
    found: type[nn.Module] = getattr(module, spec.name)
    return found


def _own_module(file: Path) -> ModuleType:
    """A file of the user's own, as a module of a package named after its folder, so that such files may import each other."""
    folder = block_folders.folder_of(file)
    assert folder is not None  # whoever is of none is not trusted
    root = folder.path
    name = ".".join([_package(root), *file.relative_to(root).with_suffix("").parts])
    writing, sys.dont_write_bytecode = (
        sys.dont_write_bytecode,
        True,
    )  # Python's own cache misses a change within the same second
    try:
        return importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = writing


def _package(root: Path) -> str:
    """The name under which a folder is imported: its own, unless something else bears that."""
    for name, known in _packages.items():
        if known == root:
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
