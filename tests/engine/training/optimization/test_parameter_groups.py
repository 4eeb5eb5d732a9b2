"""Freezing, rates by node and rates by layer."""

import pytest
import torch
from torch import nn

from composer.core.errors import UserError
from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.core.graph import Design, Graph, Input, Node, Output, Training, Wire
from composer.engine.codegen.build import build
from composer.engine.library import catalog
from composer.engine.training.optimization.freezing import freeze
from composer.engine.training.optimization.layer_depth import depth_of, layer_depths
from composer.engine.training.optimization.optimizer import make_optimizer
from composer.engine.training.optimization.parameter_groups import group_table, parameter_rows
from tests.engine.designs import tiny


def network_of(design: Design) -> nn.Module:
    torch.manual_seed(0)
    return build(design)


def factors(design: Design, **settings: object) -> dict[str, float]:
    rows = parameter_rows(network_of(design), Training(**settings), design, catalog())
    return {row.name: row.factor for row in rows}


def test_frozen_nodes_are_not_trained_and_their_norms_stay_in_evaluation_mode() -> None:
    network = network_of(tiny())
    freeze(network, ("stem", "attn.*bias"))
    frozen = [name for name, parameter in network.named_parameters() if not parameter.requires_grad]
    assert {"stem.conv.weight", "stem.norm.weight", "stem.norm.bias"} <= set(frozen)
    assert any(name.startswith("attn") and name.endswith("bias") for name in frozen)
    assert not any(name.endswith("weight") for name in frozen if not name.startswith("stem"))
    norm = network.stem.norm
    before = norm.running_mean.clone()
    network.train()
    network(torch.randn(4, 1, 8, 8))
    assert not norm.training
    assert network.stem.training
    assert torch.equal(norm.running_mean, before)
    trained = [
        p for group in make_optimizer(network, Training(), tiny(), catalog()).param_groups for p in group["params"]
    ]
    assert len(trained) == len(list(network.parameters())) - len(frozen)


def test_an_exclamation_mark_freezes_everything_else() -> None:
    network = network_of(tiny())
    freeze(network, ("!head", "head.*bias"))
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert trained
    assert all(name.startswith("head.") and not name.endswith("bias") for name in trained)
    assert not network.stem.norm.training


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (("stm",), "freeze 'stm' matches no weights of the design; did you mean stem?"),
        (("zzz",), "freeze 'zzz' matches no weights of the design; nodes with weights are: stem"),
        (("*",), "freeze * leaves nothing to train"),
    ],
)
def test_patterns_that_match_nothing_or_everything_are_refused(patterns: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        freeze(network_of(tiny()), patterns)
    assert message in str(refusal.value)


def test_the_last_pattern_that_matches_gives_the_factor() -> None:
    rates = factors(tiny(), lr_factors={"*": 0.5, "stem": 0.1, "head": 10.0})
    assert {rates[name] for name in rates if name.startswith("stem.")} == {0.1}
    assert {rates[name] for name in rates if name.startswith("head.")} == {10.0}
    assert {rates[name] for name in rates if name.startswith("attn.")} == {0.5}
    with pytest.raises(UserError, match="lr_factors 'tail' matches no weights"):
        factors(tiny(), lr_factors={"tail": 1.0})


def test_layers_count_iterations_from_the_output_to_the_input() -> None:
    design = load(template("resnet50"))
    model = build(design, device="meta")
    depths = layer_depths(design, [name for name, _ in model.named_parameters() if name.endswith("weight")])
    assert depth_of("head.fc.weight", depths) == 0
    assert [depths["stage_4", str(number)] for number in (2, 1, 0)] == [1, 2, 3]
    assert depths["stage_1", "0"] == 3 + 6 + 4 + 3
    assert depths["stem",] == 17
    rates = {row.name: row.factor for row in parameter_rows(model, Training(layer_decay=0.5), design, catalog())}
    assert rates["stage_4.2.conv1.conv.weight"] == 0.5
    assert rates["stage_4.0.conv1.norm.bias"] == 0.125


def test_depth_follows_the_longest_way_and_goes_into_sub_graphs() -> None:
    def linear(id: str, repeat: int = 1) -> Node:
        return Node(id, "Linear", {"out_features": 4}, repeat=repeat)

    inner = Graph(
        {"x": Input("x")},
        {"one": linear("one"), "two": linear("two")},
        {"y": Output("y")},
        (Wire("x", "one"), Wire("one", "two"), Wire("two", "y")),
    )
    nodes = {
        "long": Node("long", "graph:pair"),
        "short": linear("short"),
        "sum": Node("sum", "Add"),
        "unit": Node("unit", "graph:pair", repeat=2),
    }
    wires = ("image", "long"), ("image", "short"), ("long", "sum"), ("short", "sum"), ("sum", "unit"), ("unit", "out")
    main = Graph({"image": Input("image", (4,))}, nodes, {"out": Output("out")}, tuple(Wire(a, b) for a, b in wires))
    names = ["long.one.weight", "long.two.weight", "short.weight"]
    names += [f"unit.{number}.{name}.weight" for number in (0, 1) for name in ("one", "two")]
    depths = layer_depths(Design("d", main, {"pair": inner}), names)
    assert [depth_of(name, depths) for name in names] == [3, 2, 2, 1, 1, 0, 0]


def test_the_table_lists_every_parameter_with_its_rate() -> None:
    network = network_of(tiny())
    freeze(network, ("stem",))
    settings = Training(freeze=("stem",), lr_factors={"head": 10.0})
    table = group_table(network, parameter_rows(network, settings, tiny(), catalog()), settings)
    lines = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    assert lines["stem.conv.weight"].endswith("frozen")
    head = next(line for name, line in lines.items() if name.startswith("head.") and name.endswith("weight"))
    assert " 10" in head
    assert "are frozen" in table.splitlines()[-1]
