"""Gradients divided by the root of the sum of their squares."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="Adagrad", states=1)
def adagrad(
    groups: Groups,
    initial: Annotated[float, (0.0, 1e6)] = 0.0,
    eps: Annotated[float, (0.0, 1.0)] = 1e-10,
) -> optim.Optimizer:
    """Adagrad: steps divided by the root of the sum of all squared gradients.

    Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 2011.

    Args:
        groups: parameters with their learning rate and weight decay.
        initial: the sum of squares at the start.
        eps: added to the root of the sum, against a division by 0.
    """
    return optim.Adagrad(groups, initial_accumulator_value=initial, eps=eps, foreach=True)
