"""Stochastic gradient descent with momentum."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="SGD", states=1)
def sgd(
    groups: Groups,
    momentum: Annotated[float, (0.0, 0.9999)] = 0.9,
    nesterov: bool = True,
) -> optim.Optimizer:
    """Stochastic gradient descent with momentum.

    Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.

    Args:
        groups: parameters with their learning rate and weight decay.
        momentum: decay of the sum of the gradients.
        nesterov: whether the gradient is that of the point that the momentum leads to.
    """
    # fused: one kernel for all parameters, on the CPU too.
    return optim.SGD(groups, momentum=momentum, nesterov=nesterov and momentum > 0, fused=True)
