"""Every command that writes: a file of the user is replaced only with --force, and the same command works twice."""

import shutil
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core.files.run_folder import SETTINGS
from composer.core.files.templates import template

MINE = "# my own work, not in git yet"
# Commands with their words, and the file that they write.
WRITERS = {
    "export --to python": "model.py",
    "export --to package": "model.py",
    "export --to yaml": "copy.yaml",
    "export --to markdown": "table.md",
    "export --to mermaid": "net.mmd",
    "export --to dot": "net.dot",
    "export --to latex": "net.tex",
    "export --to safetensors": "net.safetensors",
    "export --to svg": "net.svg",
    "screenshot": "net.png",
    "replace --nodes act --by LeakyReLU": "other.yaml",
    "check --fix": "fixed.yaml",
    "fit --params 5M": "fitted.yaml",
}
BROKEN = """format: 1
name: Heads
variables: {width: 64}
inputs:
  tokens: {shape: [16, 64]}
nodes:
  attn: {block: MultiHeadSelfAttention, params: {num_heads: 5}}
  act: {block: Activation}
outputs:
  out:
wires:
  - tokens -> attn
  - attn -> act
  - act -> out
"""
FINE = BROKEN.replace("num_heads: 5", "num_heads: 4")


@pytest.fixture
def design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    file = folder / "design.yaml"
    file.write_text(FINE)
    return file


def command(writer: str, design: Path, output: str, *more: str) -> list[str]:
    name, *words = writer.split()
    return [name, str(design), *words, "-o", output, *more]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_of_the_user_is_refused_before_the_work(
    writer: str, design: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = Path(WRITERS[writer])
    output.write_text(MINE)
    if writer.startswith("check"):
        design.write_text(BROKEN)
    assert main(command(writer, design, str(output))) == 2
    out, error = capsys.readouterr()
    assert error == f"netcomposer: {output} exists already; choose another name or add --force to replace it\n"
    assert out == ""
    assert output.read_text() == MINE


@pytest.mark.parametrize(
    "writer",
    ["export --to python", "export --to yaml", "export --to safetensors", "check --fix", "screenshot"],
)
def test_force_replaces_and_the_same_command_works_again(writer: str, design: Path) -> None:
    output = Path(WRITERS[writer])
    if writer.startswith("check"):
        design.write_text(BROKEN)
    output.write_text(MINE)
    assert main(command(writer, design, str(output), "--force")) == 0
    assert MINE.encode() not in output.read_bytes()
    design.write_text(design.read_text().replace("Heads", "Other heads"))
    assert main(command(writer, design, str(output))) == 0
    output.write_bytes(output.read_bytes() + b"\n")  # an edit
    assert main(command(writer, design, str(output))) == 2


def test_a_design_is_not_replaced_by_another_kind_of_output(design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(design), "--to", "python", "-o", str(design)]) == 2
    assert "design.yaml exists already" in capsys.readouterr().err
    assert design.read_text() == FINE


@pytest.mark.parametrize("words", [["--fix"], ["--fix", "-o", "design.yaml"]])
def test_a_design_may_be_repaired_in_place(words: list[str], design: Path) -> None:
    design.write_text(BROKEN)
    assert main(["check", str(design), *words]) == 0
    assert "num_heads: 5" not in design.read_text()


def test_a_design_that_changes_while_it_is_repaired_is_not_replaced(
    design: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from composer.engine.repair import fix as module

    design.write_text(BROKEN)
    real = module.fix

    def edited_meanwhile(*arguments: object) -> object:
        design.write_text(f"# {MINE}\n{BROKEN}")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "fix", edited_meanwhile)
    assert main(["check", str(design), "--fix"]) == 2
    assert "design.yaml has changed on disk since it was read; choose another name" in capsys.readouterr().err
    assert MINE in design.read_text()


def test_output_without_fix_is_refused(design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(design), "-o", "fixed.yaml"]) == 2
    assert "add --fix" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["new", "hybrid_digits", "-o", ""],
        ["check", ""],
        ["check", "design.yaml", "--fix", "-o", " "],
        ["summary", ""],
        ["diff", "design.yaml", ""],
        ["export", "design.yaml", "--to", "python", "-o", ""],
        ["export", "design.yaml", "--to", "safetensors", "-o", "x.safetensors", "--run", ""],
        ["fit", "design.yaml", "--params", "5M", "-o", ""],
        ["replace", "design.yaml", "--by", "ReLU", "-o", ""],
        ["screenshot", "design.yaml", "-o", ""],
        ["profile", ""],
        ["train", "design.yaml", "--out", ""],
        ["train", "", "--out", "run"],
        ["inspect", "", "--out", "maps"],
        ["inspect", "run", "--out", ""],
        ["inspect", "run", "--out", "maps", "--image", ""],
        ["demo", "--out", ""],
        ["gui", ""],
        [""],
        ["blocks", "--blocks", ""],
    ],
)
def test_an_empty_path_names_nothing(words: list[str], design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the path is empty (is a variable of the shell not set?)" in line
    assert [path.name for path in design.parent.iterdir()] == ["design.yaml"]


@pytest.mark.parametrize("name", ["report.md", "model.py", SETTINGS])
def test_the_demo_replaces_no_folder_of_the_user(name: str, design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("out") / ("run" if name == SETTINGS else "") / name
    file.parent.mkdir(parents=True)
    file.write_text(MINE)
    assert main(["demo", "--out", "out"]) == 2
    assert f"out holds {file.relative_to('out')}, which would be replaced" in capsys.readouterr().err
    if name == SETTINGS:  # a run that was trained for hours is not removed even then
        assert main(["demo", "--out", "out", "--force"]) == 2
    assert file.read_text() == MINE


def test_maps_replace_only_maps(design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digits = design.with_name("digits.yaml")
    shutil.copy(template("hybrid_digits"), digits)
    assert main(["train", str(digits), "--data", "digits", "--epochs", "1", "--out", "run", "--device", "cpu"]) == 0
    words = ["inspect", "run", "--sample", "3", "--out", "maps"]
    Path("maps/maps").mkdir(parents=True)
    Path("maps/maps/image.png").write_text(MINE)
    capsys.readouterr()
    assert main(words) == 2
    assert "maps holds maps/image.png, which would be replaced" in capsys.readouterr().err
    assert [path.name for path in Path("maps").rglob("*") if path.is_file()] == ["image.png"]
    Path("maps/maps/image.png").unlink()
    Path("maps/notes.txt").write_text(MINE)
    assert main(words) == 0
    assert main(words) == 0
    Path("maps/attention.png").write_text(MINE)
    assert main(words) == 2
    assert Path("maps/attention.png").read_text() == Path("maps/notes.txt").read_text() == MINE


def test_the_output_of_a_repair_is_written_if_nothing_was_wrong(design: Path) -> None:
    assert main(["check", str(design), "--fix", "-o", "fixed.yaml"]) == 0
    assert Path("fixed.yaml").is_file()
