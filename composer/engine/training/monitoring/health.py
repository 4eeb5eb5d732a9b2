"""The health of each node once an epoch: gradient norm, dead units, entropy of gates, use of dendritic segments.

One forward pass of a few validation samples in evaluation mode, watched by hooks. `core.run_records` names the values.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from composer.core.blocks.map_kinds import map_kinds
from composer.core.graph import Design
from composer.core.run_records import DEAD, GATE_ENTROPY, GRAD_NORM, SEGMENTS_USED
from composer.engine.library import catalog
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.datasets.splits import Batch, Split
from composer.engine.training.optimization.node_modules import NodeModule, node_modules

# Samples of the pass: enough to see whether a unit is ever active, at most about a hundredth of an epoch's work.
FEWEST, MOST = 8, 128
SHARE = 32
BATCH_BYTES = 2**24
# Modules whose output is exactly 0 where a unit is not active.
RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.Threshold, nn.Hardswish, nn.Hardsigmoid)


def health_batch(split: Split, samples: int) -> dict[str, Tensor]:
    """Return validation samples, evenly spread over the split, which is often sorted by class.

    Args:
        split: the validation split.
        samples: number of training samples.
    """
    most = min(MOST, len(split), BATCH_BYTES // max(1, split.sample_bytes()))
    count = min(len(split), max(FEWEST, min(most, samples // SHARE)))
    return split.take(torch.linspace(0, len(split) - 1, count).round().long())


@dataclass
class HealthMonitor:
    """Measures the nodes of a network that is being trained.

    Args:
        design: names the nodes; its blocks declare gates and segments.
        inputs: passes a batch to the network.
        fabric: its number format.
        batch: the samples of the pass, on the device.
    """

    design: Design
    inputs: NamedInputs
    fabric: Fabric
    batch: Batch
    _values: dict[tuple[str, str], list[tuple[Tensor, float]]] = field(init=False, default_factory=dict)

    @torch.no_grad()
    def measure(self, gradient_norms: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """Return the values of each node by its path; a node without a value is left out.

        Args:
            gradient_norms: norm of each node's gradient in the last step.
        """
        self._values.clear()
        network = self.inputs.network
        modes = [(module, module.training) for module in network.modules()]
        try:
            network.eval()
            with ExitStack() as hooks, self.fabric.autocast():
                for module, hook in self._hooks():
                    hooks.callback(module.register_forward_hook(hook).remove)
                # The network itself, whose hooks compiled code would not run.
                network(*self.inputs.values(self.fabric.strategy.precision.convert_input(self.batch)))
        finally:
            for module, training in modes:
                module.training = training
        return self._result(gradient_norms)

    def _hooks(self) -> list[tuple[nn.Module, Callable[..., None]]]:
        """Return the modules to watch, with what to do with their outputs."""
        hooks: list[tuple[nn.Module, Callable[..., None]]] = []
        modules = list(node_modules(self.design, self.inputs.network))
        with_rectifiers = {row.node for row in modules if isinstance(row.module, RECTIFIERS)}
        for row in modules:
            if isinstance(row.module, RECTIFIERS) or (row.whole and row.node not in with_rectifiers):
                hooks.append((row.module, self._hook(row.node, DEAD, dead_units)))
            hooks += self._map_hooks(row)
        return hooks

    def _map_hooks(self, row: NodeModule) -> list[tuple[nn.Module, Callable[..., None]]]:
        """Return hooks for the gates and segments that the block of a module declares as outputs of its parts."""
        spec = catalog().get(type(row.module).__name__)
        hooks: list[tuple[nn.Module, Callable[..., None]]] = []
        for name, kind in (spec.maps if spec is not None else {}).items():
            part: Any = row.module
            for attribute in name.split("."):
                part = getattr(part, attribute, None)
            if not isinstance(part, nn.Module):
                continue
            if kind == "segment":
                hooks.append((part, self._hook(row.node, SEGMENTS_USED, segments_used)))
            elif kind == "branch":
                hooks.append((part, self._hook(row.node, GATE_ENTROPY, branch_entropy)))
            elif map_kinds()[kind].values == "gate":
                hooks.append((part, self._hook(row.node, GATE_ENTROPY, gate_entropy)))
        return hooks

    def _hook(self, node: str, name: str, compute: Callable[[Tensor], tuple[Tensor, float]]) -> Callable[..., None]:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.is_floating_point() and output.ndim >= 2:
                self._values.setdefault((node, name), []).append(compute(output.detach()))

        return hook

    def _result(self, gradient_norms: Mapping[str, float]) -> dict[str, dict[str, float]]:
        nodes: dict[str, dict[str, float]] = {node: {GRAD_NORM: value} for node, value in gradient_norms.items()}
        if self._values:
            # One transfer for all values: each one waits for the device.
            means = [
                torch.stack([value.float() for value, _ in rows]).sum() / sum(weight for _, weight in rows)
                for rows in self._values.values()
            ]
            for (node, name), value in zip(self._values, torch.stack(means).tolist(), strict=True):
                nodes.setdefault(node, {})[name] = value
        self._values.clear()
        return {node: {name: float(f"{value:.5g}") for name, value in row.items()} for node, row in nodes.items()}


def dead_units(output: Tensor) -> tuple[Tensor, float]:
    """Return the number of channels that are 0 for all samples and positions, and the number of channels.

    Args:
        output: a map (N, C, H, W), tokens (N, L, C) or features (N, C).
    """
    channel = 1 if output.ndim == 4 else output.ndim - 1
    values = output.movedim(channel, 0).flatten(1)
    return (values == 0).all(1).sum(), float(len(values))


def gate_entropy(gate: Tensor) -> tuple[Tensor, float]:
    """Return the sum of the binary entropies of gates in [0, 1], in bits, and their number.

    1 bit is a gate of one half; 0 a gate that is open or closed.
    """
    open_share = gate.float().clamp(1e-6, 1 - 1e-6)
    bits = -(open_share * open_share.log2() + (1 - open_share) * (1 - open_share).log2())
    return bits.sum(), float(gate.numel())


def branch_entropy(weights: Tensor) -> tuple[Tensor, float]:
    """Return the sum of the entropies of the weights of branches (N, branches, ...), and their number.

    Each is divided by that of even weights: 1 is no preference, 0 a single branch.
    """
    branches = weights.shape[1]
    shares = weights.float().clamp_min(1e-12)
    shares = shares / shares.sum(1, keepdim=True)
    entropy = -(shares * shares.log()).sum(1) / math.log(max(2, branches))
    return entropy.sum(), float(entropy.numel())


def segments_used(strength: Tensor) -> tuple[Tensor, float]:
    """Return the number of segments (N, units, segments) that are the strongest of their unit for any sample, and
    their number.
    """
    table = strength.reshape(strength.shape[0], -1, strength.shape[-1])
    used = torch.zeros(table.shape[1:], device=table.device).scatter_(1, table.argmax(2).T, 1.0)
    return used.sum(), float(used.numel())
