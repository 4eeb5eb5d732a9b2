"""Which parameters weight decay leaves alone: those that blocks declare, and norms and biases of torch's own modules.

Nothing follows from a shape: a bias of experts has three axes, and the weights of a lone expert look like tokens.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn

from composer import paths
from composer.core.blocks.catalog import Catalog
from composer.core.graph import Design
from composer.core.node_paths import block_at

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
# Modules of torch whose biases have longer names: bias_ih_l0, in_proj_bias.
_SEVERAL_BIASES = (nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)


@dataclass(frozen=True, slots=True)
class DecayRow:
    """One trainable parameter.

    Attributes:
        name: its dotted name in the network.
        parameter: the parameter.
        decays: whether weight decay shrinks it.
        reason: why not, or what leaves open whether it should.
    """

    name: str
    parameter: nn.Parameter
    decays: bool
    reason: str


def decay_rows(model: nn.Module, design: Design, catalog: Catalog) -> list[DecayRow]:
    """Return the trainable parameters of a network in their order, each with whether it decays.

    Args:
        model: the built network; its classes need not be those of the catalog.
        design: its design, which tells the block of each module.
        catalog: the blocks, which declare what does not decay.
    """
    # 1. What blocks declare, and their own tensors where a custom block declares nothing.
    declared: dict[int, str] = {}
    undeclared: dict[int, str] = {}
    typed: dict[int, str] = {}
    for path, module in model.named_modules():
        spec = catalog.get(_block_name(design, path, module))
        if spec is not None:
            custom = not spec.path.is_relative_to(paths.BLOCKS)
            for name, parameter in module.named_parameters():
                if any(fnmatchcase(name, pattern) for pattern in spec.no_decay):
                    declared.setdefault(id(parameter), f"declared by {spec.name}")
                elif custom and not spec.no_decay:
                    undeclared.setdefault(id(parameter), f"{spec.name} declares nothing")
        # 2. What the types of torch's modules tell.
        for name, parameter in module.named_parameters(recurse=False):
            if reason := _reason_of_type(module, name):
                typed.setdefault(id(parameter), reason)
    # 3. One row a parameter, however many names it has.
    rows = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            reason = declared.get(id(parameter)) or typed.get(id(parameter), "")
            rows.append(DecayRow(name, parameter, not reason, reason or undeclared.get(id(parameter), "")))
    return rows


def _block_name(design: Design, path: str, module: nn.Module) -> str:
    """Return the name of the block that a module is; a name of no block if it is none."""
    parts = path.split(".")
    node = block_at(design, parts)
    if node is None:
        return ""
    # Inside a block, whose source is written out under its own names, a block is known by its class.
    return node.block if node.depth == len(parts) else type(module).__name__


def _reason_of_type(module: nn.Module, name: str) -> str:
    """Return why a parameter of a module of torch does not decay; empty if it does."""
    if isinstance(module, NORMS):
        return "norm"
    if isinstance(module, nn.PReLU):
        return "activation"
    return "bias" if name == "bias" or ("bias" in name and isinstance(module, _SEVERAL_BIASES)) else ""
