"""Sizes: what could never be built is computed at once, and the work grows with the number of nodes, not with its square."""

import json
import time

from composer.core import edits
from composer.core.design_file import loads
from composer.core.graph import Design, Node
from composer.core.wire_json import to_json
from composer.engine.__main__ import Engine
from composer.engine.infer import Inferrer
from composer.engine.protocol import Progress
from tests.benchmarks import designs
from tests.benchmarks.memory import Peak

NO_PROGRESS = Progress(lambda _: None, 0, set())


def identity_chain(count: int) -> Design:
    return designs.chain("long", (8, 4, 4), [Node(f"node_{index}", "Identity") for index in range(count)])


def seconds(inferrer: Inferrer, design: Design) -> float:
    """The best of three walks."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        inferrer.infer(design)
        times.append(time.perf_counter() - start)
    return min(times)


def test_ten_billion_parameters_and_a_trillion_are_computed_not_tried() -> None:
    inferrer = Inferrer()
    inferrer.infer(designs.vit("small", size=32, patch=16, dim=64, depth=1, heads=1))  # imports the blocks
    for dim, depth, least in ((8192, 13, 10**10), (65_536, 20, 10**12)):
        with Peak() as peak:
            start = time.perf_counter()
            inference = inferrer.infer(designs.vit("large", size=224, patch=16, dim=dim, depth=depth, heads=64))
            spent = time.perf_counter() - start
        assert inference.errors == []
        assert inference.facts.totals.params > least
        assert spent < 1
        assert peak.megabytes < 60


def test_sizes_beyond_any_tensor_are_an_error_of_their_node() -> None:
    design = designs.chain(
        "huge", (3, 8, 8), [Node("conv", "Conv2d", {"out_channels": 10**15}), Node("more", "Conv2d", {"out_channels": 10**15})]
    )
    inference = Inferrer().infer(design)
    assert inference.errors and all(error.startswith("more: ") for error in inference.errors)


def test_a_walk_grows_with_the_number_of_nodes() -> None:
    inferrer = Inferrer()
    short, long = identity_chain(500), identity_chain(5000)
    inferrer.infer(short)
    ratio = seconds(inferrer, long) / seconds(inferrer, short)
    assert ratio < 25, "ten times the nodes; a square would take a hundred times as long"


def test_nothing_is_computed_twice() -> None:
    inferrer = Inferrer()
    design = designs.mobile(300)
    inferrer.infer(design)
    computed = inferrer.computed
    inferrer.infer(design)
    assert inferrer.computed == computed
    inferrer.infer(edits.set_params(design, "conv_150", {"expand_ratio": 3.5}))
    assert inferrer.computed == computed + 1


def test_an_edit_in_three_hundred_nodes_is_answered_at_once() -> None:
    """Far looser than what `make bench` shows, because test machines are busy."""
    engine = Engine()
    design = designs.mobile(300)
    times = []
    for step in range(12):
        edited = edits.set_params(design, "conv_150", {"expand_ratio": 3 + step / 64})
        text = json.dumps({"design": to_json(edited), "revision": step})
        start = time.perf_counter()
        answer = json.dumps(engine.facts(json.loads(text), NO_PROGRESS))
        times.append(time.perf_counter() - start)
        if step:
            assert set(json.loads(answer)["changed"]) == {"conv_150"}
    assert sorted(times)[5] < 0.15


def test_repeats_that_multiply_beyond_all_bounds_are_an_error() -> None:
    text = """
format: 1
name: deep
inputs:
  x: {shape: [8]}
nodes:
  outer: {block: graph:inner, repeat: 10000}
outputs:
  y: {}
wires:
  - x -> outer
  - outer -> y
graphs:
  inner:
    inputs:
      a: {}
    nodes:
      many: {block: Identity, repeat: 10000}
    outputs:
      b: {}
    wires:
      - a -> many
      - many -> b
"""
    start = time.perf_counter()
    errors = Inferrer().infer(loads(text)).errors
    assert len(errors) == 2 and "multiply to more than 200,000; repeat less often" in errors[-1]
    assert time.perf_counter() - start < 20
