"""Loads the modules of a folder that is walked: commands and panels. A new file is found; a broken one is reported."""

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType


def load_modules(package: str, path: Iterable[str]) -> tuple[list[ModuleType], dict[str, str]]:
    """Import all public modules of a package.

    Args:
        package: name of the package.
        path: its ``__path__``.

    Returns:
        The modules by name, and for each module that cannot be imported its name and the reason.
    """
    modules: list[ModuleType] = []
    broken: dict[str, str] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_")):
        try:
            modules.append(importlib.import_module(f"{package}.{name}"))
        except Exception as error:  # noqa: BLE001 - one broken extension must not keep the window from opening
            broken[name] = f"{type(error).__name__}: {error}"
    return modules, broken
