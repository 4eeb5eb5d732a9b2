"""Comparison of a block with the numbers of an independent implementation."""

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn

from tests.blocks.probe import fill, probe_input, statistics


def parameter_count(module: nn.Module) -> int:
    """Return the number of parameters of `module`."""
    return sum(parameter.numel() for parameter in module.parameters())


def assert_probe(
    module: nn.Module,
    shapes: Iterable[Iterable[int]],
    expected: dict,
    order: Iterable[str] | None = None,
    before: Callable[[Tensor], Tensor] | None = None,
    after: Callable[[Tensor], Tensor] | None = None,
) -> None:
    """Fill `module` and its inputs by the probe rule and compare the output's statistics with `expected`.

    `before` turns an input into the module's layout, `after` the output into that of the other implementation.
    """
    inputs = [probe_input(shape, j) for j, shape in enumerate(shapes)]
    inputs = [before(x) for x in inputs] if before else inputs
    with torch.no_grad():
        output = fill(module, order)(*inputs)
    found = statistics(after(output) if after else output)
    assert {name: found[name] for name in expected} == {name: pytest.approx(value, rel=1e-7, abs=1e-8) for name, value in expected.items()}
