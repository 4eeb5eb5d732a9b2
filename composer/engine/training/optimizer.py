"""The optimizer, from the training settings of a design."""

from torch import nn, optim

from composer.core.blocks.catalog import Catalog
from composer.core.errors import UserError
from composer.core.graph import Design, Training
from composer.engine.training.optimizers import load_optimizer
from composer.engine.training.weight_decay import decay_rows


def make_optimizer(model: nn.Module, settings: Training, design: Design, catalog: Catalog) -> optim.Optimizer:
    """Return the optimizer that the settings name, with weight decay on those parameters that may decay.

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
    groups = [
        {"params": parameters, "lr": settings.lr, "weight_decay": weight_decay}
        for parameters, weight_decay in ((decayed, settings.weight_decay), (exempt, 0.0))
        if parameters
    ]
    return load_optimizer(settings.optimizer, groups)
