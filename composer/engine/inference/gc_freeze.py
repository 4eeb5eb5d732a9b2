"""Imports that make a million objects which stay: nobody looks for garbage among them, while they are made or later."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports_without_gc() -> Iterator[None]:
    """What is made inside is taken for lasting: importing torch takes a tenth less, and later collections are short."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
