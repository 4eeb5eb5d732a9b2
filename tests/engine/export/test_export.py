"""Every target is written whole or not at all, and what is written can be read by what it is meant for."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from composer.cli.main import main
from composer.core import edits
from composer.core.errors import DesignError, UserError
from composer.core.export_targets import export_targets
from composer.core.files.design_file import design_hash, load, loads
from composer.core.files.templates import template
from composer.core.graph import Design, Node
from composer.engine.codegen.build import build
from composer.engine.export import export, export_text
from composer.engine.export.conversion import batches_of, convert_any_batch, first_line
from composer.engine.export.numerical_check import TOLERANCE, check_agreement, random_samples
from composer.engine.export.target import ExportSource
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.training.storage.weights import Weights
from tests.engine.designs import chain, light

TARGETS = tuple(export_targets())
TEXT = tuple(key for key, target in export_targets().items() if not target.binary)
BINARY = tuple(key for key, target in export_targets().items() if target.binary)
ONNX = all(importlib.util.find_spec(name) is not None for name in ("onnx", "onnxscript", "onnxruntime"))


def digits() -> Design:
    return load(template("hybrid_digits"))


@pytest.mark.parametrize("target", TEXT)
@pytest.mark.parametrize("name", ["hybrid_digits", "hybrid_dendritic"])
def test_text_targets_end_with_a_line_and_are_the_same_every_time(target: str, name: str) -> None:
    design = load(template(name))
    body = export_text(design, target)
    assert body.endswith("\n") and body == export_text(design, target)


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_a_pipe_or_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe, folder, circle = tmp_path / "pipe.py", tmp_path / "folder.py", tmp_path / "circle.py"
    os.mkfifo(pipe)
    folder.mkdir()
    circle.symlink_to(circle)
    for path, reason in (
        (pipe, "it is not a regular file"),
        (folder, "it is a folder"),
        (circle, "loop|levels of symbolic links"),
    ):
        with pytest.raises(UserError, match=f"{path.name}: cannot be written: .*({reason})"):
            export(digits(), "python", path)
    assert pipe.is_fifo() and folder.is_dir() and circle.is_symlink() and len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files")
@pytest.mark.parametrize("target", ["python", "safetensors", "svg"])
def test_a_full_disk_leaves_the_old_file(target: str, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk that fills up while a file is written."""
    path = tmp_path / f"model.{target}"
    path.write_text("old")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
        "from composer.cli.main import main; sys.exit(main())"
    )
    command = ["export", str(template("hybrid_digits")), "--force", "--to", target, "-o", str(path)]
    if target == "svg":
        # Without this, fontconfig would meet the limit when it writes its own cache at a machine's first drawing.
        first = tmp_path / "first.svg"
        subprocess.run([sys.executable, "-m", "composer", *command[:-1], str(first)], capture_output=True, check=True)
        first.unlink()
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"netcomposer: {path}: cannot be written: ") and len(done.stderr.splitlines()) == 1
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_old_file_stays_when_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("old")
    broken = edits.set_params(digits(), "attn", {"num_heads": 5})
    for target in set(TARGETS) - {"yaml", "onnx"}:
        with pytest.raises(DesignError, match="attn: num_heads"):
            export(broken, target, path, force=True)
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
    assert "lines" in export(digits(), "python", path).message
    code = "import model, torch; print(tuple(model.HybridDigits()(torch.randn(2, 1, 16, 16)).shape))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.stdout.strip() == "(2, 10)"


def test_the_package_form_imports_the_blocks() -> None:
    body = export_text(digits(), "package")
    assert "from blocks.conv.mbconv import MBConv" in body and "class MBConv" not in body


def test_tables_have_a_row_for_each_node_and_the_totals() -> None:
    design = digits()
    table = export_text(design, "markdown").splitlines()
    assert len(table) == 2 + len(design.main.nodes) + 1
    assert all(line.startswith(("| ", "|-")) for line in table)
    latex = export_text(design, "latex")
    assert latex.count(r"\\") == 1 + len(design.main.nodes) + 1
    assert r"mbconv\_1 & MBConv & 32$\times$8$\times$8" in latex
    assert latex.startswith(r"\begin{tabular}{lllrr}") and latex.rstrip().endswith(r"\end{tabular}")


def test_diagrams_name_every_item_and_wire() -> None:
    design = load(template("swin_tiny"))
    dot, mermaid = export_text(design, "dot"), export_text(design, "mermaid")
    assert dot.count(" -> ") == mermaid.count("-->") == len(design.main.wires)
    assert all(f'"{id}"' in dot and f"n_{id}" in mermaid for id in design.main.ids())
    assert "SwinBlock x2" in dot and "96x56x56" in mermaid


def test_a_hostile_title_stays_inside_its_quotes() -> None:
    design = digits()
    hostile = Design('a"]; evil [label="b\\', design.main)
    assert export_text(hostile, "dot").splitlines()[0] == 'digraph "a\\"]; evil [label=\\"b\\\\" {'


def test_weights_carry_the_hash_of_their_design(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    assert "fresh weights" in export(digits(), "safetensors", path).message
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        assert metadata["design"] == design_hash(digits()) and metadata["name"] == "Hybrid digits"
        assert metadata["weights"] == "fresh weights, not trained" and "trained_design" not in metadata
        assert set(file.keys()) == set(build(digits(), seed=0).state_dict())


def test_trained_weights_are_the_ones_written(tmp_path: Path) -> None:
    weights = build(digits(), seed=5).state_dict()
    path = tmp_path / "weights.safetensors"
    assert "not recorded" in export(digits(), "safetensors", path, weights=Weights(weights)).message
    with safe_open(path, framework="pt") as file:
        assert all(torch.equal(file.get_tensor(name), tensor) for name, tensor in weights.items())
    with pytest.raises(UserError, match="the weights do not fit the design"):
        export(load(template("hybrid_dendritic")), "safetensors", path, weights=Weights(weights))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["hybrid_digits", "dendritic_mlp", "hybrid_dendritic"])
def test_an_exported_program_takes_any_batch(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    design = light(name)
    message = export(design, "pt2", path).message
    assert "batch dynamic, max |diff|" in message and "float64" not in message
    inputs = random_samples(Inferrer().infer(design), 5)
    torch.testing.assert_close(torch.export.load(str(path)).module()(*inputs), build(design, seed=0).eval()(*inputs))


@pytest.mark.timeout(300)
@pytest.mark.skipif(not ONNX, reason="onnx, onnxscript or onnxruntime is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["hybrid_digits", "dendritic_mlp", "hybrid_dendritic"])
def test_onnx_computes_the_same_and_prints_nothing(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The last design has windows with a learned position bias, which torch converts only with frozen weights."""
    import onnxruntime

    design = light(name)
    weights = trained(design)
    path = tmp_path / "model.onnx"
    message = export(design, "onnx", path, weights=Weights(weights)).message
    assert "batch dynamic, compared with the model by onnxruntime" in message and "float64" not in message
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == list(design.main.inputs)
    assert [item.name for item in session.get_outputs()] == list(design.main.outputs)
    model = build(design, seed=0).eval()
    model.load_state_dict(weights)
    inputs = random_samples(Inferrer().infer(design), 5)
    named = zip(design.main.inputs, inputs, strict=True)
    (output,) = session.run(None, {name: tensor.numpy() for name, tensor in named})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(output), model(*inputs), atol=TOLERANCE, rtol=0)


def trained(design: Design) -> dict[str, torch.Tensor]:
    """Weights and running statistics after two steps on noise: no longer the zeros and ones of a fresh model."""
    model = build(design, seed=1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(2):
        model(*random_samples(Inferrer().infer(design), 4)).square().sum().backward()
        optimizer.step()
    return model.state_dict()


@pytest.fixture
def linear() -> tuple[torch.nn.Module, Inference]:
    """A layer whose outputs, in the millions, round by far more than 1e-4, and the design it could be of."""
    text = "format: 1\nname: a\ninputs:\n  x: {shape: [64]}\n"
    text += "nodes:\n  fc: {block: Linear, params: {out_features: 8}}\noutputs:\n  y: {}\n"
    inference = Inferrer().infer(loads(text + "wires:\n  - x -> fc\n  - fc -> y\n"))
    model = ExportSource(inference.design).model
    with torch.no_grad():
        next(model.parameters()).mul_(1e6)
    return model, inference


def test_what_float32_rounds_is_no_error(linear: tuple[torch.nn.Module, Inference]) -> None:
    model, inference = linear
    weight, bias = model.parameters()

    def otherwise(x: torch.Tensor) -> list[torch.Tensor]:
        return [(x[:, 32:] @ weight[:, 32:].T + x[:, :32] @ weight[:, :32].T + bias).detach()]

    agreement = check_agreement("the program", model, otherwise, inference, (1, 3))
    assert agreement.ok and agreement.difference > TOLERANCE and "from float64" in agreement.message


@pytest.mark.parametrize("off", [1.001, 1 + 1e-5, float("nan")])
def test_what_rounding_does_not_explain_is_an_error(off: float, linear: tuple[torch.nn.Module, Inference]) -> None:
    model, inference = linear
    with pytest.raises(
        UserError,
        match=r"the program differs from the model by \S+ at batch 3, expected at most 0.0001; nothing was written",
    ):
        check_agreement("the program", model, lambda x: [model(x).detach() * off], inference, (3,))


def test_rows_that_are_mixed_up_are_seen(linear: tuple[torch.nn.Module, Inference]) -> None:
    """Samples differ from each other, so that a program that takes one for another does not pass."""
    model, inference = linear
    check_agreement("the program", model, lambda x: [model(x.flip(0)).detach()], inference, (1,))
    with pytest.raises(UserError, match="at batch 3"):
        check_agreement("the program", model, lambda x: [model(x.flip(0)).detach()], inference, (1, 3))


def test_a_model_without_finite_numbers_is_not_checked(linear: tuple[torch.nn.Module, Inference]) -> None:
    model, inference = linear
    with torch.no_grad():
        next(model.parameters()).fill_(float("inf"))
    with pytest.raises(
        UserError, match="the program cannot be checked: the model's outputs for random inputs are not finite"
    ):
        check_agreement("the program", model, lambda x: [model(x).detach()], inference, (1,))


def test_a_batch_that_cannot_stay_free_is_fixed(linear: tuple[torch.nn.Module, Inference]) -> None:
    def convert(size: int, shapes: object) -> str:
        if shapes is not None:
            raise RuntimeError("Constraints violated (batch)")
        return f"converted at {size}"

    assert convert_any_batch(linear[1], convert) == "converted at 1"
    assert convert_any_batch(linear[1], lambda size, shapes: (size, len(shapes))) == (2, 1)
    assert batches_of(1) == (1,) and batches_of("batch") == (1, 3)


@pytest.mark.parametrize(
    "target", ["pt2", pytest.param("onnx", marks=pytest.mark.skipif(not ONNX, reason="onnx is not installed"))]
)
def test_what_torch_cannot_export_is_one_sentence(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("\n\n\x1b[96mUnsupported\x1b[0m: this\nand a page more")

    monkeypatch.setattr("torch.export.export", fail)
    monkeypatch.setattr("torch.onnx.export", fail)
    with pytest.raises(UserError, match=r"this design cannot be .*: Unsupported: this$"):
        export(digits(), target, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_operation_that_onnx_does_not_have_is_named() -> None:
    call = "call_function[target=torch.ops.aten.searchsorted.Tensor](args = (%cumsum,), kwargs = {})"
    node = f"%searchsorted : [num_users=1] = {call}"
    assert (
        first_line(RuntimeError(f"Error when translating node {node}. See"))
        == "it has no form of the operation aten.searchsorted.Tensor"
    )


@pytest.mark.filterwarnings("error:The tensor attributes")
def test_a_program_with_recurrent_layers_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = chain(Node("read", "LSTM", {"hidden_dim": 8}), shape=(5, 4))
    assert "max |diff|" in export(words, "pt2", tmp_path / "model.pt2").message
    assert capfd.readouterr() == ("", "")


def test_onnx_without_its_packages_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(
        UserError, match=r"ONNX needs the package onnxscript; install it with: pip install 'netcomposer\[onnx\]'"
    ):
        export(digits(), "onnx", tmp_path / "model.onnx")


def test_the_command_writes_to_the_terminal_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(template("hybrid_digits"))
    assert main(["export", path, "--to", "mermaid", "-o", "-"]) == 0
    assert capsys.readouterr().out == export_text(digits(), "mermaid")
    assert main(["export", path, "--to", BINARY[-1], "-o", "-"]) == 2
    assert "not text" in capsys.readouterr().err
    assert main(["export", path, "--to", "python", "--verify", "-o", str(tmp_path / "model.py")]) == 0
    assert "verified: keys match" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["python", "package"])
def test_the_written_file_is_what_is_verified(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_changed(path: Path, content: bytes, **_: Any) -> None:
        path.write_bytes(content.replace(b"return self.head(add_2)", b"return 2 * self.head(add_2)"))

    command = ["export", str(template("hybrid_digits")), "--to", target, "-o", str(tmp_path / "model.py"), "--verify"]
    assert main(command) == 0
    assert "\nverified: keys match" in capsys.readouterr().out
    monkeypatch.setattr("composer.engine.export.write_output", write_changed)
    assert main(command) == 1
    assert "\nNOT EQUAL: keys match" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["markdown", "yaml", "latex", "dot", "mermaid"])
def test_what_cannot_be_verified_is_refused_before_it_is_written(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "design.out"
    assert main(["export", str(template("hybrid_digits")), "--to", target, "-o", str(file), "--verify"]) == 2
    assert f"a {target} export cannot be verified" in capsys.readouterr().err
    assert not file.exists()
