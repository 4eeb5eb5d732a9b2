"""Repairs are calls of edits by name: they survive JSON, and a call that does not fit an edit is refused with one
sentence.
"""

import json
from dataclasses import asdict

import pytest

from composer.core import edits, subgraphs
from composer.core.errors import DesignError
from composer.core.facts import EditCall, Repair
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Ramp, Wire
from composer.core.repairs import EDITS, apply_repair, call


def design() -> Design:
    nodes = {"conv": Node("conv", "Conv2d", {"out_channels": 8}), "norm": Node("norm", "BatchNorm2d")}
    wires = (Wire("image", "conv"), Wire("conv", "norm"), Wire("norm", "out"))
    main = Graph({"image": Input("image", (3, 8, 8))}, nodes, {"out": Output("out")}, wires)
    return Design("small", main, {"stage": Graph(params={"width": 4})})


CALLS = {
    "a tuple": call(edits.update_item, id="image", shape=(1, "=size", 8)),
    "a mapping": call(edits.set_params, id="conv", params={"kernel_size": (3, 3), "bias": False}),
    "a value for each iteration": call(edits.set_params, id="conv", params={"groups": Each((1, "=width"))}),
    "a ramp": call(edits.set_params, id="conv", params={"groups": Ramp(0, 0.5)}),
    "a node on a wire": call(
        edits.insert_on_wire, wire=Wire("conv", "norm"), node=Node("act", "Activation", {"name": "relu"}, (40, 0), 2)
    ),
    "an input": call(edits.add, item=Input("words", (7,), "int64", (0, 90))),
    "an output": call(edits.add, item=Output("features", (90, 0))),
    "several wires": call(edits.disconnect, wires=[Wire("image", "conv"), Wire("norm", "out")]),
    "a list of ids": call(edits.remove, ids=["conv"], reconnect=True),
    "another graph": call(subgraphs.set_exposed, graph="stage", params={"width": 8, "rates": Each((0.1, 0.2))}),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_repair_survives_json(name: str) -> None:
    repair = Repair("Do it", (CALLS[name],))
    copy = Repair.from_json(json.loads(json.dumps(asdict(repair))))
    repaired = apply_repair(design(), repair)
    assert repaired != design()
    assert apply_repair(design(), copy) == repaired


def test_edits_are_applied_in_order_in_the_graph_of_the_error() -> None:
    add, connect = (
        call(edits.add, item=Node("act", "Activation")),
        call(edits.set_params, id="act", params={"name": "relu"}),
    )
    repaired = apply_repair(design(), Repair("Add it", (add, connect)), graph="stage")
    assert repaired.graphs["stage"].nodes["act"].params == {"name": "relu"} and repaired.main == design().main


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (EditCall("os.remove", {"path": "x"}), "edit 'os.remove' is unknown"),
        (EditCall("_with_item", {}), "edit '_with_item' is unknown"),
        (EditCall("excerpt", {"ids": ["conv"]}), "edit 'excerpt' is unknown"),  # it returns no Design
        (EditCall("set_params", {"id": "conv"}), "edit 'set_params' cannot be called: missing a required argument"),
        (EditCall("set_params", {"id": "conv", "params": {}, "colour": 1}), "unexpected keyword argument 'colour'"),
        (EditCall("set_params", {"id": "gone", "params": {}}), "node 'gone' does not exist"),
        (EditCall("set_exposed", {"graph": "gone", "params": {}}), "does not exist"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(edit: EditCall, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        apply_repair(design(), Repair("Do it", (edit,)))


def test_the_edits_are_those_that_return_a_design() -> None:
    assert {"set_params", "connect", "insert_on_wire", "set_variable", "set_exposed"} <= set(EDITS)
    assert "excerpt" not in EDITS and "frozen" not in EDITS
