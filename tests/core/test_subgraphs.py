"""Sub-graphs: made from a selection, unpacked, made unique, exposed; what a network computes stays what it was."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from composer.core import edits, subgraphs
from composer.core.errors import DesignError
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design, Each, Node, Ramp
from composer.engine.codegen.build import build
from composer.engine.inference.infer import Inferrer
from tests.strategies import examples, networks

INFERRER = Inferrer()

TEXT = """
format: 1
name: two uses
variables: {width: 8}
inputs:
  image: {shape: [8, 8, 8]}
nodes:
  one: {block: graph:stage, params: {width: "=width"}}
  two: {block: graph:stage, params: {width: "=width * 2", ratio: 2}}
outputs:
  out: {}
wires:
  - image -> one
  - one -> two
  - two -> out
graphs:
  stage:
    params: {width: 4, ratio: 4}
    inputs:
      x: {}
    nodes:
      conv: {block: ConvNormAct, params: {out_channels: "=width"}}
      gate: {block: SqueezeExcite, params: {reduction: "=ratio"}}
    outputs:
      y: {}
    wires:
      - x -> conv
      - conv -> gate
      - gate -> y
"""


def two_uses() -> Design:
    return loads(TEXT, "two uses")


def totals(design: Design) -> tuple[int, int, int]:
    inference = INFERRER.infer(design)
    assert inference.errors == []
    totals = inference.facts.totals
    return totals.params, totals.macs, totals.activation_bytes


def same_function(before: Design, after: Design, renamed: dict[str, str]) -> None:
    """Both built models give the same with the same weights; `renamed` says under which name each first part of a key
    is found.
    """
    first, second = build(before, seed=0).eval(), build(after, seed=1).eval()
    state = {
        f"{renamed.get(key.split('.')[0], key.split('.')[0])}.{key.split('.', 1)[1]}": tensor
        for key, tensor in first.state_dict().items()
    }
    second.load_state_dict(state)
    root = INFERRER.infer(before, 2).root
    inputs = [
        torch.randn(root.values[id, ""].shape, generator=torch.Generator().manual_seed(0)) for id in before.main.inputs
    ]
    with torch.no_grad():
        assert torch.equal(first(*inputs), second(*inputs))


def test_made_and_unpacked_it_is_the_same_network() -> None:
    design = load(template("hybrid_digits"))
    result, use = subgraphs.make(design, ["norm_1", "attn", "add_1"], "encoder")
    assert totals(result) == totals(design)
    assert list(result.graphs["encoder"].nodes) == ["norm_1", "attn", "add_1"]
    same_function(design, result, {id: f"{use}.{id}" for id in result.graphs["encoder"].nodes})
    back, ids = subgraphs.unpack(result, use)
    assert ids == ["norm_1", "attn", "add_1"]
    assert totals(back) == totals(design)
    assert set(back.main.wires) == set(design.main.wires)
    assert {id: node.params for id, node in back.main.nodes.items()} == {
        id: node.params for id, node in design.main.nodes.items()
    }
    same_function(design, back, {})


@examples(25)
@given(networks(), st.randoms(use_true_random=False))
def test_any_stretch_of_any_network(design: Design, rng: random.Random) -> None:
    order = [id for id in design.main.order() if id in design.main.nodes]
    start, stop = sorted((rng.randrange(len(order)), rng.randrange(len(order))))
    try:
        result, use = subgraphs.make(design, order[start : stop + 1], "part")
    except DesignError:  # a path leaves the stretch and comes back
        return
    before = totals(design)
    assert totals(result) == before
    back, _ = subgraphs.unpack(result, use)
    assert totals(back) == before
    assert set(back.main.wires) == set(design.main.wires)
    assert {id: (node.block, node.params, node.repeat) for id, node in back.main.nodes.items()} == {
        id: (node.block, node.params, node.repeat) for id, node in design.main.nodes.items()
    }


@examples(25)
@given(networks())
def test_unpacking_every_use_keeps_what_is_known(design: Design) -> None:
    before = totals(design)
    unpacked = design
    for id, node in design.main.nodes.items():
        if node.subgraph is not None and node.repeat == 1:
            unpacked, _ = subgraphs.unpack(unpacked, id)
    assert totals(unpacked) == before


def test_a_selection_that_a_path_leaves_is_refused() -> None:
    design = load(template("hybrid_digits"))
    with pytest.raises(DesignError, match="comes back through 'attn'; select that node, too"):
        subgraphs.make(design, ["norm_1", "add_1"], "gap")


def test_nothing_selected() -> None:
    with pytest.raises(DesignError, match="select at least one node"):
        subgraphs.make(two_uses(), ["image", "gone"], "part")


def test_several_outside_ends_become_ports() -> None:
    design = load(template("hybrid_dendritic"))
    result, use = subgraphs.make(design, ["stage_2", "stage_3", "stage_4", "last_norm", "classify"], "rest")
    inner = result.graphs["rest"]
    assert len(inner.inputs) == 1, "one source, however many nodes it feeds"
    assert totals(result) == totals(design)
    result, use = subgraphs.make(design, ["stage_2", "stage_3"], "front")
    assert len(result.graphs["front"].outputs) == 2
    assert totals(result) == totals(design)
    back, _ = subgraphs.unpack(result, use)
    assert set(back.main.wires) == set(design.main.wires)


def test_all_uses_follow_an_edit_and_a_unique_one_does_not() -> None:
    design = two_uses()
    edited = edits.set_params(design, "conv", {"kernel_size": 1}, graph="stage")
    facts = INFERRER.infer(edited).facts.nodes
    assert facts["one/conv"].resolved["kernel_size"] == facts["two/conv"].resolved["kernel_size"] == 1
    unique = subgraphs.make_unique(design, "two")
    assert totals(unique) == totals(design)
    assert unique.main.nodes["two"].subgraph != "stage"
    facts = INFERRER.infer(edits.set_params(unique, "conv", {"kernel_size": 1}, graph="stage")).facts.nodes
    assert (facts["one/conv"].resolved["kernel_size"], facts["two/conv"].resolved["kernel_size"]) == (1, 3)


def test_unpacked_uses_have_the_values_of_their_use() -> None:
    design, ids = subgraphs.unpack(two_uses(), "two")
    assert ids == ["conv", "gate"]
    assert dict(design.main.nodes["conv"].params) == {"out_channels": "=width * 2"}
    assert dict(design.main.nodes["gate"].params) == {"reduction": 2}
    assert totals(design) == totals(two_uses())
    both, ids = subgraphs.unpack(design, "one")
    assert ids == ["conv_2", "gate_2"]
    assert totals(both) == totals(two_uses())


def test_expressions_are_put_into_each_other() -> None:
    assert subgraphs.substitute("=width * 2 + other", {"width": "=a + 1"}) == "=(a + 1) * 2 + other"
    assert subgraphs.substitute("=width", {"width": (1, 2)}) == (1, 2)
    assert subgraphs.substitute(Each(("=width", 3)), {"width": 5}) == Each((5, 3))
    assert subgraphs.substitute(Ramp(0.0, "=drop"), {"drop": 0.1}) == Ramp(0.0, 0.1)


def test_values_for_rounds_become_those_of_the_one_round() -> None:
    """A use without a repeat has one round: its first value must not be walked by the rounds of an inner node."""
    design = edits.update_item(two_uses(), "gate", graph="stage", repeat=3)
    design = edits.set_params(design, "two", {"ratio": Each((2, 4))})
    unpacked, _ = subgraphs.unpack(design, "two")
    assert unpacked.main.nodes["gate"].params["reduction"] == 2
    assert totals(unpacked) == totals(design)


def test_exposed_parameters_start_with_what_was_there() -> None:
    design, name = subgraphs.expose(two_uses(), "conv", "kernel_size", 3, graph="stage")
    assert name == "kernel_size"
    assert totals(design) == totals(two_uses())
    design = edits.set_params(design, "two", {"kernel_size": 1})
    facts = INFERRER.infer(design).facts.nodes
    assert (facts["one/conv"].resolved["kernel_size"], facts["two/conv"].resolved["kernel_size"]) == (3, 1)


def test_exposed_names_do_not_collide() -> None:
    design, first = subgraphs.expose(two_uses(), "conv", "act", "relu", name="width", graph="stage")
    assert first != "width"
    with pytest.raises(DesignError, match="the main graph has no instances"):
        subgraphs.expose(design, "one", "width", 8, graph="")


def test_repeats_with_a_value_for_each_round_and_a_ramp() -> None:
    design = edits.update_item(two_uses(), "one", repeat=3)
    design = edits.set_params(design, "one", {"ratio": Each((2, 4)), "width": 8})
    facts = INFERRER.infer(design).facts.nodes
    assert [facts[f"one/{index}/gate"].resolved["reduction"] for index in range(3)] == [2, 4, 2]
    dropping, _ = subgraphs.expose(
        edits.update_item(design, "gate", graph="stage", block="DropPath", params={}),
        "gate",
        "rate",
        0.0,
        graph="stage",
    )
    dropping = edits.set_params(edits.reset_params(dropping, "one", ["ratio"]), "one", {"rate": Ramp(0.0, 0.4)})
    facts = INFERRER.infer(edits.reset_params(dropping, "two", ["ratio"])).facts.nodes
    assert [facts[f"one/{index}/gate"].resolved["rate"] for index in range(3)] == pytest.approx([0.0, 0.2, 0.4])


def test_a_repeated_use_is_not_unpacked() -> None:
    with pytest.raises(DesignError, match="'one' is repeated; set repeat to 1"):
        subgraphs.unpack(edits.update_item(two_uses(), "one", repeat=2), "one")
    with pytest.raises(DesignError, match="is not an instance of a sub-graph"):
        subgraphs.unpack(load(template("hybrid_digits")), "attn")


def test_nested_sub_graphs_pass_parameters_on() -> None:
    design, use = subgraphs.make(two_uses(), ["gate"], "squeeze", graph="stage")
    assert dict(design.graphs["squeeze"].params) == {"ratio": 4}
    assert design.graphs["stage"].nodes[use].params["ratio"] == "=ratio"
    assert totals(design) == totals(two_uses())
    facts = INFERRER.infer(design).facts.nodes
    assert facts[f"two/{use}/gate"].resolved["reduction"] == 2
    inner, _ = subgraphs.unpack(design, use, graph="stage")
    assert totals(inner) == totals(two_uses())


def test_a_graph_cannot_be_put_inside_itself() -> None:
    with pytest.raises(DesignError, match="inside itself"):
        edits.add(two_uses(), Node("again", "graph:stage"), graph="stage")


def test_renaming_a_graph_takes_its_uses_along() -> None:
    design = subgraphs.rename_graph(two_uses(), "stage", "level")
    assert list(design.graphs) == ["level"]
    assert {node.subgraph for node in design.main.nodes.values()} == {"level"}
    assert totals(design) == totals(two_uses())
    with pytest.raises(DesignError, match="exists already"):
        subgraphs.rename_graph(subgraphs.make_unique(two_uses(), "two"), "stage", "stage_2")
