"""The digest of a custom block's code: what changes it and what does not."""

from pathlib import Path

import pytest

from composer.core.blocks.block_code import code_digest
from composer.core.blocks.block_folders import VARIABLE, add_session_folders
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.identify import identify
from composer.core.files.design_file import loads
from composer.core.files.network_identity import network_difference

BLOCK = '''
"""Scale."""

from torch import Tensor, nn

from blocks.block import block
from .helper import factor


@block(shape="b c h w -> b c h w")
class Scale(nn.Module):
    """Multiply by a number."""

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * factor()
'''
HELPER = "def factor():\n    return 2.0\n"
DESIGN = """
format: 1
inputs: {image: {shape: [1, 8, 8]}}
nodes:
  scale: {block: Scale}
outputs: {y: {}}
wires: [image -> scale, scale -> y]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "scale.py").write_text(BLOCK)
    (folder / "helper.py").write_text(HELPER)
    monkeypatch.setenv(VARIABLE, "")
    add_session_folders([folder])
    return folder


def test_comments_and_docstrings_do_not_count(folder: Path) -> None:
    before = code_digest(folder / "scale.py")
    text = BLOCK.replace("Multiply by a number.", "Something else.").replace("return x", "# why\n        return x")
    (folder / "scale.py").write_text(text)
    assert code_digest(folder / "scale.py") == before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("scale.py", BLOCK.replace("x * factor", "x + factor")),
        ("helper.py", HELPER.replace("2.0", "3.0")),
        ("helper.py", "def ("),
    ],
)
def test_code_counts_also_in_the_files_it_imports(folder: Path, file: str, text: str) -> None:
    before = code_digest(folder / "scale.py")
    (folder / file).write_text(text)
    assert code_digest(folder / "scale.py") != before


def test_a_missing_helper_and_an_import_cycle_are_no_error(folder: Path) -> None:
    (folder / "helper.py").write_text("from .scale import Scale\n")
    whole = code_digest(folder / "scale.py")
    (folder / "helper.py").unlink()
    assert code_digest(folder / "scale.py") != whole


def test_changed_code_makes_another_network(folder: Path) -> None:
    design, files = loads(DESIGN, "d"), [folder / "scale.py"]
    before = identify(design, Catalog(files))
    assert set(before.blocks or {}) == {"Scale"}
    assert network_difference(before, identify(design, Catalog(files))) == ""
    (folder / "helper.py").write_text(HELPER.replace("2.0", "3.0"))
    assert network_difference(before, identify(design, Catalog(files))) == "the code of Scale has changed"


def test_a_block_that_moved_into_the_library_is_another_one(folder: Path) -> None:
    design = loads(DESIGN, "d")
    before = identify(design, Catalog([folder / "scale.py"]))
    assert network_difference(before, identify(design, Catalog())) == "the code of Scale has changed"
