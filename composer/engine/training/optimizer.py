"""The optimizer, from the training settings of a design."""

from collections.abc import Callable
from functools import partial

from torch import nn, optim

from composer.core.blocks.catalog import Catalog
from composer.core.errors import UserError
from composer.core.graph import Design, Training
from composer.engine.training.weight_decay import decay_rows

MOMENTUM = 0.9
# fused: one kernel for all parameters, on the CPU too.
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adamw": partial(optim.AdamW, fused=True),
    "sgd": partial(optim.SGD, momentum=MOMENTUM, nesterov=True, fused=True),
}


def make_optimizer(model: nn.Module, settings: Training, design: Design, catalog: Catalog) -> optim.Optimizer:
    """Return AdamW, or SGD with Nesterov momentum.

    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101 (AdamW).

    Args:
        model: the network to train.
        settings: `optimizer`, `lr`, `weight_decay`.
        design: its design, which tells the block of each module.
        catalog: the blocks, which declare what does not decay.

    Raises:
        UserError: if the model has no trainable parameters.
    """
    rows = decay_rows(model, design, catalog)
    decayed = [row.parameter for row in rows if row.decays]
    exempt = [row.parameter for row in rows if not row.decays]
    if not rows:
        raise UserError("the design has no trainable parameters: there is nothing to train")
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": exempt, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    return OPTIMIZERS[settings.optimizer](groups, lr=settings.lr)
