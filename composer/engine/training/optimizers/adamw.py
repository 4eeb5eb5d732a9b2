"""Adam with decoupled weight decay."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


@optimizer(title="AdamW", states=2)
def adamw(
    groups: Groups,
    betas: Annotated[tuple[float, float], (0.0, 0.99999)] = (0.9, 0.999),
    eps: Annotated[float, (0.0, 1.0)] = 1e-8,
) -> optim.Optimizer:
    """Adam with decoupled weight decay.

    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, arXiv:1711.05101.

    Args:
        groups: parameters with their learning rate and weight decay.
        betas: decay of the running means of the gradient and of its square.
        eps: added to the root of the mean square, against a division by 0.
    """
    # fused: one kernel for all parameters, on the CPU too.
    return optim.AdamW(groups, betas=betas, eps=eps, fused=True)
