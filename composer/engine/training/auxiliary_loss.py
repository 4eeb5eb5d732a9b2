"""Losses that blocks state beside their output, such as the balance between experts.

A block keeps the loss of its last forward pass in the attribute ``aux_loss``; None where it has none.
"""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from torch import Tensor, nn

ATTRIBUTE = "aux_loss"
# The modules of each model with such a loss: walking through all modules in each step would take longer than the rest.
_modules: WeakKeyDictionary[nn.Module, Sequence[nn.Module]] = WeakKeyDictionary()


def auxiliary_loss(model: object) -> Tensor | None:
    """Return the sum of the losses of the last forward pass of a model; None if no block has one."""
    if not isinstance(model, nn.Module):
        return None
    if model not in _modules:
        _modules[model] = [module for module in model.modules() if hasattr(module, ATTRIBUTE)]
    losses = [loss for module in _modules[model] if isinstance(loss := getattr(module, ATTRIBUTE), Tensor)]
    return sum(losses[1:], losses[0]) if losses else None
