"""Values that a block cannot have: it says so itself, in words, and takes neither time nor memory for it."""

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
SIDE = 3_000  # of a map of 9 million positions: a list of them, or of pairs of rows, takes hundreds of megabytes, and seconds


def refuse(spec: BlockSpec, params: dict[str, Any]) -> None:
    """Build and run a block on meta; only a ValueError is a sentence of its own."""
    made = replace(case(spec, 0), params=params)
    with suppress(ValueError), MetaMode():
        made.module("meta").eval()(*made.inputs("meta"))


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "spec", [spec for spec in catalog() if any(param.type in BAD for param in spec.params)], ids=lambda spec: spec.name
)
def test_sizes_that_cannot_be_are_refused_in_words(spec: BlockSpec) -> None:
    params = dict(case(spec, 0).params)
    for param in spec.params:
        for value in BAD.get(param.type, ()) if not param.inferred else ():
            within = param.range is None or not isinstance(value, int) or param.range[0] <= value <= param.range[1]
            if within:  # what is out of the declared range is refused before the block is made
                refuse(spec, {**params, param.name: value})


@pytest.mark.parametrize(
    ("name", "size"), [("LeViTAttention", {"h": SIDE, "w": SIDE}), ("RelativePositionBias", {"n": SIDE**2})]
)
def test_indices_of_places_cost_nothing_on_meta(name: str, size: dict[str, int]) -> None:
    made = case(catalog()[name], 0)
    with MetaMode():
        made.module("meta")  # what it imports is not counted
    unset = {key: 0 for key in ("height", "width", "prefix_tokens") if key in made.params}
    made = replace(made, params={**made.params, **unset, **size})
    with Peak() as peak, MetaMode():
        made.module("meta")
    assert peak.megabytes < 60
