"""Gradients divided by the root of their mean square."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="RMSprop", states=2)
def rmsprop(
    groups: Groups,
    alpha: Annotated[float, (0.0, 0.99999)] = 0.9,
    momentum: Annotated[float, (0.0, 0.9999)] = 0.9,
    eps: Annotated[float, (0.0, 1.0)] = 1e-3,
) -> optim.Optimizer:
    """RMSprop with momentum: steps divided by the root of the mean squared gradient.

    Tieleman, Hinton, "Lecture 6.5: rmsprop", 2012; MobileNet and EfficientNet train with momentum 0.9 and eps 0.001.

    Args:
        groups: parameters with their learning rate and weight decay.
        alpha: decay of the running mean of the square of the gradient.
        momentum: decay of the sum of the scaled gradients.
        eps: added to the root of the mean square, against a division by 0.
    """
    return optim.RMSprop(groups, alpha=alpha, momentum=momentum, eps=eps, foreach=True)
