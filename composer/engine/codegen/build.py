"""Build the network of a design: generate its source and import it. There is no second compiler."""

import hashlib
import linecache
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

from composer.core.graph import Design
from composer.engine.codegen.generate import generate
from composer.engine.codegen.probe import model_class
from composer.engine.inference.infer import Inference, Inferrer


def import_source(text: str, path: Path | None = None) -> ModuleType:
    """Import generated source under a unique name, so that tracebacks, torch.compile and pickle see real source.

    Args:
        text: the generated text.
        path: file of the text; without it, the lines are registered for tracebacks under a name in the temporary
            folder.

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


def build(
    design: Design, *, seed: int | None = None, device: str = "cpu", inferrer: Inferrer | None = None
) -> nn.Module:
    """Build the network of a design.

    Args:
        design: a design without errors.
        seed: seed of the initial weights; None leaves torch's generator as it is.
        device: torch device of the weights; ``meta`` allocates none.
        inferrer: its memo is used; a new one by default.

    Returns:
        The module, in training mode.

    Raises:
        composer.core.errors.DesignError: if the design has errors.
    """
    return instantiate((inferrer or Inferrer()).infer(design), seed=seed, device=device)


def instantiate(inference: Inference, *, seed: int | None = None, device: str = "cpu") -> nn.Module:
    """Build the network of a design that is already inferred; see `build`."""
    cls = model_class(import_source(generate(inference)))
    with torch.device(device), torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        return cls()
