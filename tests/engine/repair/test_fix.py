"""`check --fix`: the first repair of each error, again and again, until the design is whole or nothing helps."""

from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import edits
from composer.core.files.design_file import load, loads, save
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.fix import fix


def digits() -> Design:
    return load(template("hybrid_digits"))


def test_a_design_without_errors_is_unchanged() -> None:
    design, done = fix(digits())
    assert design == digits() and done == []


def test_several_errors_are_repaired_one_after_the_other() -> None:
    broken = edits.set_params(digits(), "attn", {"num_heads": 7})
    broken = edits.set_params(broken, "mbconv_1", {"out_channel": 32})
    broken = edits.disconnect(broken, [wire for wire in broken.main.wires if wire.target == "head"])
    broken = edits.update_item(broken, "norm_2", block="LayerNrom")
    fixed, done = fix(broken)
    assert Inferrer().infer(fixed).errors == []
    assert {step.node for step in done} == {"attn", "mbconv_1", "head", "norm_2"}
    assert all(step.error.startswith(step.node) and step.label for step in done)


def test_a_cause_inside_a_sub_graph_is_repaired_there() -> None:
    design = load(template("hybrid_dendritic"))
    broken = edits.set_params(design, "gate", {"kernel_size": 4}, graph="conv_stage")
    fixed, done = fix(broken)
    assert Inferrer().infer(fixed).errors == []
    assert [step.node for step in done] == ["gate"]


def test_an_error_without_a_repair_leaves_the_design_unchanged() -> None:
    broken = edits.update_item(digits(), "attn", block="NothingLikeAnyBlock")
    fixed, done = fix(broken)
    assert fixed == broken and done == []


def test_the_command_prints_its_fixes_and_writes_the_design(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "broken.yaml", tmp_path / "fixed.yaml"
    save(edits.set_params(digits(), "attn", {"num_heads": 5}), path)
    assert main(["check", str(path)]) == 1
    assert capsys.readouterr().out.startswith("attn: num_heads: 5 does not divide dim 48")
    assert main(["check", str(path), "--fix", "-o", str(target)]) == 0
    output = capsys.readouterr().out
    assert "fixed attn: Set num_heads to" in output and "no problems" in output
    assert load(path).main.nodes["attn"].params["num_heads"] == 5
    assert main(["check", str(target)]) == 0


def test_the_command_writes_the_design_itself_by_default(tmp_path: Path) -> None:
    path = tmp_path / "design.yaml"
    save(edits.set_params(digits(), "attn", {"num_heads": 5}), path)
    assert main(["check", str(path), "--fix"]) == 0
    assert main(["check", str(path)]) == 0


def test_missing_inputs_and_outputs_are_added() -> None:
    fixed, done = fix(loads("format: 1\nname: a\nnodes:\n  conv: {block: Conv2d, params: {out_channels: 8}}\n"))
    assert Inferrer().infer(fixed).errors == []
    assert {step.node for step in done} <= {"design", "conv"}
