"""Norms of the gradients: of the whole network in the records of steps, of each node once an epoch.

A node whose gradient vanishes or explodes is seen before the loss shows it.
"""

from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from composer.core.graph import Design
from composer.engine.training.optimization.node_modules import node_of


class GradientNorms:
    """Measures the gradients between the backward pass and whatever changes them, such as clipping.

    Args:
        design: names the nodes.
        network: its weights have the gradients.
        fabric: may scale the loss, and with it the gradients.

    Attributes:
        nodes: paths of the nodes that have weights.
    """

    def __init__(self, design: Design, network: nn.Module, fabric: Fabric) -> None:
        self.fabric = fabric
        named = [(node_of(design, name), parameter) for name, parameter in network.named_parameters()]
        self.nodes = tuple(dict.fromkeys(node for node, _ in named if node))
        numbers = {node: number for number, node in enumerate(self.nodes)}
        # Weights outside of all nodes count in the total alone: their number is one behind the last node.
        self._parameters = [(numbers.get(node, len(numbers)), parameter) for node, parameter in named]
        self._squares: Tensor | None = None
        self._indices: dict[tuple[int, ...], Tensor] = {}

    def measure(self) -> Tensor | None:
        """Return the norm of the present gradients, on the device; None if there are none."""
        rows = [(number, p.grad) for number, p in self._parameters if p.grad is not None]
        if not rows:
            return None
        norms = torch.stack([norm.float() for norm in torch._foreach_norm([grad for _, grad in rows])]) / self._scale()
        key = tuple(number for number, _ in rows)
        if key not in self._indices:
            self._indices[key] = torch.tensor(key, device=norms.device)
        squares = torch.zeros(len(self.nodes) + 1, device=norms.device)
        self._squares = squares.index_add_(0, self._indices[key], norms * norms)
        return self._squares.sum().sqrt()

    def by_node(self) -> dict[str, float]:
        """Return the norm of each node's gradient at the last `measure`, which waits for the device."""
        if self._squares is None:
            return {}
        return dict(zip(self.nodes, self._squares[:-1].sqrt().tolist(), strict=True))

    def _scale(self) -> Any:
        scaler = getattr(self.fabric.strategy.precision, "scaler", None)
        return scaler.get_scale() if scaler is not None else 1.0
