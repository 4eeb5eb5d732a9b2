"""The optimizer, from the training settings of a design."""

from torch import nn, optim

from composer.core.blocks.catalog import Catalog
from composer.core.graph import Design, Training
from composer.engine.training.optimization.parameter_groups import parameter_groups, parameter_rows
from composer.engine.training.optimizers import load_optimizer


def make_optimizer(model: nn.Module, settings: Training, design: Design, catalog: Catalog) -> optim.Optimizer:
    """Return the optimizer that the settings name, with groups of equal weight decay and learning rate.

    Args:
        model: the network to train.
        settings: `optimizer`, `lr`, `lr_factors`, `layer_decay`, `weight_decay`.
        design: its design, which tells the block of each module.
        catalog: the blocks, which declare what does not decay.

    Raises:
        UserError: if the model has no trainable parameters, or the settings do not fit it.
    """
    rows = parameter_rows(model, settings, design, catalog)
    return load_optimizer(settings.optimizer, parameter_groups(rows, settings))
