"""Size: inference of huge designs is immediate, and the work grows with the number of nodes, not with its square."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

from composer.core import edits
from composer.core.files.design_delta import DeltaWriter
from composer.core.files.design_file import loads
from composer.core.graph import Design, Node
from composer.engine.__main__ import Engine
from composer.engine.inference.infer import Inferrer
from composer.engine.inference.walk import MAX_ITERATIONS
from composer.engine.protocol import Progress
from tests.benchmarks import designs
from tests.benchmarks.memory import Peak
from tests.work import calls

NO_PROGRESS = Progress(lambda _: None, 0, set())


def identity_chain(count: int) -> Design:
    return designs.chain("long", (8, 4, 4), [Node(f"node_{index}", "Identity") for index in range(count)])


def test_ten_billion_parameters_and_a_trillion_take_no_memory() -> None:
    inferrer = Inferrer()
    inferrer.infer(designs.vit("small", size=32, patch=16, dim=64, depth=1, heads=1))  # imports the blocks
    for dim, depth, least in ((8192, 13, 10**10), (65_536, 20, 10**12)):
        small, large = (
            designs.vit("large", size=224, patch=16, dim=width, depth=depth, heads=64) for width in (128, dim)
        )
        with Peak() as peak:
            inference = inferrer.infer(large)
        assert inference.errors == []
        assert inference.facts.totals.params > least
        assert peak.megabytes < 60
        work, least_work = (calls(partial(Inferrer(inferrer.catalog).infer, design)) for design in (large, small))
        assert work < 1.2 * least_work


def test_sizes_beyond_any_tensor_are_an_error_of_their_node() -> None:
    design = designs.chain(
        "huge",
        (3, 8, 8),
        [Node("conv", "Conv2d", {"out_channels": 10**15}), Node("more", "Conv2d", {"out_channels": 10**15})],
    )
    inference = Inferrer().infer(design)
    assert inference.errors and all(error.startswith("more: ") for error in inference.errors)


def test_a_walk_grows_with_the_number_of_nodes() -> None:
    inferrer = Inferrer()
    short, long = identity_chain(500), identity_chain(5000)
    for design in (short, long):
        inferrer.infer(design)
    assert calls(lambda: inferrer.infer(long)) < 12 * calls(lambda: inferrer.infer(short))


def test_nothing_is_computed_twice() -> None:
    inferrer = Inferrer()
    design = designs.mobile(300)
    inferrer.infer(design)
    computed = inferrer.memo.blocks_run
    inferrer.infer(design)
    assert inferrer.memo.blocks_run == computed
    inferrer.infer(edits.set_params(design, "conv_150", {"expand_ratio": 3.5}))
    assert inferrer.memo.blocks_run == computed + 1


def test_an_edit_in_three_hundred_nodes_takes_little_work() -> None:
    engine, writer = Engine(), DeltaWriter()
    design = designs.mobile(300)

    def answer(ratio: float) -> dict[str, Any]:
        edited = edits.set_params(design, "conv_150", {"expand_ratio": ratio})
        return engine.facts(json.loads(json.dumps({"design": writer.write(edited)})), NO_PROGRESS)

    answer(2.0)
    assert set(answer(3.0)["changed"]) == {"conv_150"}
    work = calls(lambda: answer(4.0))
    node = designs.mobile(300).main.nodes["conv_150"]
    alone = designs.chain("alone", (32, 16, 16), [replace(node, params={**node.params, "expand_ratio": 5.0})])
    assert work < 200 * len(design.main.nodes) + calls(lambda: engine.inferrer.infer(alone))


def test_nested_repeats_beyond_the_limit_are_an_error() -> None:
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
    errors: list[str] = []
    work = calls(lambda: errors.extend(Inferrer().infer(loads(text)).errors))
    assert len(errors) == 2 and "more than 200,000 iterations in total" in errors[-1]
    assert work < 20 * MAX_ITERATIONS
