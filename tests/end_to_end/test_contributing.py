"""The recipes of CONTRIBUTING.md: each file works in a copy of the program without a change to any other file."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import seconds

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
RECIPES = dict(re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)```", CONTRIBUTING, re.DOTALL))
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
RECIPES["blocks/basic/channel_scale.py"] = next(text for text in EXAMPLES if "class ChannelScale" in text)
RECIPES["composer/gui/panels/node_count.py"] = next(text for text in EXAMPLES if "class NodeCountPanel" in text)

CHECKS = {
    "block": """
from composer.core.blocks.catalog import read_catalog
from composer import paths
assert "ChannelScale" in read_catalog([paths.BLOCKS])
""",
    "panel": """
from composer.gui.app import application
application()
from composer.gui.panels import load_panels
panels, broken = load_panels()
assert "Node count" in [panel.title for panel in panels] and not broken
""",
    "command": """
from composer.gui.app import application
application()
from composer.gui.shell.commands import load_commands
commands, broken = load_commands()
assert "show_size" in [command.id for command in commands] and not broken
""",
    "dataset, objective, augmentation, optimizer and schedule": """
import composer
from pathlib import Path
from composer.engine.training.loop import train
design = composer.load(composer.template("hybrid_digits"))
design = composer.core.edits.set_params(design, "head", {"num_classes": 2})
options = {"data": {"name": "stripes", "samples": 100}, "objective": {"name": "margin", "margin": 2.0}}
options["augment"] = ["flip", {"name": "grain", "strength": 0.2}]
options |= {"optimizer": "heavy_ball:0.8", "schedule": {"name": "halves", "share": 0.2}}
run = train(design, Path("run"), epochs=2, batch_size=20, device="cpu", **options)
record = [row for row in run.metrics() if row["kind"] == "epoch"][-1]
assert set(record["metrics"]["val"]) == {"loss", "error_rate"}, record
assert run.state()["best"]["metric"]["name"] == "error_rate", run.state()
from composer.gui.runs.predictions import read_results
confusion = read_results(run.path, run.path / "predictions.npz").confusion
assert abs(1 - confusion.accuracy - run.state()["best"]["value"]) < 1e-6, confusion
""",
    "export target": """
from composer.cli.main import main
from composer.core.files.templates import template
assert main(["export", str(template("hybrid_digits")), "--to", "node_list", "-o", "nodes.txt"]) == 0
assert "head" in open("nodes.txt").read().split()
""",
    "command of the command line": """
import contextlib, io
from composer.cli.main import main
from composer.core.files.templates import template
out = io.StringIO()
with contextlib.redirect_stdout(out):
    assert main(["depth", str(template("hybrid_digits")), "-q"]) == 0
assert int(out.getvalue()) > 3
""",
    "map kind": """
from composer.core.blocks.map_kinds import map_kinds
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_kinds import draw_map
import torch
assert map_kinds()["thermometer"].words == "temperature"
data = torch.tensor([[1.0], [2.0]])
captured = CapturedMap("node", "node", "gate", 0, "thermometer", data, batch=2, shape=(2, 1))
assert draw_map(captured, 1).bars.values.tolist() == [2.0]
""",
    "repair": """
import composer
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.search import find_repairs
design = composer.load(composer.template("hybrid_digits"))
design = composer.core.edits.update_item(design, "position", block="Todo", params={})
repairs = find_repairs(Inferrer(), design, "position", limit=20)
assert "Remove position" in [repair.label for repair in repairs], repairs
""",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for name in ("composer", "blocks", "templates", "resources"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in RECIPES.items():
        path = folder / name
        assert path.parent.is_dir(), f"CONTRIBUTING.md names the folder {path.parent.name}, which does not exist"
        assert not path.exists()
        path.write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("name", list(CHECKS))
def test_one_new_file_is_enough(name: str, copy: Path, tmp_path: Path) -> None:
    code = "import composer, composer.core.edits\n" + CHECKS[name]
    environment = {**os.environ, "PYTHONPATH": str(copy), "NETCOMPOSER_HOME": str(tmp_path / "home")}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds(110),
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]


def test_the_recipes_are_in_the_style_of_the_project(copy: Path) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), *RECIPES]
    result = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_path_in_the_documents_exists() -> None:
    for name in ("CONTRIBUTING.md", "docs/architecture.md"):
        text = (ROOT / name).read_text("utf-8")
        paths = set(re.findall(r"`((?:composer|blocks|tests|templates|docs|resources)/[\w/.]+)`", text))
        assert paths, name
        missing = [path for path in paths if not (ROOT / path).exists() and path not in RECIPES]
        assert not missing, name


def test_the_diagrams_are_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "draw_packages.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
