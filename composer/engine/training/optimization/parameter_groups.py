"""The trained parameters of a network in groups of equal weight decay and learning rate."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from composer.core.blocks.catalog import Catalog
from composer.core.errors import UserError
from composer.core.graph import Design, Training
from composer.core.text_table import align
from composer.engine.training.optimization.layer_depth import depth_of, layer_depths
from composer.engine.training.optimization.node_patterns import check_patterns, matches
from composer.engine.training.optimization.weight_decay import DecayRow, decay_rows


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One trained parameter.

    Attributes:
        decay: whether weight decay shrinks it, and why not.
        factor: what its learning rate is multiplied by.
        depth: layers between it and the output.
    """

    decay: DecayRow
    factor: float
    depth: int

    @property
    def name(self) -> str:
        """Its dotted name in the network."""
        return self.decay.name


def parameter_rows(network: nn.Module, settings: Training, design: Design, catalog: Catalog) -> list[ParameterRow]:
    """Return the trained parameters of a network in their order, with weight decay and factor on the learning rate.

    The factor is that of the last pattern of `lr_factors` that matches, times `layer_decay` for each layer between the
    parameter and the output.

    Bao et al., "BEiT: BERT Pre-Training of Image Transformers", ICLR 2022, arXiv:2106.08254 (layer-wise decay).

    Args:
        network: the network; parameters that require no gradient are left out.
        settings: `lr_factors`, `layer_decay`.
        design: its design.
        catalog: the blocks, which declare what does not decay.

    Raises:
        UserError: if a pattern of `lr_factors` matches nothing.
    """
    check_patterns("lr_factors", settings.lr_factors, [name for name, _ in network.named_parameters()])
    rows = decay_rows(network, design, catalog)
    depths = layer_depths(design, [row.name for row in rows if row.decays])
    table = []
    for row in rows:
        depth = depth_of(row.name, depths)
        matching = [factor for pattern, factor in settings.lr_factors.items() if matches(pattern, row.name)]
        factor = (matching[-1] if matching else 1.0) * settings.layer_decay**depth
        table.append(ParameterRow(row, factor, depth))
    return table


def parameter_groups(rows: list[ParameterRow], settings: Training) -> list[dict[str, Any]]:
    """Return the groups for an optimizer: `params`, `lr`, `weight_decay`, and the `rate_factor` of each.

    Args:
        rows: see `parameter_rows`.
        settings: `lr`, `weight_decay`.

    Raises:
        UserError: if there is nothing to train.
    """
    if not rows:
        raise UserError("the design has no trainable parameters: there is nothing to train")
    groups: dict[tuple[bool, float], list[nn.Parameter]] = {}
    for row in sorted(rows, key=lambda row: not row.decay.decays):  # the decaying ones first
        groups.setdefault((row.decay.decays, row.factor), []).append(row.decay.parameter)
    return [
        {
            "params": parameters,
            "lr": settings.lr * factor,
            "weight_decay": settings.weight_decay if decays else 0.0,
            "rate_factor": factor,
        }
        for (decays, factor), parameters in groups.items()
    ]


def group_table(network: nn.Module, rows: list[ParameterRow], settings: Training) -> str:
    """Return the parameters as a table with weight decay and factor of the learning rate, and the sums below it."""
    by_name = {row.name: row for row in rows}
    cells = [("parameter", "shape", "weight decay", "rate", "")]
    frozen = 0
    for name, parameter in network.named_parameters():
        shape = " x ".join(map(str, parameter.shape)) or "1"
        row = by_name.get(name)
        if row is None:
            frozen += parameter.numel()
            cells.append((name, shape, "none", "0", "frozen"))
        else:
            decay = f"{settings.weight_decay:g}" if row.decay.decays else "none"
            cells.append((name, shape, decay, f"{row.factor:.3g}", row.decay.reason))
    decaying = sum(row.decay.parameter.numel() for row in rows if row.decay.decays)
    total = sum(row.decay.parameter.numel() for row in rows)
    sums = f"{decaying:,} numbers decay, {total - decaying:,} do not"
    if frozen:
        sums += f", {frozen:,} are frozen"
    return "\n".join([*align(cells, right={3}), "", sums])
