"""Measured time of every node."""

import json
from pathlib import Path

import pytest
import torch

from composer.cli import main
from composer.core.design_file import load, loads
from composer.core.errors import DesignError
from composer.engine.profile import profile
from composer.engine.this_device import measure_profile
from composer.paths import template


def test_every_node_is_measured_and_the_shares_are_a_whole() -> None:
    design = load(template("hybrid_digits"))
    found = profile(design, rounds=2, batch=2)
    assert [row.id for row in found.nodes] == list(design.main.nodes)
    assert sum(row.share for row in found.nodes) == pytest.approx(1)
    assert all(row.milliseconds > 0 and row.peak_bytes is None for row in found.nodes)
    assert found.milliseconds > 0 and found.batch == 2 and found.device == "cpu"


def test_a_repeat_with_several_inputs_is_measured_whole() -> None:
    """Its rounds are called one by one, so each has to be timed."""
    one, three = (profile(repeated(times), rounds=5).nodes[0].milliseconds for times in (1, 8))
    assert three > 2 * one


def repeated(times: int):  # type: ignore[no-untyped-def]
    return loads(
        f"""
format: 1
name: repeated
inputs:
  x: {{shape: [64, 64]}}
  context: {{shape: [64, 64]}}
nodes:
  read: {{block: MultiHeadCrossAttention, params: {{num_heads: 4}}, repeat: {times}}}
outputs:
  y: {{}}
wires:
  - x -> read
  - context -> read.context
  - read -> y
"""
    )


def test_progress_reaches_the_end() -> None:
    said: list[float] = []
    profile(load(template("hybrid_digits")), rounds=1, progress=lambda share, _: said.append(share))
    assert said[-1] == 1.0 and said == sorted(said)


def test_a_design_with_errors_is_refused() -> None:
    with pytest.raises(DesignError, match="input is not wired"):
        profile(
            loads("format: 1\nname: a\ninputs:\n  x: {shape: [3]}\nnodes:\n  a: {block: Identity}\noutputs:\n  y: {}\nwires:\n  - a -> y\n")
        )


def test_the_command_prints_json_and_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(template("hybrid_digits"))
    assert main(["profile", path, "--device", "cpu", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"nodes", "milliseconds", "device", "batch"} <= data.keys()
    assert main(["profile", path, "--device", "cpu"]) == 0
    assert "whole" in capsys.readouterr().out


def test_this_machine_has_a_profile() -> None:
    found = measure_profile("cpu")
    assert found.peaks["fp32"] > 1e9 and found.bandwidth > 1e8 and found.key == "this"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_tells_the_memory_of_each_node() -> None:
    found = profile(load(template("hybrid_digits")), device="cuda:0", rounds=2, batch=8)
    assert all(row.peak_bytes is not None for row in found.nodes)
    assert any(row.peak_bytes for row in found.nodes)
    assert measure_profile("cuda").peaks["fp32"] > 1e12
