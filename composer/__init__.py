"""Netcomposer: draw a vision network, see its shapes and costs, train it, look into it, take it away as code.

>>> import composer
>>> design = composer.load(composer.template("hybrid_digits"))
>>> composer.summarize(design)["totals"]["params"] > 0
True

The packages are layers: `core` is the document (no Qt, no torch), `engine` computes with torch, `gui` is the window.
The GUI talks to the engine only through a worker process, so that a torch import, a crash or an exhausted GPU cannot
reach the window.
"""

from importlib import import_module

__version__ = "0.1.0"

# Loaded at first use: `import composer` must stay cheap, because the command line and the window start with it.
_HOMES = {
    "load": "composer.core.files.design_file",
    "save": "composer.core.files.design_file",
    "template": "composer.core.files.templates",
    "build": "composer.engine.codegen.build",
    "source": "composer.engine.codegen.generate",
    "summarize": "composer.engine.analysis.summary",
}
__all__ = ["__version__", "build", "load", "save", "source", "summarize", "template"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'composer' has no attribute {name!r}")
