"""Swapping a block for another: wires stay, parameters go over by name, what does not fit is refused."""

from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import edits
from composer.core.blocks.catalog import read_catalog
from composer.core.errors import DesignError
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design, Each, Wire
from composer.core.swap import swap

CATALOG = read_catalog()

TEXT = """
format: 1
name: gates
variables: {ratio: 4}
inputs:
  image: {shape: [16, 8, 8]}
nodes:
  gate_1: {block: SqueezeExcite, params: {reduction: 4, act: silu}, at: [100, 0], note: "keep me"}
  gate_2: {block: SqueezeExcite, params: {reduction: "=ratio"}}
  stage: {block: graph:stage, repeat: 2}
  cut: {block: Split, params: {size: 4}}
  join: {block: Concat}
outputs:
  out: {}
wires:
  - image -> gate_1
  - gate_1 -> gate_2
  - gate_2 -> stage
  - stage -> cut
  - cut -> join
  - cut.second -> join
  - join -> out
graphs:
  stage:
    inputs:
      x: {}
    nodes:
      gate_3: {block: SqueezeExcite, params: {reduction: {each: [2, 4]}}, repeat: 2}
    outputs:
      y: {}
    wires:
      - x -> gate_3
      - gate_3 -> y
"""


def gates() -> Design:
    return loads(TEXT, "gates")


def test_everywhere_sub_graphs_too() -> None:
    done = swap(gates(), CATALOG, "CBAM", block="SqueezeExcite")
    assert done.nodes == (("", "gate_1"), ("", "gate_2"), ("stage", "gate_3"))
    assert done.design.main.nodes["gate_1"].block == "CBAM"
    assert done.design.graphs["stage"].nodes["gate_3"].block == "CBAM"
    assert done.design.main.wires == gates().main.wires


def test_parameters_go_over_by_name_and_the_rest_is_named() -> None:
    done = swap(gates(), CATALOG, "CBAM", block="SqueezeExcite")
    assert dict(done.design.main.nodes["gate_1"].params) == {"reduction": 4}
    assert dict(done.design.main.nodes["gate_2"].params) == {"reduction": "=ratio"}
    assert dict(done.design.graphs["stage"].nodes["gate_3"].params) == {"reduction": Each((2, 4))}
    assert done.dropped == ("gate_1.act",)


def test_place_note_and_repeat_stay() -> None:
    done = swap(gates(), CATALOG, "ECA", block="SqueezeExcite")
    node = done.design.main.nodes["gate_1"]
    assert (node.position, node.note) == ((100.0, 0.0), "keep me")
    assert done.design.graphs["stage"].nodes["gate_3"].repeat == 2


@pytest.mark.parametrize(
    ("options", "nodes"),
    [
        ({"ids": ["gate_1"]}, [("", "gate_1")]),
        ({"block": "SqueezeExcite", "graph": ""}, [("", "gate_1"), ("", "gate_2")]),
        ({"block": "SqueezeExcite", "graph": "stage"}, [("stage", "gate_3")]),
    ],
)
def test_only_where_it_is_asked(options: dict[str, object], nodes: list[tuple[str, str]]) -> None:
    assert list(swap(gates(), CATALOG, "ECA", **options).nodes) == nodes  # type: ignore[arg-type]


def test_a_chain_of_swaps_comes_back() -> None:
    design = gates()
    for block in ("ECA", "CBAM", "SqueezeExcite"):
        design = swap(design, CATALOG, block, ids=["gate_2"]).design
    assert design.main.nodes["gate_2"].block == "SqueezeExcite"
    assert design.main.wires == gates().main.wires


def test_names_that_mean_the_same_are_carried_over() -> None:
    design = edits.set_params(
        edits.update_item(gates(), "gate_1", block="Conv2d", params={}),
        "gate_1",
        {"out_channels": 16, "kernel_size": 3},
    )
    done = swap(design, CATALOG, "MBConv", ids=["gate_1"])
    assert dict(done.design.main.nodes["gate_1"].params) == {"out_channels": 16, "kernel_size": 3}


def test_a_size_that_the_wire_brings_is_not_pinned() -> None:
    design = edits.set_params(gates(), "gate_1", {"channels": 16})
    done = swap(design, CATALOG, "ECA", ids=["gate_1"])
    assert "channels" not in done.design.main.nodes["gate_1"].params


def test_several_outputs_need_as_many() -> None:
    with pytest.raises(DesignError, match="cut: ECA has no output for the wire at 'second'"):
        swap(gates(), CATALOG, "ECA", ids=["cut"])


def test_several_inputs_need_a_block_that_takes_them() -> None:
    assert swap(gates(), CATALOG, "Add", ids=["join"]).design.main.in_wires("join") == gates().main.in_wires("join")
    with pytest.raises(DesignError, match="join: ECA takes one wire"):
        swap(gates(), CATALOG, "ECA", ids=["join"])


def test_ports_of_the_same_place_take_the_wires() -> None:
    design = loads(
        "format: 1\nname: a\ninputs:\n  x: {shape: [9, 8]}\n  c: {shape: [5, 8]}\n"
        "nodes:\n  read: {block: MultiHeadCrossAttention}\n"
        "outputs:\n  y: {}\nwires:\n  - x -> read\n  - c -> read.context\n  - read -> y\n"
    )
    done = swap(design, CATALOG, "TransformerDecoderLayer", ids=["read"]).design
    second = CATALOG["TransformerDecoderLayer"].inputs[1].name
    assert Wire("c", "read", "", second) in done.main.wires


@pytest.mark.parametrize(
    ("by", "options", "message"),
    [
        ("NoBlock", {"block": "ECA"}, "block 'NoBlock' is unknown"),
        ("ECA", {"block": "NoBlock"}, "block 'NoBlock' is unknown"),
        ("ECA", {"block": "CBAM"}, "no node uses CBAM; used are: Concat, Split, SqueezeExcite, graph:stage"),
        ("ECA", {"block": "SqueezeExcite", "ids": []}, "none of the named nodes uses SqueezeExcite; used are: none"),
        ("ECA", {"ids": ["gone"]}, "node 'gone' does not exist"),
    ],
)
def test_what_cannot_be_swapped(by: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        swap(gates(), CATALOG, by, **options)  # type: ignore[arg-type]


def test_the_command_reports_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "gates.yaml", tmp_path / "eca.yaml"
    path.write_text(TEXT)
    assert main(["replace", str(path), "--block", "SqueezeExcite", "--by", "ECA", "-o", str(target)]) == 0
    output = capsys.readouterr().out
    assert "3 nodes" in output and "not carried over: gate_1.reduction" in output
    assert {node.block for node in load(target).main.nodes.values()} == {"ECA", "graph:stage", "Split", "Concat"}


def test_the_command_writes_nothing_that_would_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.yaml"
    words = [
        "replace",
        str(template("hybrid_digits")),
        "--block",
        "MultiHeadSelfAttention",
        "--by",
        "Conv2d",
        "-o",
        str(target),
    ]
    assert main(words) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not target.exists()


def test_an_id_that_does_not_exist_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DesignError, match=r"node 'gate_9' does not exist; did you mean gate_\d\?"):
        swap(loads(TEXT), CATALOG, "ECA", ids=["gate_1", "gate_9"])
    (path := tmp_path / "gates.yaml").write_text(TEXT)
    target = tmp_path / "new.yaml"
    assert main(["replace", str(path), "--nodes", "gate_1,nope", "--by", "ECA", "-o", str(target)]) == 2
    assert "node 'nope' does not exist" in capsys.readouterr().err and not target.exists()
    assert main(["replace", str(path), "--nodes", "gate_1", "--by", "ECA", "-o", str(target)]) == 0
    assert ": 1 node, " in capsys.readouterr().out
