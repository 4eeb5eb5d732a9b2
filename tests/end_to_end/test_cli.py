"""The command line as scripts rely on it: names, keys, exit codes, and one sentence on stderr for every failure."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from composer import __version__, template
from composer.cli.main import main
from tests.patience import seconds

HYBRID = str(template("hybrid_digits"))
CYCLE = """format: 1
name: Cycle
inputs:
  image: {shape: [3, 8, 8]}
nodes:
  a: {block: BatchNorm2d}
  b: {block: BatchNorm2d}
outputs:
  out:
wires:
  - a -> b
  - b -> a
  - b -> out
"""
TOO_MANY_HEADS = """format: 1
name: Heads
inputs:
  tokens: {shape: [16, 64]}
nodes:
  attn: {block: MultiHeadSelfAttention, params: {num_heads: 5}}
  norm: {block: LayerNorm}
outputs:
  out:
wires:
  - tokens -> attn
  - attn -> norm
  - norm -> out
"""


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "heads.yaml"
    path.write_text(TOO_MANY_HEADS)
    return str(path)


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    _, error = capsys.readouterr()
    assert "Traceback" not in error
    (line,) = error.strip().splitlines()
    assert line.startswith("netcomposer: ")
    return line


def process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does."""
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    clean = {name: value for name, value in os.environ.items() if name not in gone}
    return subprocess.run(
        [sys.executable, "-m", "composer", *words],
        capture_output=True,
        text=True,
        env=clean | environment,
        timeout=seconds(110),
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only X11 and Wayland can be absent")
@pytest.mark.parametrize("words", [(), ("gui",), (HYBRID,)])
def test_without_a_display_the_window_reports_that(words: tuple[str, ...]) -> None:
    done = process(*words)
    assert done.returncode == 2
    assert "display" in done.stderr and "netcomposer" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"netcomposer {__version__}"
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    for name in (
        "gui",
        "demo",
        "blocks",
        "templates",
        "new",
        "check",
        "summary",
        "export",
        "train",
        "inspect",
        "screenshot",
    ):
        assert name in text


def test_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["blocks", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    row = next(row for row in rows if row["name"] == "SqueezeExcite")
    assert {"name", "category", "shape", "inputs", "outputs", "parameters", "paper", "maps"} <= row.keys()
    assert row["category"] == "channel_attention"
    assert row["shape"] == "b c h w -> b c h w"
    assert row["maps"] == {"gate": "channel"}
    channels, reduction = row["parameters"][:2]
    assert {"name", "type", "default", "choices", "range", "inferred", "help"} <= channels.keys()
    assert channels["inferred"] and not reduction["inferred"]
    assert reduction["default"] == 16 and reduction["help"]
    assert main(["blocks"]) == 0
    assert "SqueezeExcite" in capsys.readouterr().out


def test_templates_and_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "description", "expected", "path"} <= rows[0].keys()
    assert main(["templates"]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) >= len(rows)
    target = tmp_path / "mine.yaml"
    assert main(["new", "hybrid_digits", "-o", str(target)]) == 0
    assert main(["check", str(target)]) == 0
    capsys.readouterr()
    before = target.read_bytes()
    assert main(["new", "resnet50", "-o", str(target)]) == 2
    assert "exists" in error_line(capsys)
    assert target.read_bytes() == before
    assert main(["new", "hybrid", "-o", str(tmp_path / "x.yaml")]) == 2
    assert "hybrid_digits" in error_line(capsys)


def test_check(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", HYBRID]) == 0
    capsys.readouterr()
    assert main(["check", broken]) == 1
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert line.startswith("attn: num_heads: 5 does not divide dim 64")
    path = tmp_path / "cycle.yaml"
    path.write_text(CYCLE)
    code = main(["check", str(path)])
    out, error = capsys.readouterr()
    assert code in (1, 2) and "cycle" in out + error


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "format is missing"),
        (b"\x00\xff\xfe binary", "text"),
        (b"format: 1\nnodes: [", "line"),
        (b"format: 99\nname: x\n", "format"),
        (b"format: 1\nname: x\nnodes:\n  a: {blok: Mlp}\n", "blok"),
    ],
)
def test_a_damaged_file_gives_a_one_line_message(
    content: bytes, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "damaged.yaml"
    path.write_bytes(content)
    for command in ("check", "summary"):
        assert main([command, str(path)]) == 2
        line = error_line(capsys)
        assert "damaged.yaml" in line and word in line


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere.yaml"]) == 2
    assert "nowhere.yaml" in error_line(capsys)


def test_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", HYBRID, "--json", "--batch", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"name", "inputs", "nodes", "totals"} <= data.keys()
    assert data["inputs"] == [{"id": "image", "shape": [2, 1, 16, 16], "dtype": "float32"}]
    for node in data["nodes"]:
        assert {"id", "block", "outputs", "params", "macs", "activation_bytes", "error"} <= node.keys()
        assert {"port", "shape", "dtype"} <= node["outputs"][0].keys()
        assert node["error"] is None
    totals = data["totals"]
    assert {"params", "macs", "flops", "activation_bytes"} <= totals.keys()
    assert totals["flops"] == 2 * totals["macs"]
    assert totals["params"] == sum(node["params"] for node in data["nodes"])
    assert main(["summary", HYBRID]) == 0
    assert f"{totals['params']:,}" in capsys.readouterr().out


def test_summary_lists_what_weight_decay_shrinks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", HYBRID, "--decay"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["parameter", "shape", "weight", "decay", "rate"]
    assert any(re.search(r" none +1  norm$", line) for line in lines)
    assert re.fullmatch(r"[\d,]+ numbers decay, [\d,]+ do not", lines[-1])


def test_summary_of_a_broken_design(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", broken, "--json"]) == 1
    nodes = {node["id"]: node for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert "does not divide" in nodes["attn"]["error"]
    assert nodes["norm"]["error"] == "waits for attn"
    assert main(["summary", broken, "--batch", "0"]) == 2


def test_export(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    model, copy = tmp_path / "model.py", tmp_path / "copy.yaml"
    assert main(["export", HYBRID, "--to", "python", "-o", str(model)]) == 0
    compile(model.read_text(), "model.py", "exec")
    assert main(["export", HYBRID, "--to", "yaml", "-o", str(copy)]) == 0
    assert main(["export", str(copy), "--to", "yaml", "-o", str(tmp_path / "again.yaml")]) == 0
    assert copy.read_bytes() == (tmp_path / "again.yaml").read_bytes()
    capsys.readouterr()
    assert main(["export", broken, "--to", "python", "-o", str(tmp_path / "broken.py")]) == 2
    assert "does not divide" in error_line(capsys)
    assert not (tmp_path / "broken.py").exists()


def test_train_and_inspect(tmp_path: Path) -> None:
    run, maps = tmp_path / "run", tmp_path / "maps"
    done = process("train", HYBRID, "--data", "digits", "--epochs", "1", "--out", str(run), "--device", "cpu")
    assert done.returncode == 0, done.stderr
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert {
        "design.yaml",
        "model.py",
        "settings.json",
        "metrics.jsonl",
        "state.json",
        "checkpoints/last.pt",
        "checkpoints/best.pt",
    } <= names
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows if row["kind"] == "epoch"] == [1]
    assert json.loads((run / "state.json").read_text())["state"] == "done"
    done = process("inspect", str(run), "--sample", "3", "--out", str(maps))
    assert done.returncode == 0, done.stderr
    assert list(maps.glob("*.png"))


def test_screenshot(tmp_path: Path) -> None:
    picture = tmp_path / "design.png"
    done = process("screenshot", HYBRID, "-o", str(picture))
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("kind", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_export_to_a_picture(kind: str, begin: bytes, tmp_path: Path) -> None:
    picture = tmp_path / f"design.{kind}"
    done = process("export", HYBRID, "--to", kind, "-o", str(picture))
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(picture), "")
    assert picture.read_bytes().startswith(begin)


def test_a_picture_of_another_kind_or_with_weights_is_refused(tmp_path: Path) -> None:
    for words, reason in (
        (("-o", str(tmp_path / "a.png")), "expected a file name that ends in .svg"),
        (("-o", str(tmp_path / "a.svg"), "--verify"), "a drawing holds no code and no weights; leave out --verify"),
        (("-o", "-"), "a svg export is not text; name a file with -o"),
    ):
        done = process("export", HYBRID, "--to", "svg", *words)
        assert done.returncode == 2 and reason in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_closes_early_is_no_error() -> None:
    command = f"{sys.executable} -m composer blocks --json | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=seconds(60), check=False)
    assert done.stdout.strip() == "["
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_check_warns_of_tokens_that_are_read_as_channels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text(
        "format: 1\nname: tokens\ninputs: {image: {shape: [1, 16, 16]}}\nnodes:\n"
        "  patches: {block: PatchEmbed, params: {dim: 32, patch_size: 4}}\n"
        "  head: {block: ClassifierHead}\n"
        "outputs: {logits: {}}\nwires: [image -> patches, patches -> head, head -> logits]\n"
    )
    assert main(["check", str(path)]) == 0
    warning, _ = capsys.readouterr().out.splitlines()
    assert warning.startswith("warning: head: ClassifierHead reads 16 tokens (4 x 4 positions) as 16 channels")
    assert main(["check", "--fix", str(path)]) == 0
    fixed, _ = capsys.readouterr().out.splitlines()
    assert fixed.startswith("fixed head: Use TokenClassifierHead with pooling avg")
