"""The catalog, and the decorator that makes a check of one block a test of every block.

A block that cannot pass a check declares that in its own file: ``exceptions={"rows": "why"}``, the name being that of
the check function. A declared exception is tested too: the test fails if the check passes.
"""

import functools
from collections.abc import Callable

import pytest
import torch

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import read_catalog

CATALOG = read_catalog()
SPECS = sorted(CATALOG, key=lambda spec: (spec.category, spec.name))


def check(function: Callable[[BlockSpec], None]) -> Callable[[BlockSpec], None]:
    """Turn a check of one block into a test of all, where declared exceptions must fail."""

    @pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
    @functools.wraps(function)
    def test(spec: BlockSpec) -> None:
        if function.__name__ not in spec.exceptions:
            function(spec)
            return
        with pytest.raises(Exception):  # noqa: B017 - any failure counts
            function(spec)

    function.__globals__[f"test_{function.__name__}"] = test  # pytest collects it where the check is written
    return function


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert a.dtype == b.dtype
    torch.testing.assert_close(
        a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.detach().float().abs().max()) if b.numel() else 1.0)
    )
