"""The probe rule: parameters and inputs filled by a formula, so that outputs of independent implementations can be
compared.

Parameter k (index in named_parameters(), or in `order`), flat index i: sin(0.7 i + 1.3 k + 0.5) / sqrt(numel /
shape[0]) where it has two or more axes, else 0.5 + 0.1 sin(0.7 i + 1.3 k + 0.5). Input j: sin(0.11 i + 0.3 j). All in
float64, eval mode.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn


def fill(module: nn.Module, order: Iterable[str] | None = None) -> nn.Module:
    """Fill the parameters of `module` (in `order`, if given); returns it in float64 and eval mode."""
    module = module.double().eval()
    parameters = dict(module.named_parameters())
    names = list(order) if order is not None else list(parameters)
    if sorted(names) != sorted(parameters):
        raise ValueError(f"order {names} does not name the parameters {list(parameters)}")
    with torch.no_grad():
        for k, name in enumerate(names):
            parameter = parameters[name]
            wave = torch.sin(0.7 * torch.arange(parameter.numel(), dtype=torch.float64) + 1.3 * k + 0.5)
            wave = wave / math.sqrt(parameter.numel() / parameter.shape[0]) if parameter.ndim >= 2 else 0.5 + 0.1 * wave
            parameter.copy_(wave.view(parameter.shape))
    return module


def probe_input(shape: Iterable[int], j: int = 0) -> Tensor:
    """Return input number `j` of the probe, float64."""
    shape = tuple(shape)
    return torch.sin(0.11 * torch.arange(math.prod(shape), dtype=torch.float64) + 0.3 * j).view(shape)


def statistics(tensor: Tensor) -> dict:
    """Return mean, std (divisor n), mean_abs, the first six and the last two values of `tensor`."""
    flat = tensor.detach().double().reshape(-1)
    return {
        "mean": flat.mean().item(),
        "std": flat.std(unbiased=False).item(),
        "mean_abs": flat.abs().mean().item(),
        "first": flat[:6].tolist(),
        "last": flat[-2:].tolist(),
    }
