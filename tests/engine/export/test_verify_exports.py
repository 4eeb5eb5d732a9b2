"""Proofs of written files: the bytes on disk are compared, and a file that was changed afterwards does not pass."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from composer.cli.main import main
from composer.core.errors import UserError
from composer.core.export_targets import export_targets
from composer.core.files.design_file import design_hash, load
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.export import check_provable, export, load_target
from composer.engine.export.target import ExportSource
from composer.engine.training.storage.weights import Weights
from composer.paths import TEMPLATES
from tests.engine.designs import light

ONNX = all(importlib.util.find_spec(name) is not None for name in ("onnx", "onnxscript", "onnxruntime"))
NEEDS_ONNX = pytest.mark.skipif(not ONNX, reason="onnx, onnxscript or onnxruntime is not installed")
PROVABLE = [
    pytest.param(key, marks=[NEEDS_ONNX] if key == "onnx" else [])
    for key, target in export_targets().items()
    if target.provable
]
TEMPLATE = TEMPLATES / "hybrid_digits.yaml"


def digits() -> Design:
    return light("hybrid_digits")


def test_the_targets_that_hold_code_or_weights_are_provable() -> None:
    provable = {key for key, target in export_targets().items() if target.provable}
    assert provable >= {"python", "package", "onnx", "pt2", "safetensors"}
    assert not provable & {"markdown", "yaml", "latex", "dot", "mermaid"}


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("weights", ["fresh", "trained"])
@pytest.mark.parametrize("key", PROVABLE)
def test_a_written_file_is_proved(key: str, weights: str, tmp_path: Path) -> None:
    state = Weights(build(digits(), seed=9).state_dict()) if weights == "trained" else None
    exported = export(digits(), key, tmp_path / "model", weights=state, verify=True)
    assert exported.proof is not None and exported.proof.ok, exported.proof
    assert exported.proof.message.startswith("verified: keys match")
    assert exported.proof.design == design_hash(digits())


def replace_a_weight(path: Path) -> None:
    state = load_file(path)
    name = next(name for name, tensor in state.items() if tensor.is_floating_point())
    state[name].view(-1)[0] += 1e-6
    save_file(state, path, metadata={"design": design_hash(digits()), "name": ""})


def drop_a_weight(path: Path) -> None:
    state = load_file(path)
    del state[next(iter(state))]
    save_file(state, path, metadata={"design": design_hash(digits()), "name": ""})


def claim_another_design(path: Path) -> None:
    save_file(load_file(path), path, metadata={"design": "0" * 16, "name": ""})


@pytest.mark.parametrize("tamper", [replace_a_weight, drop_a_weight, claim_another_design])
def test_changed_weights_do_not_pass(tamper: Callable[[Path], None], tmp_path: Path) -> None:
    path, source, target = tmp_path / "w.safetensors", ExportSource(digits()), load_target("safetensors")
    export(digits(), "safetensors", path)
    assert target.verify(path, source).ok
    tamper(path)
    proof = target.verify(path, source)
    assert not proof.ok and proof.message.startswith("NOT EQUAL")


@pytest.mark.timeout(300)
def test_a_program_with_a_changed_weight_does_not_pass(tmp_path: Path) -> None:
    path, source, target = tmp_path / "model.pt2", ExportSource(digits()), load_target("pt2")
    export(digits(), "pt2", path)
    program = torch.export.load(str(path))
    name = next(name for name, tensor in program.state_dict.items() if tensor.is_floating_point())
    program.state_dict[name].view(-1)[0] += 1e-5  # too little for the outputs to differ by the tolerance
    torch.export.save(program, path)
    proof = target.verify(path, source)
    assert not proof.ok and 0 < proof.differences["weights"] < 1e-4


@pytest.mark.timeout(300)
def test_a_program_of_other_weights_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    export(digits(), "pt2", path, weights=Weights(build(digits(), seed=3).state_dict()))
    proof = load_target("pt2").verify(path, ExportSource(digits()))
    assert not proof.ok and proof.differences["forward (eval)"] > 1e-4


@pytest.mark.timeout(300)
@NEEDS_ONNX
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_onnx_file_with_a_changed_weight_does_not_pass(tmp_path: Path) -> None:
    import onnx

    path, source, target = tmp_path / "model.onnx", ExportSource(digits()), load_target("onnx")
    export(digits(), "onnx", path)
    assert target.verify(path, source).ok
    model = onnx.load(path)
    weight = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    weight.raw_data = weight.raw_data[: len(weight.raw_data) // 2] * 2
    onnx.save(model, path)
    proof = target.verify(path, source)
    assert not proof.ok and proof.differences["forward (eval)"] > 1e-4


def scaled(text: str) -> str:
    """Source whose model returns something slightly larger."""
    head, keyword, last = text.rpartition("return ")
    return f"{head}{keyword}1.0001 * {last}"


@pytest.mark.parametrize("key", ["python", "package"])
def test_changed_source_does_not_pass(key: str, tmp_path: Path) -> None:
    path, source = tmp_path / "model.py", ExportSource(digits())
    export(digits(), key, path)
    text = path.read_text()
    path.write_text(scaled(text))
    proof = load_target(key).verify(path, source)
    assert not proof.ok and proof.differences["forward (eval)"] > 0


@pytest.mark.parametrize("key", PROVABLE)
def test_a_damaged_file_is_one_message(key: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{export_targets()[key].suffix}"
    path.write_bytes(b"\x00 not such a file")
    with pytest.raises(UserError) as error:
        load_target(key).verify(path, ExportSource(digits()))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", [key for key, target in export_targets().items() if not target.provable])
def test_what_cannot_be_proved_is_refused_before_anything_is_written(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    with pytest.raises(
        UserError, match=f"a {key} export cannot be verified; leave out --verify or choose one of: python"
    ):
        export(digits(), key, path, verify=True)
    assert main(["export", str(TEMPLATE), "--to", key, "-o", str(path), "--verify"]) == 2
    assert "cannot be verified" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="cannot be verified"):
        check_provable(key)


@pytest.mark.parametrize(("arguments", "lines"), [(["--to", "safetensors"], 2), (["--to", "python", "--package"], 2)])
def test_the_command_proves_the_file(
    arguments: list[str], lines: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(TEMPLATE), *arguments, "-o", str(tmp_path / "file"), "--verify"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == lines and out[-1].startswith("verified: keys match, ")


def test_the_command_fails_when_the_file_is_not_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another process changes the file between writing and reading it."""
    from composer.engine import export as package

    write = package.write_output

    def write_and_tamper(path: Path, content: bytes, **decision: Any) -> None:
        write(path, content, **decision)
        path.write_text(scaled(path.read_text()))

    monkeypatch.setattr(package, "write_output", write_and_tamper)
    code = main(["export", str(TEMPLATE), "--to", "python", "-o", str(tmp_path / "model.py"), "--verify"])
    assert code == 1 and "NOT EQUAL" in capsys.readouterr().out


def test_source_on_standard_output_is_proved_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(TEMPLATE), "--to", "python", "-o", "-", "--verify"]) == 0
    assert "verified: keys match" in capsys.readouterr().out.splitlines()[-1]
    assert load(TEMPLATE)
