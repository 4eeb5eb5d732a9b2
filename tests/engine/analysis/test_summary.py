"""The contract of `summary --json`, the agreement with torchinfo, and rooflines."""

import json
from pathlib import Path

import pytest

import composer
from composer.cli.main import main
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.engine.analysis.summary import summarize
from composer.engine.inference.infer import Inferrer

NODE = {"id", "block", "outputs", "params", "macs", "activation_bytes", "error"}
TOTALS = {"params", "macs", "flops", "activation_bytes"}
MORE = {
    "params_trainable",
    "params_frozen",
    "gradient_bytes",
    "optimizer_bytes",
    "arithmetic_intensity",
    "moved_bytes",
    "working_bytes",
    "flops",
}


def test_every_node_has_the_keys_that_scripts_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(template("hybrid_dendritic")), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    inner = [node for outer in data["nodes"] for node in outer.get("nodes", [])]
    assert inner
    for node in (*data["nodes"], *inner):
        assert node.keys() >= NODE | MORE
    assert data["totals"].keys() >= TOTALS | MORE | {"training_bytes", "uncounted"}


def test_totals_are_the_sums() -> None:
    data = summarize(load(template("hybrid_dendritic")), batch=4)
    for key in ("params", "macs", "flops", "activation_bytes", "gradient_bytes", "moved_bytes"):
        assert data["totals"][key] == sum(node[key] for node in data["nodes"])
    totals = data["totals"]
    assert totals["flops"] == 2 * totals["macs"]
    assert totals["optimizer_bytes"] == {"sgd": 4 * totals["params"], "adamw": 8 * totals["params"]}
    assert totals["training_bytes"]["adamw"] - totals["training_bytes"]["sgd"] == 4 * totals["params"]
    assert max(node["working_bytes"] for node in data["nodes"]) <= totals["working_bytes"] < totals["activation_bytes"]


def test_costs_grow_with_the_batch_and_weights_do_not() -> None:
    design = load(template("hybrid_digits"))
    one, four = (summarize(design, batch=batch)["totals"] for batch in (1, 4))
    assert four["macs"] == 4 * one["macs"]
    assert 3 * one["working_bytes"] < four["working_bytes"] <= 4 * one["working_bytes"]
    assert four["activation_bytes"] > 3 * one["activation_bytes"]
    assert four["gradient_bytes"] == one["gradient_bytes"]
    assert four["arithmetic_intensity"] > one["arithmetic_intensity"]


def test_what_is_not_counted_is_listed() -> None:
    uncounted = summarize(load(template("hybrid_digits")))["totals"]["uncounted"]
    assert "native_layer_norm" in uncounted and "gelu" in uncounted


DEAD = """
format: 1
name: dead
inputs:
  image: {shape: [3, 8, 8]}
nodes:
  conv: {block: Conv2d, params: {out_channels: 4}}
  loose: {block: BatchNorm2d}
outputs:
  out: {}
wires: [image -> conv, image -> loose, conv -> out]
"""


def test_what_leads_to_no_output_is_in_no_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = summarize(loads(DEAD))
    assert {node["id"]: node["counted"] for node in data["nodes"]} == {"conv": True, "loose": False}
    assert data["totals"]["uncounted"] == {}, "of the batch norm nothing is run"
    whole = summarize(loads(DEAD.replace("  loose: {block: BatchNorm2d}\n", "").replace("image -> loose, ", "")))
    assert data["totals"] == whole["totals"]
    (path := tmp_path / "dead.yaml").write_text(DEAD)
    assert main(["summary", str(path), "--roofline", "t4"]) == 0
    text = capsys.readouterr().out
    assert "loose *" in text and "* leads to no output: neither built nor part of the total" in text
    assert "loose" not in text.partition("at least")[2], "no time is spent on it"


def test_small_networks_have_sizes_and_times_in_small_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path := tmp_path / "dead.yaml").write_text(DEAD)
    assert main(["summary", str(path), "--roofline", "h100"]) == 0
    text = capsys.readouterr().out
    assert (
        "kB with adamw" in text
        and " ns " in text
        and "0.0" not in text.partition("a training step")[2].partition("FLOPs")[0]
    )


def test_moved_bytes_of_an_operation_are_what_it_reads_and_writes() -> None:
    text = "format: 1\nname: a\ninputs:\n  x: {shape: [10]}\n"
    text += "nodes:\n  fc: {block: Linear, params: {out_features: 3, bias: false}}\n"
    design = loads(text + "outputs:\n  y: {}\nwires:\n  - x -> fc\n  - fc -> y\n")
    facts = Inferrer().infer(design, 2).facts.nodes["fc"]
    assert facts.moved_bytes == 4 * (2 * 10 + 10 * 3 + 2 * 3)
    assert facts.working_bytes == 4 * (2 * 10 + 2 * 3)


def test_inference_holds_what_a_later_node_still_wants() -> None:
    text = """
format: 1
name: residual
inputs:
  x: {shape: [16]}
nodes:
  widen: {block: Linear, params: {out_features: 64, bias: false}}
  narrow: {block: Linear, params: {out_features: 16, bias: false}}
  add: {block: Add}
outputs:
  y: {}
wires:
  - x -> widen
  - widen -> narrow
  - x -> add
  - narrow -> add
  - add -> y
"""
    facts = Inferrer().infer(loads(text)).facts
    assert [facts.nodes[id].working_bytes for id in ("widen", "narrow", "add")] == [
        4 * (16 + 64),
        4 * (64 + 16),
        4 * 3 * 16,
    ]
    assert facts.totals.working_bytes == 4 * (16 + 64 + 16), "x waits for the sum while narrow runs"


@pytest.mark.parametrize("device", ["a100", "orin", "cpu"])
def test_rooflines(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(template("hybrid_digits"))
    assert main(["summary", path, "--roofline", device, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["roofline"]
    assert [row["id"] for row in data["nodes"]] == list(load(path).main.nodes)
    assert data["seconds"] == pytest.approx(sum(row["seconds"] for row in data["nodes"])) and data["seconds"] > 0
    assert main(["summary", path, "--roofline", device]) == 0
    assert "ridge at" in capsys.readouterr().out


def test_a_device_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(template("hybrid_digits")), "--roofline", "abacus"]) == 2
    assert "'abacus' is unknown" in capsys.readouterr().err


def test_the_function_of_the_package_is_the_same() -> None:
    design = load(template("hybrid_digits"))
    assert composer.summarize(design) == summarize(design)
