"""Schedules of the learning rate: one file each, found by walking this folder, without torch.

::

    @schedule(title="Straight line")
    def linear(progress: float, epochs: float) -> float:
        \"\"\"A straight line to the minimum.\"\"\"
        return 1 - progress

A schedule returns how far the rate is above its minimum, 1 at the peak and 0 at the minimum. `progress` runs from 0 at
the end of the warm-up to 1 at the end of the run; `epochs` counts the epochs since the start, warm-up included. Further
parameters are options.
"""

import importlib
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import schedules

T = TypeVar("T")
Shape = Callable[[float, float], float]


def schedule(*, title: str, own_warmup: bool = False) -> Callable[[T], T]:
    """Mark the function that a schedule file declares.

    Args:
        title: name for people.
        own_warmup: whether it begins with a warm-up of its own, in place of the setting `warmup_epochs`.
    """
    del title, own_warmup  # read from the source by `core.training_extensions`
    return lambda marked: marked


def load_schedule(reference: ExtensionRef) -> Shape:
    """Return a schedule with its options, as a function of progress and epochs.

    Raises:
        UserError: if there is no such schedule.
    """
    declaration = schedules().get(reference.name)
    if declaration is None or declaration.problem:
        raise UserError(f"schedule {reference.name!r:.60} cannot be used; choose one of: {', '.join(schedules())}")
    module = importlib.import_module(f"{__name__}.{reference.name}")
    return partial(getattr(module, declaration.attribute), **reference.options)


def has_own_warmup(reference: ExtensionRef) -> bool:
    """Return whether a schedule begins with a warm-up of its own."""
    declaration = schedules().get(reference.name)
    return declaration is not None and bool(declaration.values.get("own_warmup"))
