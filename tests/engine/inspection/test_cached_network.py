"""The engine looks into the network as it is now, also after the code of a custom block has changed."""

from pathlib import Path

import pytest
import torch

from composer.core.blocks import block_folders
from composer.core.files.design_file import loads
from composer.engine import library
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspector import Inspector
from tests.custom_block import DESIGN, write_block


def test_changed_code_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "blocks_to_change"
    write_block(folder, 2)
    monkeypatch.setenv(block_folders.VARIABLE, str(folder))
    library.reload()
    inspector, design = Inspector(Inferrer()), loads(DESIGN, "own")
    first = inspector._load_subject(design, None)
    assert inspector._load_subject(design, None) is first
    write_block(folder, 3)
    inspector.inferrer.reload()
    x = torch.ones(1, 1, 8, 8)
    assert [float(subject.model(x).mean()) for subject in (first, inspector._load_subject(design, None))] == [2.0, 3.0]
    monkeypatch.delenv(block_folders.VARIABLE)
    library.reload()
