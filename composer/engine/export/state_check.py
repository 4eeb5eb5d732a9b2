"""Comparing the weights of a file with those of the model."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor


def weight_difference(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> float:
    """Return the largest absolute difference of the tensors of equal name; infinite where shape or dtype differ."""
    return max((_difference(state[name], expected[name]) for name in state.keys() & expected.keys()), default=0.0)


def _difference(a: Tensor, b: Tensor) -> float:
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if a.numel() == 0 or torch.equal(a, b):
        return 0.0
    largest = float((a.double() - b.double()).abs().max())
    return float("inf") if math.isnan(largest) else largest
