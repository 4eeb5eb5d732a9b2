"""The examples of the README do what it says."""

import re
from pathlib import Path

import pytest

from composer.core.blocks.block_file import read_block
from composer.core.blocks.params import resolve_params
from composer.core.graph import Node

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def test_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    exec(EXAMPLES[0], {})
    assert "class HybridDigits" in capsys.readouterr().out
    assert (tmp_path / "mine.yaml").is_file()


def test_the_block(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "basic" / "channel_scale.py"
    path.parent.mkdir()
    path.write_text(EXAMPLES[1])
    spec = read_block(path)
    values = resolve_params(spec, Node("scale", "ChannelScale"), {}, spec.shapes.bind([(2, 8, 4, 4)])).values
    assert values == {"channels": 8, "start": 1e-4}
    names: dict[str, type[torch.nn.Module]] = {}
    exec(EXAMPLES[1], names)
    assert names["ChannelScale"](**values)(torch.ones(2, 8, 4, 4)).shape == (2, 8, 4, 4)


def test_the_panel(qapp: object) -> None:
    from composer.gui.panels import Panel

    names: dict[str, type] = {}
    exec(EXAMPLES[2], names)
    assert issubclass(names["NodeCountPanel"], Panel)


def test_the_files_it_points_to_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if not target.startswith("http")]
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing
