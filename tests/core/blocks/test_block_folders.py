"""The user's own folders: kept, named by a variable, trusted only by a word of the user."""

import os
from pathlib import Path

import pytest

from composer import paths
from composer.core.blocks import block_folders
from composer.core.blocks.block_file import read_block
from composer.core.blocks.block_folders import (
    BlockFolder,
    add_session_folders,
    all_folders,
    remove_folder,
    save_folder,
    untrusted_reason,
)
from composer.core.blocks.catalog import read_catalog
from composer.core.errors import UserError

BLOCK = '''"""A block."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b c h w -> b c h w")
class Mine(nn.Module):
    """A block."""

    def forward(self, x: Tensor) -> Tensor:
        return x
'''


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(block_folders.VARIABLE, raising=False)
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder_path = tmp_path / "mine"
    folder_path.mkdir()
    return folder_path


def test_none_is_known_at_first():
    assert all_folders() == ()


def test_a_kept_folder_is_trusted_only_once_that_is_said(folder: Path):
    save_folder(folder, trusted=False)
    assert all_folders() == (BlockFolder(folder, False),)
    assert str(folder) in (untrusted_reason("Mine", folder / "mine.py") or "")
    save_folder(folder, trusted=True)
    assert all_folders() == (BlockFolder(folder, True),)
    assert untrusted_reason("Mine", folder / "mine.py") is None
    remove_folder(folder)
    assert all_folders() == ()
    assert "no longer a folder" in (
        untrusted_reason("Mine", folder / "mine.py") or ""
    )  # also if it was trusted: that went with it


def test_a_folder_that_the_variable_names_is_trusted_and_not_kept(folder: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    save_folder(tmp_path / "other", trusted=False)
    add_session_folders([folder])
    assert all_folders() == (BlockFolder(folder, True, False), BlockFolder(tmp_path / "other", False))
    add_session_folders([tmp_path / "other"])
    assert [f.path.name for f in all_folders()] == ["other", "mine"] and all(f.trusted for f in all_folders())
    del os.environ[block_folders.VARIABLE]
    assert all_folders() == (BlockFolder(tmp_path / "other", False),)


def test_the_library_is_beyond_trust():
    assert untrusted_reason("Conv2d", paths.BLOCKS / "conv" / "conv2d.py") is None


@pytest.mark.parametrize("wrong", [paths.BLOCKS, paths.BLOCKS / "conv", paths.ROOT])
def test_the_library_is_no_folder_of_ones_own(wrong: Path):
    with pytest.raises(UserError, match="holds the blocks of the library"):
        save_folder(wrong, trusted=True)


def test_what_is_no_folder_is_refused(tmp_path: Path):
    for run in (
        lambda: save_folder(tmp_path / "nowhere", trusted=True),
        lambda: add_session_folders([tmp_path / "nowhere"]),
    ):
        with pytest.raises(UserError, match=r"nowhere is not a folder"):
            run()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"folders": 3}',
        '{"folders": [{"path": "/x"}]}',
        '{"folders": [{"path": "/x", "trusted": "no"}]}',
    ],
)
def test_a_spoilt_file_trusts_nothing(home: Path, text: str):
    home.mkdir()
    (home / block_folders.FILE).write_text(text)
    assert not any(folder.trusted for folder in all_folders())


def test_a_folder_needs_no_categories(folder: Path):
    (folder / "mine.py").write_text(BLOCK)
    (folder / "setup.py").write_text("raise SystemExit\n")
    (folder / "_draft.py").write_text(BLOCK)
    (folder / "gates").mkdir()
    (folder / "gates" / "gate.py").write_text(BLOCK.replace("Mine", "Gate"))
    catalog = read_catalog([folder])
    assert catalog["Mine"].category == "mine" and catalog["Gate"].category == "gates"
    assert not catalog.broken


def test_reading_again_reads_only_what_has_changed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("One", "Two"):
        (folder / f"{name.lower()}.py").write_text(BLOCK.replace("Mine", name))
    first = read_catalog([folder])
    assert "One" in first and "Two" in first and len(first)
    read: list[str] = []
    monkeypatch.setattr(
        "composer.core.blocks.catalog.read_block", lambda path: read.append(path.name) or read_block(path)
    )
    (folder / "two.py").write_text(BLOCK.replace("Mine", "Other"))
    (folder / "three.py").write_text("@block(")
    second = read_catalog([folder], first)
    assert (
        "One" in second and "Other" in second and "Two" not in second and list(second.broken) == [folder / "three.py"]
    )
    assert sorted(read) == ["three.py", "two.py"]
    (folder / "one.py").unlink()
    assert "One" not in read_catalog([folder], second)
