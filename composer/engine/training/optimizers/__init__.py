"""Optimizers: one file each, found by walking this folder.

::

    @optimizer(title="SGD", states=1)
    def sgd(groups: Groups, momentum: float = 0.9) -> Optimizer: ...

The function takes the groups of parameters, each with its `lr` and `weight_decay`; its further parameters are options.
The loop sets the learning rate of every group in every step.
"""

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from torch.optim import Optimizer

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import optimizers

T = TypeVar("T")
Groups = list[dict[str, Any]]


def optimizer(*, title: str, states: int) -> Callable[[T], T]:
    """Mark the function that an optimizer file declares.

    Args:
        title: name for people.
        states: numbers that it stores for each trained parameter, for the estimate of memory.
    """
    del title, states  # read from the source by `core.training_extensions`, so that they are known without torch
    return lambda marked: marked


def load_optimizer(reference: ExtensionRef, groups: Groups) -> Optimizer:
    """Return an optimizer of groups of parameters.

    Args:
        reference: its name and options.
        groups: `params`, `lr` and `weight_decay` of each group.

    Raises:
        UserError: if it is unknown or its options do not fit.
    """
    if messages := training_settings.reference_problems("optimizer", reference):
        raise UserError(messages[0])
    module = importlib.import_module(f"{__name__}.{reference.name}")
    make: Callable[..., Optimizer] = getattr(module, optimizers()[reference.name].attribute)
    return make(groups, **reference.options)
