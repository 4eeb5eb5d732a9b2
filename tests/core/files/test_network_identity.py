"""Which changes of a design make another network, and how the difference is told."""

from dataclasses import replace

import pytest

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.identify import identify
from composer.core.files.design_file import design_hash, loads
from composer.core.files.network_identity import NetworkIdentity, from_json, from_metadata, network_difference
from composer.core.graph import Design

TEXT = """
format: 1
name: Two stages
variables: {width: 16}
inputs:
  image: {shape: [1, 8, 8]}
  hint: {shape: [1, 8, 8]}
graphs:
  stage:
    params: {act: gelu}
    inputs: {x: {}}
    nodes:
      mlp: {block: MLP, params: {act: =act}}
    outputs: {y: {}}
    wires: [x -> mlp, mlp -> y]
nodes:
  join: {block: Concat}
  patches: {block: PatchEmbed, params: {dim: =width, patch_size: 2}}
  first: {block: "graph:stage"}
  head: {block: TokenClassifierHead, params: {num_classes: 10, pooling: avg}}
outputs: {logits: {}}
wires: [image -> join, hint -> join, join -> patches, patches -> first, first -> head, head -> logits]
training: {epochs: 2}
"""


def difference(before: Design, after: Design) -> str:
    return network_difference(identify(before, Catalog()), identify(after, Catalog()))


def changed(*pairs: tuple[str, str]) -> Design:
    text = TEXT
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return loads(text, "two")


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("params: {act: gelu}", "params: {act: relu}")], "stage: parameters {'act': 'gelu'} -> {'act': 'relu'}"),
        ([('block: "graph:stage"}', 'block: "graph:stage", params: {act: silu}}')], "first.act: default -> silu"),
        ([("width: 16", "width: 32")], "width: 16 -> 32"),
        ([("pooling: avg", "pooling: max")], "head.pooling: avg -> max"),
        ([("{block: Concat}", "{block: Add}")], "join: Concat -> Add"),
        ([('block: "graph:stage"}', 'block: "graph:stage", repeat: 2}')], "first.repeat: 1 -> 2"),
        ([("image -> join, hint -> join", "hint -> join, image -> join")], "order of the wires"),
        (
            [("  image: {shape", "  later: {shape"), ("  hint: {shape", "  image: {shape"), ("  later:", "  hint:")],
            "order of the inputs",
        ),
        (
            [("head:", "scores:"), ("first -> head, head ->", "first -> scores, scores ->")],
            "added node scores, removed node head",
        ),
        ([("num_classes: 10", "num_classes: 7")], "head.num_classes: 10 -> 7"),
        ([("dim: =width", "dim: =width + 0")], "patches.dim: =width -> =width + 0"),
    ],
)
def test_another_network_is_told_by_what_differs(pairs: list[tuple[str, str]], words: str) -> None:
    assert difference(changed(), changed(*pairs)) == words


@pytest.mark.parametrize(
    "pairs",
    [
        [("name: Two stages", "name: Renamed")],
        [("epochs: 2", "epochs: 9")],
        [("  stage:", "  block:"), ('"graph:stage"', '"graph:block"')],
        [("{width: 16}", "{width: 16, unused: 3}")],
        [("graphs:\n", "graphs:\n  spare:\n    inputs: {x: {}}\n    outputs: {y: {}}\n    wires: [x -> y]\n")],
        [("{block: Concat}", "{block: Concat, at: [4, 5], note: first}")],
    ],
    ids=["title", "training", "sub-graph name", "unused variable", "unused sub-graph", "layout"],
)
def test_the_same_network_stays_the_same(pairs: list[tuple[str, str]]) -> None:
    assert difference(changed(), changed(*pairs)) == ""


def test_variables_count_where_they_are_used() -> None:
    chained = changed(("{width: 16}", '{base: 8, width: "=base * 2"}'))
    assert "base" in difference(chained, edits.set_variable(chained, "base", 4))


def test_many_differences_are_counted() -> None:
    other = changed(("width: 16", "width: 32"), ("num_classes: 10", "num_classes: 7"), ("Concat", "Add"))
    other = edits.set_params(other, "patches", {"patch_size": 4})
    assert difference(changed(), other).endswith(" and 1 more")


def test_a_record_survives_the_metadata_of_a_file_and_names_differences() -> None:
    recorded = from_metadata(identify(changed(), Catalog()).metadata())
    assert recorded is not None and network_difference(recorded, identify(changed(), Catalog())) == ""
    other = identify(changed(("pooling: avg", "pooling: max")), Catalog())
    assert network_difference(recorded, other) == "head.pooling: avg -> max"


@pytest.mark.parametrize(
    "texts", [{}, {"design": "0" * 16}, {"trained_network": "[1"}, {"trained_blocks": "{"}, {"trained_design": 5}]
)
def test_a_file_without_a_record_has_no_identity(texts: dict[str, str]) -> None:
    assert from_metadata(texts) is None


def test_a_damaged_record_is_compared_by_its_digest_alone() -> None:
    metadata = identify(changed(), Catalog()).metadata() | {"trained_network": "format: [", "trained_blocks": "{"}
    recorded = from_metadata(metadata)
    assert recorded == NetworkIdentity(design_hash(changed()), None, None)
    other = changed(("Concat", "Add"))
    assert network_difference(recorded, identify(other, Catalog())) == (
        f"design {design_hash(changed())}, here {design_hash(other)}"
    )


def test_a_design_beside_a_record_that_is_another_is_not_used() -> None:
    record = identify(changed(), Catalog()).to_json()
    restored = from_json(record, changed(("Concat", "Add")))
    assert restored is not None and restored.design is None


def test_an_invalid_design_has_an_identity_too() -> None:
    broken = changed(("=width", "=width +"))
    assert identify(broken, Catalog()).digest != identify(changed(), Catalog()).digest
    assert replace(broken, name="x") != broken and design_hash(replace(broken, name="x")) == design_hash(broken)
