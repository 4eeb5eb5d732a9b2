"""Custom blocks in the engine: untrusted code never runs, changes apply immediately, exports contain the source."""

import os
import sys
from pathlib import Path

import pytest
import torch

from composer.core.blocks import block_folders
from composer.core.errors import UserError
from composer.core.files.design_file import loads
from composer.core.graph import Design
from composer.engine import library
from composer.engine.__main__ import Engine
from composer.engine.codegen.build import import_source
from composer.engine.codegen.generate import generate
from composer.engine.codegen.verify import verify_source
from composer.engine.inference.infer import Inferrer

SCALE = '''"""Scale."""

import torch
from torch import Tensor, nn

from blocks.spec import block

from .helper import doubled

open({ran!r}, "a").close()


@block(shape="b c h w -> b c h w", aliases={{"channels": "c"}})
class MyScale(nn.Module):
    """Multiply every channel by a learned factor."""

    def __init__(self, channels: int, start: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((channels, 1, 1), doubled(start)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
'''
GATE = '''"""Scale twice."""

from torch import Tensor, nn

from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.spec import block
from mine.my_scale import MyScale


@block(shape="b c h w -> b c h w", aliases={"channels": "c"})
class MyGate(nn.Module):
    """Scale, then gate."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = MyScale(channels)
        self.gate = SqueezeExcite(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.scale(x))
'''
DESIGN = """
format: 1
name: own
inputs:
  image: {shape: [8, 16, 16]}
nodes:
  scale: {block: MyScale}
  gate: {block: MyGate}
outputs:
  y: {}
wires:
  - image -> scale
  - scale -> gate
  - gate -> y
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(block_folders.VARIABLE, raising=False)
    blocks = tmp_path / "mine"
    (blocks / "gates").mkdir(parents=True)
    (blocks / "my_scale.py").write_text(SCALE.format(ran=str(tmp_path / "ran")))
    (blocks / "helper.py").write_text("def doubled(value: float) -> float:\n    return 2 * value\n")
    (blocks / "gates" / "my_gate.py").write_text(GATE)
    library.reload()
    yield blocks
    monkeypatch.undo()
    library.reload()


def design() -> Design:
    return loads(DESIGN, "own")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    os.utime(
        path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000)
    )  # a file system may count in seconds


def test_unknown_then_untrusted_then_trusted(folder: Path, tmp_path: Path):
    inferrer = Inferrer()
    assert "unknown" in inferrer.infer(design()).errors[0]
    block_folders.save_folder(folder, trusted=False)
    inferrer.reload()
    (error,) = inferrer.infer(design()).errors
    assert error.startswith(f"scale: MyScale is in {folder}, whose code does not run until you trust that folder")
    with pytest.raises(UserError):
        library.block_class(inferrer.catalog["MyGate"])
    assert not (tmp_path / "ran").exists()
    block_folders.save_folder(folder, trusted=True)
    inferrer.reload()
    inference = inferrer.infer(design())
    assert inference.errors == [] and (tmp_path / "ran").exists()
    assert inference.facts.nodes["scale"].params == 8


def test_trust_that_is_taken_back_counts_for_what_was_imported(folder: Path):
    block_folders.save_folder(folder, trusted=True)
    inferrer = Inferrer(library.reload())
    assert inferrer.infer(design()).errors == []
    block_folders.save_folder(folder, trusted=False)
    inferrer.reload()
    assert "until you trust" in inferrer.infer(design()).errors[0]


def test_the_export_holds_them_with_all_they_need(folder: Path, tmp_path: Path):
    block_folders.save_folder(folder, trusted=True)
    inferrer = Inferrer(library.reload())
    text = generate(inferrer.infer(design()))
    exported = tmp_path / "exported.py"
    exported.write_text(text, encoding="utf-8")
    assert "mine" not in text and "helper" not in text.replace("helper.py", "") and "blocks" not in text
    model = import_source(text, exported).Own()
    x = torch.randn(2, 8, 16, 16)
    assert torch.equal(model.scale(x), 2 * x)
    proof = verify_source(design(), exported)
    assert proof.ok, proof.message
    exported.write_text(generate(inferrer.infer(design()), inline=False), encoding="utf-8")
    proof = verify_source(design(), exported, package=True)
    assert proof.ok, proof.message


def test_a_change_counts_without_a_new_process(folder: Path):
    block_folders.save_folder(folder, trusted=True)
    engine = Engine.__new__(Engine)
    engine.inferrer, engine.sent_facts = Inferrer(library.reload()), {}
    progress = lambda *_: None  # noqa: E731
    infer = lambda: engine.inferrer.infer(design())  # noqa: E731
    assert infer().facts.nodes["scale"].params == 8
    change(folder / "my_scale.py", "torch.full((channels, 1, 1)", "torch.full((channels, 4, 1)")
    change(folder / "my_scale.py", "x * self.factor", "x * self.factor.mean(1, keepdim=True)")
    engine.reload_blocks({}, progress)
    assert infer().errors == [] and infer().facts.nodes["scale"].params == 32
    change(folder / "helper.py", "2 * value", "value.nothing")
    engine.reload_blocks({}, progress)
    assert "no attribute 'nothing'" in infer().errors[0]
    change(folder / "my_scale.py", "from .helper import doubled", "from .helper import trebled")
    engine.reload_blocks({}, progress)
    assert "my_scale.py cannot be imported" in infer().errors[0]
    change(folder / "my_scale.py", "class MyScale", "class (")
    engine.reload_blocks({}, progress)
    assert "MyScale" not in engine.inferrer.catalog and "'MyScale' is unknown" in infer().errors[0]
    assert any("my_scale.py" in reason for reason in engine.inferrer.catalog.broken.values())


def test_what_is_measured_of_the_library_stays(folder: Path):
    block_folders.save_folder(folder, trusted=True)
    inferrer = Inferrer(library.reload())
    inferrer.infer(loads(DESIGN.replace("MyGate", "SqueezeExcite"), "own"))
    before = inferrer.memo.blocks_run
    inferrer.reload()
    inferrer.infer(loads(DESIGN.replace("MyGate", "SqueezeExcite"), "own"))
    assert inferrer.memo.blocks_run == before + 1  # MyScale


@pytest.mark.parametrize("name", ["blocks", "torch", "my blocks", "a.b"])
def test_a_folder_may_have_any_name(folder: Path, name: str):
    named = folder.rename(folder.with_name(name))
    (named / "gates" / "my_gate.py").unlink()
    block_folders.save_folder(named, trusted=True)
    cls = library.block_class(library.reload()["MyScale"])
    assert cls(4).factor.shape == (4, 1, 1)
    assert torch is sys.modules["torch"]


def test_two_definitions_of_one_name_are_not_mixed_up(folder: Path):
    change(
        folder / "gates" / "my_gate.py",
        '"""Scale twice."""\n',
        '"""Scale twice."""\n\n\ndef doubled(value):\n    return value\n\n',
    )
    change(folder / "gates" / "my_gate.py", "self.gate(self.scale(x))", "doubled(self.gate(self.scale(x)))")
    block_folders.save_folder(folder, trusted=True)
    inferrer = Inferrer(library.reload())
    with pytest.raises(UserError, match=r"both define doubled"):
        generate(inferrer.infer(design()))
