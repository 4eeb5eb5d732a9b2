"""Gradient norms, dead units, gates and segments of the nodes, and their records."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from composer.core.graph import Node
from composer.core.run_records import HEALTH, node_health
from composer.engine.codegen.build import build
from composer.engine.device import choose
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.loop import train
from composer.engine.training.monitoring import health
from composer.engine.training.monitoring.gradient_norms import GradientNorms
from composer.engine.training.monitoring.health import HealthMonitor
from composer.engine.training.optimization.node_modules import node_of
from composer.engine.training.setup import make_fabric
from tests.engine.designs import chain, stage, tiny


@pytest.fixture(scope="module")
def fabric():
    return make_fabric(choose("cpu"), "32-true")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu", epochs=2)


def test_a_run_records_the_health_of_each_node_before_each_epoch(run):
    rows = run.metrics()
    kinds = [row["kind"] for row in rows if row["kind"] in ("health", "epoch")]
    assert kinds == ["health", "epoch"] * 2
    record = next(row for row in rows if row["kind"] == "health")
    nodes = node_health(record)
    assert nodes.keys() == {"stem", "gate", "tokens", "attn", "head"}
    assert all(row["grad_norm"] > 0 for node, row in nodes.items() if node != "tokens")
    assert "grad_norm" not in nodes["tokens"]  # it has no weights
    assert 0 < nodes["gate"]["gate_entropy"] <= 1
    assert {name for row in nodes.values() for name in row} <= HEALTH.keys()
    assert (record["x"], record["epoch"], record["step"]) == (1.0, 1, 23)


def test_steps_record_the_norm_of_all_gradients_and_the_memory(run):
    steps = [row for row in run.metrics() if row["kind"] == "step"]
    assert all(0 < row["grad_norm"] < 1e3 and row["memory_bytes"] > 1e6 for row in steps)
    # The last step of an epoch is the one whose nodes are recorded.
    total = math.hypot(*(row.get("grad_norm", 0) for row in node_health(run.metrics()[-2]).values()))
    assert steps[-1]["step"] == 46
    assert total == pytest.approx(steps[-1]["grad_norm"], rel=1e-3)


def test_clipping_is_measured_before_it_acts(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, clip_norm=1e-3)
    assert all(row["grad_norm"] > 1e-3 for row in run.metrics() if row["kind"] == "step")


def test_norms_by_node_are_those_of_torch(fabric):
    design = tiny()
    network = build(design)
    norms = GradientNorms(design, network, fabric)
    assert norms.measure() is None
    assert norms.by_node() == {}
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    network.head.requires_grad_(False)
    for parameter in network.head.parameters():
        parameter.grad = None
    total = norms.measure()
    expected = {
        name: float(nn.utils.get_total_norm([p.grad for p in module.parameters() if p.grad is not None]))
        for name, module in network.named_children()
        if name != "tokens"
    }
    assert norms.by_node() == pytest.approx(expected)
    assert float(total) == pytest.approx(math.hypot(*expected.values()))


def test_the_scale_of_fp16_is_taken_out(fabric, monkeypatch):
    design = tiny()
    network = build(design)
    network(torch.randn(4, 1, 8, 8)).sum().backward()
    plain = float(GradientNorms(design, network, fabric).measure())
    scaler = type("Scaler", (), {"get_scale": lambda self: 8.0})()
    monkeypatch.setattr(fabric.strategy.precision, "scaler", scaler, raising=False)
    assert float(GradientNorms(design, network, fabric).measure()) == pytest.approx(plain / 8)


def test_weights_are_named_by_the_path_of_their_node():
    graphs = {"part": stage(Node("conv", "ConvNormAct", {"out_channels": 8}))}
    design = chain(Node("twice", "graph:part", repeat=2), Node("once", "ConvNormAct", {}), graphs=graphs)
    assert node_of(design, "twice.1.conv.conv.weight") == "twice/1/conv"
    assert node_of(design, "once.norm.bias") == "once"
    assert node_of(design, "elsewhere.weight") == ""


def test_dead_units_are_channels_that_are_never_active(fabric):
    design = chain(Node("act", "Activation", {"name": "relu"}), Node("flat", "Flatten"))
    network = build(design)
    images = torch.randn(16, 8, 8, 8)
    images[:, :3] = -images[:, :3].abs()
    nodes = HealthMonitor(design, NamedInputs(network, ("image",)), fabric, {"image": images}).measure({})
    assert nodes["act"]["dead"] == pytest.approx(3 / 8)
    assert network.training


def test_units_of_tokens_are_their_features():
    tokens = torch.ones(2, 5, 4)
    tokens[..., 1] = 0
    dead, units = health.dead_units(tokens)
    assert (int(dead), units) == (1, 4)


def test_entropies_and_segments_of_known_values():
    def mean(pair):
        return float(pair[0]) / pair[1]

    assert mean(health.gate_entropy(torch.full((2, 3, 1, 1), 0.5))) == pytest.approx(1)
    assert mean(health.gate_entropy(torch.tensor([[0.0, 1.0]]))) == pytest.approx(0, abs=1e-4)
    assert mean(health.branch_entropy(torch.full((2, 4, 5), 0.25))) == pytest.approx(1)
    assert mean(health.branch_entropy(torch.eye(2))) == pytest.approx(0, abs=1e-4)
    strength = torch.zeros(2, 3, 4)
    strength[0, :, 1] = 1
    strength[1, :, 2] = 1
    assert mean(health.segments_used(strength)) == 0.5


def test_the_segments_of_dendrites_are_recorded(tmp_path: Path) -> None:
    from composer.core.files.design_file import load
    from composer.core.files.templates import template

    design = load(template("dendritic_mlp"))
    network = build(design)
    fields = {name: torch.randn(8, *port.shape) for name, port in design.main.inputs.items()}
    fabric = make_fabric(choose("cpu"), "32-true")
    nodes = HealthMonitor(design, NamedInputs(network, tuple(fields)), fabric, fields).measure({})
    assert any(0 < row.get("segments_used", 0) <= 1 for row in nodes.values())


def test_the_pass_changes_nothing(fabric):
    design = tiny()
    network = build(design).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images = torch.randn(8, 1, 8, 8)
    random = torch.get_rng_state()
    HealthMonitor(design, NamedInputs(network, ("image",)), fabric, {"image": images}).measure({})
    assert all(module.training for module in network.modules())
    assert all(not module._forward_hooks for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())


def test_damaged_records_have_no_values():
    assert node_health({}) == {}
    assert node_health({"nodes": {"a": 1, "b": {"dead": "x", "grad_norm": 2}}}) == {"b": {"grad_norm": 2.0}}
