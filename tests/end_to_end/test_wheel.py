"""An installed wheel works as a checkout does: built, unpacked elsewhere, and run from there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)],
        check=True,
        cwd=folder,
    )
    (wheel,) = folder.glob("netcomposer-*.whl")
    target = folder / "installed"
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(target), str(wheel)], check=True, cwd=folder)
    return target


def run(installed: Path, *words: str) -> str:
    """Run a command with the wheel in front of everything, from a folder that is not the checkout."""
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); import composer; "
        f"assert composer.__file__.startswith({str(installed)!r}), composer.__file__; "
        "from composer.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        cwd=installed.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_blocks_templates_and_resources(installed: Path) -> None:
    names = {path.relative_to(ROOT).as_posix() for path in (ROOT / "blocks").rglob("*.py")}
    assert names == {path.relative_to(installed).as_posix() for path in (installed / "blocks").rglob("*.py")}
    for folder in ("templates", "resources"):
        data = installed / "composer" / "_data" / folder
        assert {path.name for path in data.rglob("*") if path.is_file()} == {
            path.name for path in (ROOT / folder).rglob("*") if path.is_file()
        }
    assert not (installed / "tests").exists()


def test_blocks(installed: Path) -> None:
    rows = json.loads(run(installed, "blocks", "--json"))
    assert "SqueezeExcite" in {row["name"] for row in rows}


def test_templates(installed: Path) -> None:
    rows = json.loads(run(installed, "templates", "--json"))
    assert "hybrid_digits" in {row["name"] for row in rows}
    assert all(Path(row["path"]).is_relative_to(installed) for row in rows)


def test_summary_and_export_of_a_new_design(installed: Path) -> None:
    run(installed, "new", "hybrid_digits", "-o", "mine.yaml")
    assert json.loads(run(installed, "summary", "mine.yaml", "--json"))["totals"]["params"] > 10_000
    text = run(installed, "export", "mine.yaml", "--to", "python", "-o", "-")
    assert "class HybridDigits(nn.Module):" in text
    assert "blocks" not in [
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    ]
