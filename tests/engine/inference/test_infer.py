"""Inference: facts of whole designs, errors on the node that caused them, a memo that computes only what changed."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.edits import move, set_params, set_variable, update_item
from composer.core.facts import NodeFacts
from composer.core.files.design_delta import DeltaReader, DeltaWriter
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Wire
from composer.engine.inference.infer import Inferrer
from composer.engine.inference.walk import MAX_ITERATIONS
from tests.engine.designs import chain, stage
from tests.strategies import designs, examples, histories, networks
from tests.work import calls

INFERRER = Inferrer()


def facts(design: Design, batch: int = 1) -> dict[str, NodeFacts]:
    return dict(INFERRER.infer(design, batch).facts.nodes)


CONV = Node("conv", "Conv2d", {"out_channels": 16})
NORM = Node("norm", "BatchNorm2d")
HEAD = Node("head", "ClassifierHead")


def test_facts_of_a_chain() -> None:
    nodes = facts(chain(CONV, NORM, HEAD), 4)
    assert nodes["image"].outputs[0].shape == (4, 8, 8, 8)
    assert nodes["conv"].outputs[0].shape == (4, 16, 8, 8) and nodes["conv"].params == 16 * 8 * 9 + 16
    assert nodes["conv"].macs == 4 * 16 * 8 * 9 * 64
    assert nodes["conv"].inferred == ("in_channels",) and nodes["conv"].resolved["in_channels"] == 8
    assert nodes["norm"].buffers == 2 * 16 + 1 and nodes["norm"].macs == 0
    assert nodes["out"].outputs[0].shape == (4, 10)
    assert NodeFacts.from_json(nodes["conv"].to_json()) == nodes["conv"]


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (Node("n", "Conv2d", {"groups": 3}), ("n: ", "groups: 3", "8")),
        (Node("n", "Conv2d", {"kernel_size": 99, "padding": 0}), ("n: ",)),
        (Node("n", "Conv2d", {"in_channels": 4}), ("n: in_channels is set to 4 by hand", "wire brings 8")),
        (Node("n", "Conv2d", {"chanels": 4}), ("n: Conv2d has no parameter 'chanels'",)),
        (Node("n", "Conv2d", {"out_channels": "=width"}), ("n: out_channels:", "'width', which is not a variable")),
        (Node("n", "Conv2d", repeat="=depth"), ("n: ", "'depth', which is not a variable")),
        (Node("n", "Conv2d", repeat="=0 + 0"), ("n: repeat '=0 + 0' is 0, expected an integer",)),
        (
            Node("n", "TransformerEncoderLayer"),
            ("n: shape (1, 8, 8, 8) has 4 axes, expected 3", "converts map to tokens"),
        ),
        (Node("n", "SwinBlock", {"num_heads": 3}), ("n: num_heads: 3 does not divide",)),
        (Node("n", "Conv2d", {"out_channels": 10**18}), ("n: ", "Conv2d")),
        (Node("n", "Split", repeat=2), ("n: repeat 2 needs as many inputs as outputs",)),
        (Node("n", "NoSuchBlock"), ("n: block 'NoSuchBlock' is unknown",)),
    ],
)
def test_an_error_is_one_message_at_its_node_and_the_rest_waits(node: Node, words: tuple[str, ...]) -> None:
    nodes = facts(chain(node, NORM, HEAD))
    error = nodes["n"].error
    assert error is not None and "\n" not in error and len(error) < 400
    for word in words:
        assert word in error, error
    assert nodes["norm"].waits_for == "n" and nodes["norm"].error is None
    assert nodes["head"].waits_for == "n"
    assert nodes["image"].ok


def test_branches_beside_an_error_are_computed() -> None:
    nodes = {"bad": Node("bad", "Conv2d", {"groups": 3}), "good": CONV, "join": Node("join", "Add")}
    nodes["good"] = replace(CONV, id="good")
    wires = (
        Wire("image", "bad"),
        Wire("image", "good"),
        Wire("bad", "join"),
        Wire("good", "join"),
        Wire("join", "out"),
    )
    computed = facts(Design(main=Graph({"image": Input("image", (8, 8, 8))}, nodes, {"out": Output("out")}, wires)))
    assert computed["good"].ok and computed["join"].waits_for == "bad"


@pytest.mark.parametrize("shape", [("=size",), ("=0 + 0",), (0,), (-3,), ("=1 / 2",)])
def test_an_impossible_input_shape(shape: tuple[int | str, ...]) -> None:
    nodes = facts(chain(Node("n", "Activation"), shape=shape))
    assert nodes["image"].error and nodes["image"].error.startswith("image: ")
    assert nodes["n"].waits_for == "image"


def test_an_error_inside_a_subgraph_has_its_path() -> None:
    nodes = facts(chain(Node("use", "graph:body"), HEAD, graphs={"body": stage(Node("conv", "Conv2d", {"groups": 3}))}))
    assert nodes["use"].error is not None and "inside body: conv: " in nodes["use"].error
    assert nodes["use/conv"].error is not None and nodes["head"].waits_for == "use"


def test_an_error_in_a_later_iteration_names_the_iteration() -> None:
    body = stage(
        Node("pool", "AvgPool2d", {"kernel_size": 2}),
        Node("conv", "Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 0}),
    )
    nodes = facts(chain(Node("use", "graph:body", repeat=3), graphs={"body": body}))
    assert nodes["use"].error is not None and "(iteration 2)" in nodes["use"].error


def test_different_iterations_have_facts_of_their_own() -> None:
    body = stage(Node("conv", "Conv2d", {"out_channels": "=width"}), width=8)
    nodes = facts(chain(Node("use", "graph:body", {"width": Each((16, 32))}, repeat=2), graphs={"body": body}))
    assert nodes["use/0/conv"].outputs[0].shape[1] == 16 and nodes["use/1/conv"].outputs[0].shape[1] == 32
    assert nodes["use"].params == nodes["use/0/conv"].params + nodes["use/1/conv"].params
    assert nodes["use"].macs == nodes["use/0/conv"].macs + nodes["use/1/conv"].macs


def test_the_number_of_iterations_is_that_of_the_instance() -> None:
    """An expression may use a parameter of the sub-graph, which each instance sets."""
    body = stage(Node("conv", "Conv2d", {"out_channels": 8}, repeat="=depth"), depth=2)
    design = chain(
        Node("use", "graph:body", {"depth": "=depths[1]"}, repeat="=depths[0]"),
        graphs={"body": body},
        variables={"depths": (2, 5)},
    )
    nodes = facts(design)
    assert (nodes["use"].repeat, nodes["use/conv"].repeat) == (2, 5)
    assert facts(set_variable(design, "depths", (2, 3)))["use/conv"].repeat == 3


def test_a_cycle_is_reported_once_and_does_not_hang() -> None:
    nodes = {"a": Node("a", "Add"), "b": Node("b", "Activation")}
    wires = (Wire("image", "a"), Wire("a", "b"), Wire("b", "a"), Wire("b", "out"))
    inference = INFERRER.infer(
        Design(main=Graph({"image": Input("image", (8,))}, nodes, {"out": Output("out")}, wires))
    )
    assert [error for error in inference.errors if "cycle" in error] == [
        "wires form a cycle: a -> b -> a; remove one of them"
    ]


def test_a_subgraph_inside_itself_is_reported() -> None:
    inference = INFERRER.infer(chain(Node("use", "graph:body"), graphs={"body": stage(Node("again", "graph:body"))}))
    assert any("inside itself" in error or "contain each other" in error for error in inference.errors)


def test_a_design_that_unrolls_without_end_is_reported_in_bounded_time() -> None:
    graphs = {"g0": stage(Node("a", "Activation", repeat=100))}
    for level in range(1, 30):
        graphs[f"g{level}"] = stage(Node("one", f"graph:g{level - 1}"), Node("two", f"graph:g{level - 1}"))
    errors: list[str] = []
    work = calls(
        lambda: errors.extend(INFERRER.infer(chain(Node("use", "graph:g29", repeat=10_000), graphs=graphs)).errors)
    )
    assert any("nested repeats multiply" in error for error in errors)
    assert work < 30 * MAX_ITERATIONS


@pytest.mark.parametrize("wired", [False, True])
def test_a_recurrent_block_is_not_unrolled_whether_an_optional_input_is_wired_or_not(wired: bool) -> None:
    def work(steps: int) -> int:
        inputs = {
            "y": Input("y", (steps, 8)),
            "state": Input("state", (8,)),
            "annotations": Input("annotations", (5, 8)),
        }
        if wired:
            inputs["mask"] = Input("mask", (5,), "bool")
        wires = (*(Wire(id, "decoder", "", id) for id in inputs), Wire("decoder", "out"))
        graph = Graph(inputs, {"decoder": Node("decoder", "AttentionDecoder")}, {"out": Output("out")}, wires)
        return calls(lambda: Inferrer().infer(Design(main=graph)))

    work(2)  # imports
    assert work(400) < 1.5 * work(4)


# -- the memo ----------------------------------------------------------------------------------------------------------


def computed(inferrer: Inferrer, design: Design) -> int:
    before = inferrer.memo.blocks_run
    inferrer.infer(design)
    return inferrer.memo.blocks_run - before


def test_only_what_an_edit_reaches_is_computed() -> None:
    inferrer = Inferrer()
    design = chain(CONV, NORM, replace(CONV, id="conv_2", params={"out_channels": 16, "kernel_size": 1}), HEAD)
    assert computed(inferrer, design) == 4
    assert computed(inferrer, design) == 0
    assert computed(inferrer, move(design, {"conv": (50, 60)})) == 0
    assert computed(inferrer, set_params(design, "conv", {"bias": False})) == 1  # the shape stays
    assert (
        computed(inferrer, set_params(design, "conv", {"out_channels": 24})) == 3
    )  # conv, norm, conv_2; its output stays
    assert computed(inferrer, design) == 0
    assert computed(inferrer, set_variable(design, "width", 3)) == 0
    # Equal numbers of other types are other parameters.
    drop = chain(
        Node("drop", "Dropout", {"p": 0}) if inferrer.catalog["Dropout"].param("p") else Node("drop", "Dropout")
    )
    inferrer.infer(drop)
    assert computed(inferrer, update_item(design, "norm", note="hello")) == 0


@examples(30)
@given(networks())
def test_facts_do_not_depend_on_what_was_inferred_before(design: Design) -> None:
    assert INFERRER.infer(design).facts == Inferrer(INFERRER.catalog).infer(design).facts


@examples(20)
@given(networks())
def test_costs_grow_with_the_batch(design: Design) -> None:
    one, three = INFERRER.infer(design, 1).facts, INFERRER.infer(design, 3).facts
    assert three.totals.macs == 3 * one.totals.macs and three.totals.params == one.totals.params
    for id, node_facts in one.nodes.items():
        assert [port.shape[1:] for port in three.nodes[id].outputs] == [port.shape[1:] for port in node_facts.outputs]


@examples(60)
@given(designs())
def test_any_document_has_facts_or_messages(design: Design) -> None:
    inference = INFERRER.infer(design)
    for id, node in design.main.nodes.items():
        node_facts = inference.facts.nodes[id]
        assert node_facts.block == node.block
        assert node_facts.ok or node_facts.error or node_facts.waits_for
        if node_facts.waits_for is not None:
            assert inference.facts.nodes[node_facts.waits_for].error, "the item that it waits for has the error"
    assert all("\n" not in error for error in inference.errors)


@examples(40)
@given(histories(length=6, start=networks()), st.lists(st.integers(1, 3), min_size=7, max_size=7))
def test_an_edited_design_has_the_facts_of_a_new_one(history: list[Design], batches: list[int]) -> None:
    """Whatever is cached between edits, on both sides of the pipe and in the inferrer, changes nothing."""
    writer, reader, inferrer = DeltaWriter(), DeltaReader(), Inferrer()
    inferrer.memo.costs = INFERRER.memo.costs  # of blocks alone: what running them costs is not what is tested here
    for design, batch in zip(history, batches, strict=False):
        # Through JSON as from the window, which turns tuples into lists.
        cached = inferrer.infer(reader.read(json.loads(json.dumps(writer.write(design)))), batch)
        fresh = Inferrer()
        fresh.memo.costs = INFERRER.memo.costs
        assert cached.facts == fresh.infer(design, batch).facts


def test_a_node_that_depends_on_variables_is_never_replayed() -> None:
    inferrer = Inferrer()
    design = set_variable(chain(CONV, Node("relu", "Activation")), "width", 24)

    def width(design: Design) -> int:
        return inferrer.infer(design, 2).facts.nodes["relu"].outputs[0].shape[1]

    assert width(design) == 16  # a number, whose visit is cached
    design = set_params(design, "conv", {"out_channels": "=width"})
    assert width(design) == width(design) == 24
    assert width(set_variable(design, "width", 40)) == 40


@pytest.mark.parametrize("values", [(1, True), (1, 1.0), (0, False)])
def test_equal_values_of_other_types_are_other_values(values: tuple[object, object]) -> None:
    writer, reader, design = DeltaWriter(), DeltaReader(), chain(Node("conv", "Conv2d"))
    for value in values:
        design = set_params(design, "conv", {"out_channels": value})
        read = reader.read(json.loads(json.dumps(writer.write(design))))
        assert repr(read.main.nodes["conv"].params["out_channels"]) == repr(value)


def test_a_part_of_a_tensor_keeps_its_whole_storage_alive() -> None:
    """Two halves of a map, of which one is worked on while the other waits."""
    nodes = {"split": Node("split", "Split"), "relu": Node("relu", "Activation"), "concat": Node("concat", "Concat")}
    wires = (
        Wire("image", "split"),
        Wire("split", "relu", INFERRER.catalog["Split"].outputs[0].name),
        Wire("relu", "concat"),
        Wire("split", "concat", INFERRER.catalog["Split"].outputs[1].name),
        Wire("concat", "out"),
    )
    design = Design("halves", Graph({"image": Input("image", (8, 8, 8))}, nodes, {"out": Output("out")}, wires))
    image = 4 * 8 * 8 * 8
    facts = INFERRER.infer(design).facts
    assert not facts.errors
    # While halves are joined: the image whose halves they are, the changed half, and the result; of the image only a
    # half is read.
    assert facts.totals.working_bytes == image + image // 2 + image
