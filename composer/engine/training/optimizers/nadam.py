"""Adam with Nesterov momentum and decoupled weight decay."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="NAdam", states=2)
def nadam(
    groups: Groups,
    betas: Annotated[tuple[float, float], (0.0, 0.99999)] = (0.9, 0.999),
    eps: Annotated[float, (0.0, 1.0)] = 1e-8,
    momentum_decay: Annotated[float, (0.0, 1.0)] = 0.004,
) -> optim.Optimizer:
    """Adam with Nesterov momentum and decoupled weight decay.

    Dozat, "Incorporating Nesterov Momentum into Adam", ICLR Workshop 2016.

    Args:
        groups: parameters with their learning rate and weight decay.
        betas: decay of the running means of the gradient and of its square.
        eps: added to the root of the mean square, against a division by 0.
        momentum_decay: how quickly the momentum approaches its final value.
    """
    return optim.NAdam(
        groups, betas=betas, eps=eps, momentum_decay=momentum_decay, decoupled_weight_decay=True, foreach=True
    )
