"""Rectified Adam with decoupled weight decay."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="RAdam", states=2)
def radam(
    groups: Groups,
    betas: Annotated[tuple[float, float], (0.0, 0.99999)] = (0.9, 0.999),
    eps: Annotated[float, (0.0, 1.0)] = 1e-8,
) -> optim.Optimizer:
    """Rectified Adam with decoupled weight decay, which needs less warm-up.

    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020, arXiv:1908.03265.

    Args:
        groups: parameters with their learning rate and weight decay.
        betas: decay of the running means of the gradient and of its square.
        eps: added to the root of the mean square, against a division by 0.
    """
    return optim.RAdam(groups, betas=betas, eps=eps, decoupled_weight_decay=True, foreach=True)
