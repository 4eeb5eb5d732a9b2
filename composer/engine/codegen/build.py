"""A Design as a live module: the generated source, imported. There is no second compiler."""

import hashlib
import linecache
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from composer.core.blocks.catalog import Catalog
from composer.core.graph import Design
from composer.engine import library
from composer.engine.codegen.generate import class_name, generate
from composer.engine.inference.infer import Inferrer


def import_source(text: str, path: Path | None = None) -> ModuleType:
    """Import generated source under a name of its own, so that tracebacks, torch.compile and pickle see real source.

    Args:
        text: the generated text.
        path: where the text lies; without it the module has no file, and its lines are registered for tracebacks.

    Returns:
        The module.
    """
    name = f"netcomposer_model_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    filename = str(path) if path is not None else str(Path(tempfile.gettempdir()) / f"{name}.py")
    module = ModuleType(name)
    module.__file__ = filename
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def model_class(module: ModuleType) -> type[nn.Module]:
    """The model of a generated module: the last class it defines."""
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__
    ]
    return found[-1]


def build(design: Design, *, seed: int | None = None, device: str = "cpu", catalog: Catalog | None = None) -> nn.Module:
    """Build the network of a design.

    Args:
        design: a design without errors.
        seed: seed of the initial weights; None leaves torch's generator as it is.
        device: where the weights are made; ``meta`` makes none.
        catalog: the known blocks; the library by default.

    Returns:
        The module, in training mode.

    Raises:
        composer.core.errors.DesignError: if the design has errors.
    """
    found = catalog or library.catalog()
    text = generate(Inferrer(found).infer(design), found)
    cls = getattr(import_source(text), class_name(design, found))
    with torch.device(device), torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        module: nn.Module = cls()
    return module
