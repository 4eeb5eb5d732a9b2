"""Every target is written whole or not at all, and what is written can be read by what it is meant for."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from composer.cli import main
from composer.core import edits
from composer.core.design_file import design_hash, load
from composer.core.errors import DesignError, UserError
from composer.core.graph import Design
from composer.engine.build import build
from composer.engine.export import BINARY, TARGETS, TEXT, export, text
from composer.paths import template

ONNX = all(importlib.util.find_spec(name) is not None for name in ("onnx", "onnxscript", "onnxruntime"))


def digits() -> Design:
    return load(template("hybrid_digits"))


@pytest.mark.parametrize("target", TEXT)
@pytest.mark.parametrize("name", ["hybrid_digits", "hybrid_dendritic"])
def test_text_targets_end_with_a_line_and_are_the_same_every_time(target: str, name: str) -> None:
    design = load(template(name))
    body = text(design, target)
    assert body.endswith("\n") and body == text(design, target)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_cannot_be_written_leaves_nothing(target: str, tmp_path: Path) -> None:
    if target == "onnx" and not ONNX:
        pytest.skip("onnx, onnxscript or onnxruntime is not installed")
    with pytest.raises(UserError, match="cannot be written"):
        export(digits(), target, tmp_path / "gone" / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot be written"):
            export(digits(), "python", tmp_path / "model.py")
    finally:
        tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_when_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("old")
    broken = edits.set_params(digits(), "attn", {"num_heads": 5})
    for target in set(TARGETS) - {"yaml", "onnx"}:
        with pytest.raises(DesignError, match="attn: num_heads"):
            export(broken, target, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_yaml_is_written_of_a_design_with_errors_too(tmp_path: Path) -> None:
    broken = edits.set_params(digits(), "attn", {"num_heads": 5})
    export(broken, "yaml", tmp_path / "a.yaml")
    assert load(tmp_path / "a.yaml") == broken


def test_an_unknown_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="target 'tensorflow' is unknown; choose one of: python"):
        export(digits(), "tensorflow", tmp_path / "a")


def test_python_runs_with_torch_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    assert "lines" in export(digits(), "python", path)
    code = "import model, torch; print(tuple(model.HybridDigits()(torch.randn(2, 1, 16, 16)).shape))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    assert done.stdout.strip() == "(2, 10)"


def test_the_package_form_imports_the_blocks() -> None:
    body = text(digits(), "package")
    assert "from blocks.conv.mbconv import MBConv" in body and "class MBConv" not in body


def test_tables_have_a_row_for_each_node_and_the_totals() -> None:
    design = digits()
    table = text(design, "markdown").splitlines()
    assert len(table) == 2 + len(design.main.nodes) + 1
    assert all(line.startswith(("| ", "|-")) for line in table)
    latex = text(design, "latex")
    assert latex.count(r"\\") == 1 + len(design.main.nodes) + 1
    assert r"mbconv\_1 & MBConv & 32$\times$8$\times$8" in latex
    assert latex.startswith(r"\begin{tabular}{lllrr}") and latex.rstrip().endswith(r"\end{tabular}")


def test_diagrams_name_every_item_and_wire() -> None:
    design = load(template("swin_tiny"))
    dot, mermaid = text(design, "dot"), text(design, "mermaid")
    assert dot.count(" -> ") == mermaid.count("-->") == len(design.main.wires)
    assert all(f'"{id}"' in dot and f"n_{id}" in mermaid for id in design.main.ids())
    assert "SwinBlock x2" in dot and "96x56x56" in mermaid


def test_a_hostile_title_stays_inside_its_quotes() -> None:
    design = digits()
    hostile = Design('a"]; evil [label="b\\', design.main)
    assert text(hostile, "dot").splitlines()[0] == 'digraph "a\\"]; evil [label=\\"b\\\\" {'


def test_weights_carry_the_hash_of_their_design(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    assert "fresh weights" in export(digits(), "safetensors", path)
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == {"design": design_hash(digits()), "name": "Hybrid digits"}
        assert set(file.keys()) == set(build(digits(), seed=0).state_dict())


def test_trained_weights_are_the_ones_written(tmp_path: Path) -> None:
    weights = build(digits(), seed=5).state_dict()
    path = tmp_path / "weights.safetensors"
    assert "trained weights" in export(digits(), "safetensors", path, weights=weights)
    with safe_open(path, framework="pt") as file:
        assert all(torch.equal(file.get_tensor(name), tensor) for name, tensor in weights.items())
    with pytest.raises(UserError, match="the weights do not fit the design"):
        export(load(template("hybrid_dendritic")), "safetensors", path, weights=weights)


@pytest.mark.timeout(300)
def test_an_exported_program_takes_any_batch(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    said = export(digits(), "pt2", path)
    assert "batch dynamic" in said
    program = torch.export.load(str(path)).module()
    with torch.no_grad():
        assert program(torch.zeros(5, 1, 16, 16)).shape == (5, 10)


@pytest.mark.timeout(300)
@pytest.mark.skipif(not ONNX, reason="onnx, onnxscript or onnxruntime is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["hybrid_dendritic"])
def test_onnx_computes_the_same_and_says_nothing_else(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The design has windows with a learned position bias, whose attention torch can only convert with frozen weights."""
    import onnxruntime

    design = load(template(name))
    path = tmp_path / "model.onnx"
    assert "checked with onnxruntime" in export(design, "onnx", path)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == list(design.main.inputs)
    assert [item.name for item in session.get_outputs()] == list(design.main.outputs)


def test_onnx_without_its_packages_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"ONNX needs the package onnxruntime; install it with: pip install 'netcomposer\[onnx\]'"):
        export(digits(), "onnx", tmp_path / "model.onnx")


def test_the_command_writes_to_the_terminal_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(template("hybrid_digits"))
    assert main(["export", path, "--to", "mermaid", "-o", "-"]) == 0
    assert capsys.readouterr().out == text(digits(), "mermaid")
    assert main(["export", path, "--to", BINARY[-1], "-o", "-"]) == 2
    assert "no text" in capsys.readouterr().err
    assert main(["export", path, "--to", "python", "--verify", "-o", str(tmp_path / "model.py")]) == 0
    assert "verified: keys match" in capsys.readouterr().out
