"""Adam whose mean squares are stored by rows and columns."""

from typing import Annotated

from torch import optim

from composer.engine.training.optimizers import Groups, optimizer


# The mean squares of a matrix are a row and a column: next to nothing for each parameter.
@optimizer(title="Adafactor", states=0)
def adafactor(
    groups: Groups,
    beta2_decay: Annotated[float, (-1.0, 0.0)] = -0.8,
    clip: Annotated[float, (0.1, 100.0)] = 1.0,
    eps: Annotated[float, (0.0, 1.0)] = 1e-3,
) -> optim.Optimizer:
    """Adafactor, which needs hardly any memory: its mean squares are products of a row and a column.

    Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018, arXiv:1804.04235.

    Args:
        groups: parameters with their learning rate and weight decay.
        beta2_decay: power of the step by which the decay of the mean squares grows towards 1.
        clip: largest root mean square of an update.
        eps: the smallest scale of a parameter, by which its updates are multiplied.
    """
    return optim.Adafactor(groups, beta2_decay=beta2_decay, eps=(None, eps), d=clip, foreach=True)
