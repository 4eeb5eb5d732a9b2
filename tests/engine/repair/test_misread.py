"""Repairs of blocks that misread what a wire brings although the shapes fit."""

import pytest

from composer.core.files.design_file import loads
from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.fix import fix
from composer.engine.repair.search import find_repairs

TEXT = """
format: 1
name: misread
inputs: {{image: {{shape: [1, 16, {width}]}}}}
nodes:
  patches: {{block: PatchEmbed, params: {{dim: 32, patch_size: 4}}}}
{nodes}
outputs: {{logits: {{}}}}
wires: [image -> patches, {wires}]
"""
HEAD = "patches -> head, head -> logits"
CLASS = "patches -> cls, cls -> head, head -> logits"


def design(nodes: str, wires: str = HEAD, width: int = 16) -> Design:
    return loads(TEXT.format(nodes=nodes, wires=wires, width=width), "misread")


def warnings(inferrer: Inferrer, of: Design) -> list[str]:
    return [facts.warning for facts in inferrer.infer(of).facts.nodes.values() if facts.warning]


@pytest.mark.parametrize(
    ("drawn", "labels"),
    [
        (
            design("  head: {block: ClassifierHead, params: {num_classes: 7}}"),
            [
                "Use TokenClassifierHead with pooling avg",
                "Use TokenClassifierHead with pooling max",
                "Insert TokensToMap on patches -> head",
            ],
        ),
        (
            design("  cls: {block: ClassToken}\n  head: {block: ClassifierHead}", CLASS),
            [
                "Use TokenClassifierHead",
                "Use TokenClassifierHead with pooling avg",
                "Use TokenClassifierHead with pooling max",
                "Insert TokensToMap on cls -> head",
            ],
        ),
        (design("  head: {block: ClassifierHead}", width=48), ["Insert TokensToMap on patches -> head"]),
        (design("  head: {block: TokenClassifierHead}"), ["Set pooling to avg", "Set pooling to max"]),
        (
            design(
                "  head: {block: RegisterTokens}\n  mean: {block: TokenClassifierHead, params: {pooling: avg}}",
                "patches -> head, head -> mean, mean -> logits",
            ),
            ["Set after to 0"],
        ),
    ],
    ids=[
        "tokens as channels",
        "with a class token",
        "rectangle",
        "a patch as summary",
        "registers in the grid",
    ],
)
def test_offers_fix_what_is_misread(drawn: Design, labels: list[str]) -> None:
    inferrer = Inferrer()
    offers = find_repairs(inferrer, drawn, "head")
    assert [offer.label for offer in offers][-len(labels) :] == labels
    for offer in offers:
        repaired = apply_repair(drawn, offer)
        assert inferrer.infer(repaired).errors == []
        assert warnings(inferrer, repaired) == []


def test_a_node_that_misreads_nothing_gets_no_offer() -> None:
    assert (
        find_repairs(Inferrer(), design("  head: {block: TokenClassifierHead, params: {pooling: avg}}"), "head") == []
    )


def test_fix_repairs_it_and_reports_it() -> None:
    repaired, (step,) = fix(design("  head: {block: ClassifierHead, params: {num_classes: 7}}"))
    assert step.label == "Use TokenClassifierHead with pooling avg"
    assert "head: ClassifierHead reads 16 tokens" in step.error
    node = repaired.main.nodes["head"]
    assert (node.block, dict(node.params)) == ("TokenClassifierHead", {"num_classes": 7, "pooling": "avg"})


def test_inside_a_sub_graph_it_is_found_once() -> None:
    text = """
format: 1
name: nested
inputs: {image: {shape: [1, 16, 16]}}
nodes:
  patches: {block: PatchEmbed, params: {dim: 32, patch_size: 4}}
  one: {block: graph:stage}
  two: {block: graph:stage}
  both: {block: Add}
outputs: {logits: {}}
wires: [image -> patches, patches -> one, patches -> two, one -> both, two -> both, both -> logits]
graphs:
  stage:
    inputs: {x: {}}
    nodes: {head: {block: ClassifierHead}}
    outputs: {y: {}}
    wires: [x -> head, head -> y]
"""
    repaired, steps = fix(loads(text, "nested"))
    assert [step.node for step in steps] == ["head"]
    assert repaired.graphs["stage"].nodes["head"].block == "TokenClassifierHead"
