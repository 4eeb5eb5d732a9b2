"""Impossible parameter values: the block raises a readable ValueError, without using time or memory."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from composer.core.blocks.block_file import BlockSpec
from composer.engine.inference.meta_kernels import MetaMode
from composer.engine.library import catalog
from tests.benchmarks.memory import Peak
from tests.blocks.cases import case

BAD = {"int": (-4, 0, 1000), "tuple": ((), (0,), (-1,), (1,) * 9)}
# The side of a map of 9 million positions: a list of them, or of pairs of rows, would take hundreds of megabytes.
SIDE = 3_000


def refuse(spec: BlockSpec, params: dict[str, Any]) -> None:
    """Build and run a block on the meta device; it may raise nothing but a ValueError."""
    setting = replace(case(spec, 0), params=params)
    with suppress(ValueError), MetaMode():
        setting.module("meta").eval()(*setting.inputs("meta"))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "spec", [spec for spec in catalog() if any(param.type in BAD for param in spec.params)], ids=lambda spec: spec.name
)
def test_impossible_sizes_raise_a_readable_error(spec: BlockSpec) -> None:
    params = dict(case(spec, 0).params)
    for param in spec.params:
        for value in BAD.get(param.type, ()) if not param.inferred else ():
            within = param.range is None or not isinstance(value, int) or param.range[0] <= value <= param.range[1]
            if within:  # what is out of the declared range is refused before the block is made
                refuse(spec, {**params, param.name: value})


@pytest.mark.parametrize(
    ("name", "size"), [("LeViTAttention", {"h": SIDE, "w": SIDE}), ("RelativePositionBias", {"n": SIDE**2})]
)
def test_position_indices_cost_nothing_on_meta(name: str, size: dict[str, int]) -> None:
    setting = case(catalog()[name], 0)
    with MetaMode():
        setting.module("meta")  # what it imports is not counted
    unset = {key: 0 for key in ("height", "width", "prefix_tokens") if key in setting.params}
    setting = replace(setting, params={**setting.params, **unset, **size})
    with Peak() as peak, MetaMode():
        setting.module("meta")
    assert peak.megabytes < 60
