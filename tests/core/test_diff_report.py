"""What differs between two designs, for a terminal, a pull request and a script."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import diff_report, edits, subgraphs
from composer.core.diff_report import Change
from composer.core.files.design_file import load, loads, save
from composer.core.files.templates import template
from composer.core.graph import Design, Node, Training, Wire
from composer.engine.inference.infer import Inferrer

INFERRER = Inferrer()


def digits() -> Design:
    return load(template("hybrid_digits"))


def lines(before: Design, after: Design) -> list[Change]:
    return diff_report.report(before, after, INFERRER.infer(before).facts, INFERRER.infer(after).facts)


def found(before: Design, after: Design) -> dict[str, Change]:
    return {line.name: line for line in lines(before, after)}


def test_equal_designs_have_nothing_to_say() -> None:
    assert lines(digits(), digits()) == []
    assert lines(digits(), edits.move(digits(), {"attn": (5.0, 5.0)})) == [], "a place on the canvas is no difference"


def test_a_changed_parameter_and_what_it_costs() -> None:
    after = edits.set_params(digits(), "mlp", {"mlp_ratio": 4.0})
    change = found(digits(), after)["mlp"]
    assert (change.kind, change.what) == ("changed", "node")
    assert change.detail == "mlp_ratio: 2.0 -> 4.0"
    difference = INFERRER.infer(after).facts.totals.params - INFERRER.infer(digits()).facts.totals.params
    assert change.params == difference > 0 and change.macs > 0


def test_nodes_that_nobody_touched_but_whose_shape_changed() -> None:
    changes = found(digits(), edits.set_params(digits(), "mbconv_2", {"out_channels": 64}))
    assert changes["mbconv_2"].detail.startswith("out_channels: 48 -> 64, output 48x8x8 -> 64x8x8")
    assert changes["tokens"].detail == "output 64x48 -> 64x64"
    assert changes["attn"].params > 0


def test_nodes_whose_costs_changed_because_of_what_they_take() -> None:
    changes = found(digits(), edits.set_params(digits(), "mbconv_2", {"out_channels": 64}))
    assert changes["head"].detail == "dim: 48 -> 64" and changes["head"].params == 16 * 2 + 16 * 10
    after = edits.set_params(digits(), "mbconv_2", {"out_channels": 64})
    new, old = INFERRER.infer(after).facts.totals, INFERRER.infer(digits()).facts.totals
    assert sum(change.params for change in changes.values()) == new.params - old.params


NESTED = """
format: 1
name: nested
inputs:
  image: {shape: [8, 16, 16]}
nodes:
  same: {block: graph:stage, params: {n: 2}, repeat: 3}
  widths: {block: graph:stage, params: {n: 1, width: {each: [8, 16]}}, repeat: 2}
outputs:
  out: {}
wires: [image -> same, same -> widths, widths -> out]
graphs:
  stage:
    params: {n: 1, width: 8}
    inputs: {x: {}}
    nodes:
      conv: {block: Conv2d, params: {out_channels: "=width"}}
      more: {block: graph:layer, repeat: "=n"}
    outputs: {y: {}}
    wires: [x -> conv, conv -> more, more -> y]
  layer:
    inputs: {x: {}}
    nodes:
      gate: {block: SqueezeExcite, params: {reduction: 2}}
    outputs: {y: {}}
    wires: [x -> gate, gate -> y]
"""


def test_a_node_in_a_sub_graph_counts_in_all_uses_and_rounds() -> None:
    for before, after, name in (
        (loads(NESTED), loads(NESTED.replace("reduction: 2", "reduction: 4")), "layer.gate"),
        (loads(NESTED), loads(NESTED.replace('"=width"}', '"=width", bias: false}')), "stage.conv"),
        (
            load(template("hybrid_dendritic")),
            edits.set_params(load(template("hybrid_dendritic")), "gate", {"reduction": 8}, graph="conv_stage"),
            "conv_stage.gate",
        ),
    ):
        change = found(before, after)[name]
        old, new = INFERRER.infer(before).facts.totals, INFERRER.infer(after).facts.totals
        assert (change.params, change.macs) == (new.params - old.params, new.macs - old.macs), name
        assert change.params


def test_added_and_removed_nodes_and_wires() -> None:
    wire = Wire("mbconv_1", "mbconv_2")
    after = edits.insert_on_wire(digits(), wire, Node("gate", "ECA"))
    changes = found(digits(), after)
    assert changes["gate"].kind == "added" and changes["gate"].params > 0
    assert changes["mbconv_1 -> mbconv_2"].kind == "removed"
    assert changes["mbconv_1 -> gate"].kind == "added"
    back = found(after, digits())
    assert back["gate"].kind == "removed" and back["gate"].params == -changes["gate"].params


def test_variables_training_and_titles() -> None:
    swin = load(template("swin_tiny"))
    after = edits.set_training(edits.set_variable(swin, "dim", 48), Training(epochs=3))
    changes = found(swin, edits.remove_variable(edits.set_variable(after, "new", 1), "drop_path"))
    assert changes["dim"].detail == "96 -> 48"
    assert changes["new"].kind == "added" and changes["drop_path"].kind == "removed"
    assert changes["training.epochs"].detail == "12 -> 3"
    renamed = replace(digits(), name="Other", description="why")
    assert {line.name for line in lines(digits(), renamed)} == {"name", "description"}


def test_sub_graphs_have_their_own_figures() -> None:
    """Both sub-graphs may hold a node of one name: each has the facts of its own graph."""
    before, _ = subgraphs.make(load(template("hybrid_dendritic")), ["last_norm"], "end")
    before = edits.rename(edits.rename(before, "last_norm", "same", graph="end"), "gate", "same", graph="conv_stage")
    after = edits.set_params(before, "same", {"reduction": 4}, graph="conv_stage")
    changes = found(before, after)
    assert changes["conv_stage.same"].params > 0
    assert changes["conv_stage.same"].detail == "reduction: 16 -> 4"
    exposed = subgraphs.set_exposed(before, {"width": 48, "drop_path": 0.1}, graph="conv_stage")
    assert found(before, exposed)["conv_stage"].detail.startswith("parameters")
    unique = subgraphs.make_unique(before, "stage_2")
    assert any((line.kind, line.what) == ("added", "graph") for line in lines(before, unique))


def test_a_design_that_broke_says_how() -> None:
    changes = found(digits(), edits.set_params(digits(), "attn", {"num_heads": 5}))
    assert "num_heads: 4 -> 5" in changes["attn"].detail and "does not divide" in changes["attn"].detail


def test_forms_for_readers() -> None:
    before, after = digits(), edits.set_params(digits(), "mlp", {"mlp_ratio": 4.0})
    old, new = INFERRER.infer(before).facts, INFERRER.infer(after).facts
    changes = lines(before, after)
    text = diff_report.as_text(changes, old, new)
    assert text.startswith("~ node mlp: mlp_ratio: 2.0 -> 4.0  [+") and "total params: " in text and "%)" in text
    table = diff_report.as_markdown(changes, old, new)
    assert table.startswith("| | what | name |") and "| ~ | node | `mlp` |" in table
    data = json.loads(json.dumps(diff_report.as_json(changes, old, new)))
    assert data["after"]["params"] - data["before"]["params"] == data["changes"][0]["params"]


@pytest.mark.parametrize("form", ["--json", "--markdown", "-q"])
def test_the_command_exits_like_diff(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    save(digits(), a)
    save(edits.set_params(digits(), "mlp", {"mlp_ratio": 4.0}), b)
    assert main(["diff", str(a), str(b), form]) == 1
    assert "mlp" in capsys.readouterr().out
    assert main(["diff", str(a), str(a), form]) == 0
    assert (capsys.readouterr().out == "") == (form == "-q")
    assert main(["diff", str(a), str(tmp_path / "gone.yaml")]) == 2
