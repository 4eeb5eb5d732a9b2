"""Blocks of one's own from a terminal: unknown, named for one command, untrusted, in the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = '''"""Scale."""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(shape="b c h w -> b c h w", aliases={"channels": "c"})
class Mine(nn.Module):
    """Multiply every channel by a learned factor."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * self.factor
'''
DESIGN = """format: 1
name: own
inputs:
  image: {shape: [8, 16, 16]}
nodes:
  mine: {block: Mine}
outputs:
  y: {}
wires:
  - image -> mine
  - mine -> y
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder_path = tmp_path / "mine"
    folder_path.mkdir()
    (folder_path / "mine.py").write_text(BLOCK)
    (tmp_path / "own.yaml").write_text(DESIGN)
    return folder_path


def run(tmp_path: Path, *words: str, **environment: str) -> tuple[int, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "NETCOMPOSER_BLOCKS"}
    surroundings = {**inherited, "NETCOMPOSER_HOME": str(tmp_path / "home"), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "composer", *words], capture_output=True, text=True, env=surroundings, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_folder_is_named_by_an_option_or_in_the_environment(tmp_path: Path, folder: Path):
    design = str(tmp_path / "own.yaml")
    code, output = run(tmp_path, "check", design)
    assert code == 1 and "'Mine' is unknown" in output
    code, output = run(tmp_path, "check", design, "--blocks", str(folder))
    assert code == 0 and "no problems, 8 parameters" in output
    code, output = run(tmp_path, "summary", design, NETCOMPOSER_BLOCKS=str(folder))
    assert code == 0 and "Mine" in output
    code, output = run(tmp_path, "check", design, "--blocks", str(tmp_path / "nowhere"))
    assert code == 2 and "nowhere is not a folder" in output
    assert not (tmp_path / "home" / "blocks.json").exists()


def test_its_blocks_are_exported_with_their_source(tmp_path: Path, folder: Path):
    written = tmp_path / "model.py"
    code, output = run(
        tmp_path,
        "export",
        str(tmp_path / "own.yaml"),
        "--to",
        "python",
        "-o",
        str(written),
        "--verify",
        "--blocks",
        str(folder),
    )
    assert code == 0 and "verified" in output, output
    text = written.read_text()
    assert "class Mine(nn.Module)" in text and "blocks" not in text
