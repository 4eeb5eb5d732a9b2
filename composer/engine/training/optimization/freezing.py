"""Frozen parts of a network: their weights are not trained, and their norms use the stored statistics."""

from collections.abc import Sequence
from functools import partial

from torch import nn

from composer.core.errors import UserError
from composer.core.pattern_check import EXCEPT
from composer.engine.training.optimization.node_patterns import check_patterns, matches


def freeze(network: nn.Module, patterns: Sequence[str]) -> None:
    """Exclude everything that some patterns name from training, whatever mode the network is in later.

    Args:
        network: the network.
        patterns: see `node_patterns`; ``!head`` is everything but what ``head`` names.

    Raises:
        UserError: if a pattern matches nothing, or nothing is left to train.
    """
    included = [pattern for pattern in patterns if not pattern.startswith(EXCEPT)]
    excepted = [pattern.removeprefix(EXCEPT) for pattern in patterns if pattern.startswith(EXCEPT)]
    check_patterns("freeze", [*included, *excepted], [name for name, _ in network.named_parameters()])

    def is_frozen(name: str) -> bool:
        if any(matches(pattern, name) for pattern in included):
            return True
        return bool(excepted) and not any(matches(pattern, name) for pattern in excepted)

    for name, parameter in network.named_parameters():
        if is_frozen(name):
            parameter.requires_grad_(False)
    for name, module in network.named_modules():
        # A norm that goes on collecting statistics would change the output of weights that are not trained.
        if isinstance(module, nn.modules.batchnorm._NormBase) and is_frozen(name):
            module.eval()
            module.train = partial(_stay, module)  # type: ignore[method-assign, assignment]
    if patterns and not any(parameter.requires_grad for parameter in network.parameters()):
        raise UserError(f"freeze {', '.join(patterns)} leaves nothing to train; freeze fewer nodes")


def _stay(module: nn.Module, mode: bool = True) -> nn.Module:
    """Stand in for `nn.Module.train` of a frozen norm, which stays in evaluation mode."""
    del mode
    return module
