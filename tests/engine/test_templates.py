"""Every template is whole, states what it costs, reads well and can learn."""

import ast
from itertools import combinations
from pathlib import Path

import pytest
import torch

from composer.cli.main import main
from composer.core.files.design_file import dumps, load, loads
from composer.core.files.templates import template
from composer.core.graph import Each, Ramp
from composer.engine.codegen.build import build
from composer.engine.codegen.generate import source
from composer.engine.codegen.verify import example_inputs
from composer.engine.inference.infer import Inferrer
from composer.paths import TEMPLATES
from tests.engine.designs import light
from tests.engine.saved import saved_bytes

INFERRER = Inferrer()
NAMES = sorted(path.stem for path in TEMPLATES.glob("*.yaml"))
SMALL = ("hybrid_digits", "hybrid_dendritic", "dendritic_mlp")

# Parameters, and MACs as torch's FlopCounterMode counts them on the models of timm 1.0.31; CoAtNet has
# conv_stride_mode="1x1".
TIMM = {
    "resnet50": (25_557_032, 4_089_184_256),
    "seresnet50": (28_088_024, 4_091_699_200),
    "efficientnet_b0": (5_288_548, 385_814_752),
    "vit_base_patch16_224": (86_567_656, 17_563_828_224),
    "swin_tiny": (28_288_354, 4_490_566_656),
    "coatnet_0": (25_036_820, 4_141_888_512),
}
WANTED = {*TIMM, "dendritic_mlp", "resnet50_sk", "hybrid_dendritic"}


def test_none_is_missing() -> None:
    assert set(NAMES) >= WANTED


@pytest.mark.parametrize("name", NAMES)
def test_it_is_whole_and_costs_what_it_states(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(template(name))]) == 0, capsys.readouterr().out
    design = load(template(name))
    inference = INFERRER.infer(design)
    assert inference.structural == ()
    if name in WANTED:
        assert set(design.expected) == {"params", "macs"}
    for key, value in design.expected.items():
        assert getattr(inference.facts.totals, key) == value


@pytest.mark.parametrize("name", TIMM)
def test_it_costs_what_the_published_model_does(name: str) -> None:
    params, macs = TIMM[name]
    totals = INFERRER.infer(load(template(name))).facts.totals
    assert totals.params == params
    assert abs(totals.macs / macs - 1) < 0.005


@pytest.mark.parametrize("name", NAMES)
def test_a_training_step_keeps_the_bytes_that_are_stated(name: str) -> None:
    design = load(template(name))
    inference = INFERRER.infer(design, 2)
    images = [torch.randn(inference.facts.nodes[id].outputs[0].shape) for id in design.main.inputs]
    assert inference.facts.totals.activation_bytes == saved_bytes(build(design, seed=0).train(), images)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_as_the_app_writes_it(name: str) -> None:
    text = template(name).read_text(encoding="utf-8")
    assert dumps(loads(text, name)) == text


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_comes_from(name: str) -> None:
    assert "arXiv:" in load(template(name)).description


@pytest.mark.parametrize("name", NAMES)
def test_it_is_laid_out_without_overlaps(name: str) -> None:
    for _, graph in load(template(name)).all_graphs():
        places = [item.position for items in (graph.inputs, graph.nodes, graph.outputs) for item in items.values()]
        assert all(abs(a[0] - b[0]) >= 48 or abs(a[1] - b[1]) >= 48 for a, b in combinations(places, 2))


@pytest.mark.parametrize("name", NAMES)
def test_its_source_reads_as_a_person_would_write_it(name: str) -> None:
    design = load(template(name))
    text = source(design, inline=False)
    classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    assert len(classes) == 1 + len(design.graphs), "a class for each sub-graph and one for the model"
    assert max(map(len, text.splitlines())) <= 140
    model = list(classes.values())[-1]
    forward = next(node for node in model.body if isinstance(node, ast.FunctionDef) and node.name == "forward")
    assert [argument.arg for argument in forward.args.args] == ["self", *design.main.inputs]
    assert len(forward.body) <= 2 * len(design.main.nodes) + 1, "a line for each node, three for a loop"
    for id in design.main.nodes:
        assert f"self.{id} = " in text


def test_the_library_is_used_as_it_is_meant() -> None:
    """Among the templates are sub-graphs, repeats, values for each round, ramps, variables and several inputs."""
    designs = [load(template(name)) for name in WANTED]
    nodes = [node for design in designs for _, graph in design.all_graphs() for node in graph.nodes.values()]
    assert any(design.graphs for design in designs) and any(design.variables for design in designs)
    assert any(len(design.main.inputs) > 1 for design in designs)
    assert any(node.repeat != 1 and node.subgraph for node in nodes)
    values = [value for node in nodes for value in node.params.values()]
    assert any(isinstance(value, Each) for value in values) and any(isinstance(value, Ramp) for value in values)


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_a_step(name: str) -> None:
    design = light(name)
    model = build(design, seed=0)
    inputs = list(example_inputs(INFERRER.infer(design, 4)).values())
    labels = torch.arange(4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(4):
        torch.manual_seed(0)
        loss = torch.nn.functional.cross_entropy(model(*inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    missing = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert missing == []


def test_a_new_design_starts_from_a_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    assert main(["new", "hybrid_dendritic", "-o", str(path)]) == 0
    assert load(path) == load(template("hybrid_dendritic"))
    assert main(["new", "hybrid_dendritic", "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["new", "no_such_template", "-o", str(tmp_path / "other.yaml")]) == 2
    assert "choose one of: coatnet_0" in capsys.readouterr().err
