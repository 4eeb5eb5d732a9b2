"""Measured time and memory of every node, in sub-graphs too."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from composer.cli.main import main
from composer.core.errors import DesignError, UserError
from composer.core.files.design_file import load, loads, save
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.analysis.device_benchmark import measure_profile
from composer.engine.analysis.profile import Profile, profile
from composer.engine.analysis.timers import CudaTimes, HostTimes, PeakMemory
from tests.engine.designs import light


def paths(design: Design, graph: str = "", prefix: str = "") -> Iterator[str]:
    """Every node of a design by its path, a sub-graph before what is in it."""
    for id in design.graph(graph).order():
        if (node := design.graph(graph).nodes.get(id)) is not None:
            yield prefix + id
            if node.subgraph is not None:
                yield from paths(design, node.subgraph, f"{prefix}{id}/")


def check_sums(found: Profile) -> None:
    """What is inside takes no longer and holds no more than what it is in, up to rounding."""
    within = {row.id: [other for other in found.nodes if other.id.rpartition("/")[0] == row.id] for row in found.nodes}
    main = [row for row in found.nodes if row.depth == 1]
    assert sum(row.milliseconds for row in main) <= (found.milliseconds + found.overhead) * (1 + 1e-9)
    assert sum(row.share for row in main) == pytest.approx(1)
    for row in found.nodes:
        assert sum(other.milliseconds for other in within[row.id]) <= row.milliseconds * (1 + 1e-9)
        if row.peak_bytes is not None and found.peak_bytes is not None:
            assert (
                max((other.peak_bytes or 0 for other in within[row.id]), default=0)
                <= row.peak_bytes
                <= found.peak_bytes
            )


@pytest.mark.parametrize("name", ["hybrid_dendritic", "dendritic_mlp", "hybrid_digits", "coatnet_0"])
def test_every_node_of_every_graph_is_measured(name: str) -> None:
    design = load(template(name))
    result = profile(design, passes=1, batch=2)
    assert [row.id for row in result.nodes] == list(paths(design))
    assert all(row.milliseconds > 0 and row.peak_bytes is None for row in result.nodes)
    assert result.milliseconds > 0 and result.batch == 2 and result.device == "cpu"
    check_sums(result)
    assert [row.id for row in result.to_depth(1).nodes] == [id for id in design.main.order() if id in design.main.nodes]


def test_sub_graphs_in_repeated_sub_graphs_and_nodes_without_output() -> None:
    """Rounds are added under one path; each use has its own; what leads nowhere is not in the model."""
    design = loads(NESTED)
    result = profile(design, passes=3, batch=8)
    assert [row.id for row in result.nodes] == [
        *("outer", "outer/first", "outer/first/fc", "outer/second", "outer/second/fc"),
        *("again", "again/first", "again/first/fc", "again/second", "again/second/fc"),
    ]
    assert [row.depth for row in result.nodes[:3]] == [1, 2, 3]
    check_sums(result)


NESTED = """
format: 1
name: nested
inputs:
  x: {shape: [16, 32]}
nodes:
  outer: {block: graph:pair, repeat: 3}
  again: {block: graph:pair}
  unused: {block: Linear, params: {out_features: 8}}
outputs:
  y: {}
wires:
  - x -> outer
  - outer -> again
  - outer -> unused
  - again -> y
graphs:
  pair:
    inputs:
      a: {}
    nodes:
      first: {block: graph:leaf}
      second: {block: graph:leaf, repeat: 2}
    outputs:
      b: {}
    wires:
      - a -> first
      - first -> second
      - second -> b
  leaf:
    inputs:
      a: {}
    nodes:
      fc: {block: Linear, params: {out_features: 32}}
    outputs:
      b: {}
    wires:
      - a -> fc
      - fc -> b
"""


def test_times_of_calls_in_calls_leave_out_the_meter_itself() -> None:
    """A clock that goes on by one at each look: a meter that counted its own work would find more."""
    now = iter(range(1000))
    times = HostTimes(clock=lambda: float(next(now)))
    for _ in range(2):
        times.enter("outer")
        for _ in range(3):
            times.enter("inner")
            times.leave()
        times.leave()
    assert times.take() == {"inner": 6.0, "outer": 14.0}
    assert times.take() == {}


def test_times_on_a_cuda_stream_come_from_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event says when the stream came by; the device is waited for at the ends of a pass alone."""
    now, waits = itertools.count(), []

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self, _stream: object) -> None:
            self.time = float(next(now))

        def elapsed_time(self, end: "Event") -> float:
            return end.time - self.time

    monkeypatch.setattr("torch.cuda.Event", Event)
    monkeypatch.setattr("torch.cuda.current_stream", lambda _: "stream")
    monkeypatch.setattr("torch.cuda.synchronize", lambda _: waits.append(next(now)))
    times = CudaTimes(torch.device("cuda:0"))
    times.enter("outer")
    for _ in range(2):
        times.enter("inner")
        times.leave()
    times.leave()
    assert times.take() == {"inner": pytest.approx(2e-3), "outer": pytest.approx(5e-3)}
    assert len(waits) == 2 and times.take() == {}


def test_peaks_of_calls_in_calls_survive_the_reset_of_the_only_peak() -> None:
    held, peak = 100, 100

    def allocate(size: int) -> None:
        nonlocal held, peak
        held += size
        peak = max(peak, held)

    def reset() -> None:
        nonlocal peak
        peak = held

    memory = PeakMemory(lambda: held, lambda: peak, reset)
    memory.enter("outer")
    allocate(50)
    allocate(-40)
    memory.enter("inner")
    allocate(20)
    allocate(-20)
    memory.leave()
    memory.enter("inner")
    allocate(30)
    memory.leave()
    memory.leave()
    memory.enter("later")
    allocate(-30)
    memory.leave()
    assert memory.peaks == {"inner": 30, "outer": 50, "later": 0}


def test_a_batch_that_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(
        UserError, match="a pass at batch 1000000000000 does not fit into the memory of cpu; choose a smaller batch"
    ):
        profile(load(template("hybrid_digits")), batch=10**12)


@pytest.mark.parametrize("times", [1, 8])
def test_a_repeat_with_several_inputs_is_measured_whole(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its iterations are called one by one, so each is timed; a clock that advances at each look adds a second each."""
    now = itertools.count()
    monkeypatch.setattr("composer.engine.analysis.profile.HostTimes", lambda: HostTimes(clock=lambda: float(next(now))))
    assert profile(repeated(times), passes=2).nodes[0].milliseconds == 1000 * times


def repeated(times: int) -> Design:
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
    shares: list[float] = []
    profile(load(template("hybrid_digits")), passes=1, progress=lambda share, _: shares.append(share))
    assert shares[-1] == 1.0 and shares == sorted(shares)


def test_a_design_with_errors_is_refused() -> None:
    with pytest.raises(DesignError, match="input is not wired"):
        profile(
            loads(
                "format: 1\nname: a\ninputs:\n  x: {shape: [3]}\nnodes:\n  a: {block: Identity}\n"
                "outputs:\n  y: {}\nwires:\n  - a -> y\n"
            )
        )


def test_the_command_prints_json_and_bars(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(template("hybrid_digits"))
    assert main(["profile", path, "--device", "cpu", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"nodes", "milliseconds", "overhead", "device", "batch"} <= data.keys()
    assert main(["profile", path, "--device", "cpu"]) == 0
    assert "whole" in capsys.readouterr().out


def test_the_command_lists_what_is_in_sub_graphs_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "hybrid.yaml")
    design = light("hybrid_dendritic")
    save(design, path)
    for depth, names in ((1, [id for id in design.main.order() if id in design.main.nodes]), (2, list(paths(design)))):
        assert main(["profile", path, "--device", "cpu", "--depth", str(depth), "--json"]) == 0
        assert [row["id"] for row in json.loads(capsys.readouterr().out)["nodes"]] == names
    assert main(["profile", path, "--device", "cpu", "--depth", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*(name.split("/")[-1] for name in paths(design)), "whole"]
    assert next(line for line in lines if "refine" in line).startswith("  refine")


def test_this_machine_has_a_profile() -> None:
    measured = measure_profile("cpu")
    assert measured.peaks["fp32"] > 1e9 and measured.bandwidth > 1e8 and measured.key == "this"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_tells_the_memory_of_each_node() -> None:
    result = profile(load(template("hybrid_dendritic")), device="cuda:0", passes=2, batch=8)
    assert all(row.peak_bytes is not None and row.milliseconds > 0 for row in result.nodes)
    assert result.peak_bytes and max(row.peak_bytes or 0 for row in result.nodes) > 0
    check_sums(result)
    assert measure_profile("cuda").peaks["fp32"] > 1e12
