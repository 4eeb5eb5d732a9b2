"""Block classes by name: the one place that imports block files."""

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from composer import paths
from composer.core.block_file import BlockSpec
from composer.core.catalog import Catalog, read_catalog

if TYPE_CHECKING:
    from torch import nn


@cache
def catalog() -> Catalog:
    """The catalog of the library, read once a process."""
    return read_catalog()


def block_class(spec: BlockSpec) -> "type[nn.Module]":
    """The class of a block.

    Args:
        spec: its entry in the catalog.

    Raises:
        ImportError: if the file cannot be imported.
    """
    if spec.path.is_relative_to(paths.BLOCKS):
        module = importlib.import_module(f"blocks.{spec.category}.{spec.path.stem}")
    else:
        module = _import_file(spec.path, f"user_blocks.{spec.category}.{spec.path.stem}")
    found: type[nn.Module] = getattr(module, spec.name)
    return found


def _import_file(path: Path, name: str) -> ModuleType:
    if name not in sys.modules:
        description = importlib.util.spec_from_file_location(name, path)
        assert description is not None and description.loader is not None
        module = importlib.util.module_from_spec(description)
        sys.modules[name] = module
        description.loader.exec_module(module)
    return sys.modules[name]
