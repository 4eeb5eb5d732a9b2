"""The table of layers agrees with `summary`: in its totals, and for each node."""

import re
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.analysis.layers import ModelLayer, layer_table, model_layers
from composer.engine.inference.infer import Inferrer
from composer.paths import TEMPLATES
from tests.engine.designs import tiny

BATCH = 2

# Blocks whose multiply-adds torchinfo counts wrongly or not at all, each computed by hand for a batch of 1.
BY_HAND = {
    # 64 tokens of width 32: projections to 96 and back to 32, scores and sums of 2 x 64 x 64 x 32.
    "attn: {block: MultiHeadSelfAttention, params: {num_heads: 2}}": 64 * 32 * 96 + 2 * 64 * 64 * 32 + 64 * 32 * 32,
    "fc: {block: Linear, params: {out_features: 48, bias: false}}": 64 * 32 * 48,
    "lstm: {block: LSTM, params: {hidden_dim: 32}}": 64 * 4 * (32 * 32 + 32 * 32),
    "gru: {block: GRU, params: {hidden_dim: 16}}": 64 * 3 * (32 * 16 + 16 * 16),
    "mlp: {block: Mlp, params: {mlp_ratio: 4.0}}": 2 * 64 * 32 * 128,
}


def tokens(node: str) -> Design:
    id = node.partition(":")[0]
    ends = f"inputs: {{x: {{shape: [64, 32]}}}}\noutputs: {{y: {{}}}}\nwires: [x -> {id}, {id} -> y]\n"
    return loads(f"format: 1\nnodes:\n  {node}\n{ends}", "tokens")


def nodes_of(layers: list[ModelLayer]) -> dict[str, tuple[int, int]]:
    """Parameters and multiply-adds of each layer of the model; the iterations of a repeat are added up."""
    figures: dict[str, tuple[int, int]] = {}
    owner = ""
    for layer in layers:
        if layer.depth == 1:
            owner, counted = layer.path, layer.macs is not None
            params, macs = figures.get(owner, (0, 0))
            figures[owner] = (params + (layer.params or 0), macs + (layer.macs or 0))
        elif layer.depth == 2 and not counted:
            params, macs = figures[owner]
            figures[owner] = (params, macs + (layer.macs or 0))
    return figures


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.yaml")))
def test_both_tables_agree_on_every_template(name: str) -> None:
    inference = Inferrer().infer(load(template(name)), BATCH)
    layers, totals = model_layers(inference), inference.facts.totals
    assert (layers[0].params, layers[0].macs) == (totals.params, totals.macs)
    live = inference.design.main.live_nodes()
    expected = {id: (facts.params, facts.macs) for id in live if (facts := inference.facts.nodes[id])}
    figures = nodes_of(layers)
    # Blocks without modules, such as an addition, need no attribute.
    assert {id: expected[id] for id in figures} == figures
    assert sum(params for params, _ in figures.values()) == totals.params
    assert sum(macs for _, macs in figures.values()) == totals.macs


@pytest.mark.parametrize("node", BY_HAND)
def test_multiply_adds_are_those_counted_by_hand(node: str) -> None:
    inference = Inferrer().infer(tokens(node))
    layers = model_layers(inference)
    assert layers[0].macs == layers[1].macs == BY_HAND[node] == inference.facts.totals.macs


def test_inner_layers_add_up_to_their_block() -> None:
    layers = model_layers(Inferrer().infer(tokens(next(iter(BY_HAND)))))
    inner = {layer.path: layer.macs for layer in layers if layer.depth == 2}
    assert inner["qkv"] == 64 * 32 * 96 and inner["proj"] == 64 * 32 * 32


def test_a_module_that_is_called_twice_has_its_parameters_once() -> None:
    layers = model_layers(Inferrer().infer(tokens("attn: {block: MultiHeadSelfAttention, params: {num_heads: 2}}")))
    rotate = [layer for layer in layers if layer.path == "rotate"]
    assert len(rotate) == 2 and rotate[1].params is None


def test_the_text_names_its_units_and_its_sources() -> None:
    text = layer_table(tiny(), batch=3)
    facts = Inferrer().infer(tiny(), 3).facts
    total = re.search(r"^total +([\d,]+) +([\d,]+)$", text, re.MULTILINE)
    assert total is not None
    assert [int(number.replace(",", "")) for number in total.groups()] == [facts.totals.params, facts.totals.macs]
    assert "Units." not in text and "torchinfo" in text and "batch 3" in text


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(template("hybrid_digits")), "--layers"]) == 0
    table = capsys.readouterr().out
    assert main(["summary", str(template("hybrid_digits"))]) == 0
    summary = capsys.readouterr().out
    figures = [re.search(r"^total +([\d,]+) +([\d,]+)", text, re.MULTILINE) for text in (table, summary)]
    assert figures[0] is not None and figures[1] is not None and figures[0].groups() == figures[1].groups()
