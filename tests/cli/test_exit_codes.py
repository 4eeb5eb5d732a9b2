"""Exit codes: 0 done, 1 the design has problems, 2 not carried out, 70 a fault of ours, 130 interrupted."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from composer.cli import CRASH, INTERRUPTED
from composer.cli.main import command_names, main
from composer.core.files.templates import template
from composer.gui.app import report_faults
from tests.patience import seconds

TINY = """format: 1
name: Tiny
inputs:
  image: {shape: [1, 8, 8]}
nodes:
  conv: {block: ConvNormAct, params: {out_channels: 8}}
  head: {block: ClassifierHead, params: {num_classes: 10}}
outputs:
  logits: {}
wires: [image -> conv, conv -> head, head -> logits]
"""
# Each command with the words that make it work on DESIGN.
COMMANDS = {
    "check": ["DESIGN"],
    "summary": ["DESIGN"],
    "export": ["DESIGN", "--to", "python", "-o", "out.py"],
    "diff": ["DESIGN", "DESIGN"],
    "profile": ["DESIGN", "--device", "cpu"],
    "replace": ["DESIGN", "--nodes", "conv", "--by", "ConvBlock", "-o", "out.yaml"],
    "fit": ["DESIGN", "--params", "1M"],
    "screenshot": ["DESIGN", "-o", "out.png"],
    "train": ["DESIGN", "--out", "run", "--epochs", "1", "--device", "cpu"],
    "gui": ["DESIGN"],
}
UNREADABLE = {
    "missing": (None, "file does not exist"),
    "folder": ("folder", "not a regular file"),
    "empty": (b"", "format is missing"),
    "binary": (b"\x00\xff\xfe", "is not UTF-8 text"),
    "not YAML": (b"format: 1\nnodes: [", "line"),
    "newer": (b"format: 99\n", "newer version"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("tiny.yaml").write_text(TINY)
    return tmp_path / "work"


def words(command: str, design: str) -> list[str]:
    return [command, *(design if word == "DESIGN" else word for word in COMMANDS[command])]


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on stderr."""
    error = capsys.readouterr().err
    assert "Traceback" not in error
    (line,) = error.splitlines()
    assert line.startswith("netcomposer: ")
    return line


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_design_that_cannot_be_read_is_2(
    command: str, kind: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, message = UNREADABLE[kind]
    if command == "gui" and kind not in ("missing", "folder"):
        pytest.skip("the window opens and shows the message")
    if content == "folder":
        Path("odd.yaml").mkdir()
    elif isinstance(content, bytes):
        Path("odd.yaml").write_bytes(content)
    before = sorted(folder.rglob("*"))
    assert main(words(command, "odd.yaml")) == 2
    assert message in sentence(capsys)
    assert sorted(folder.rglob("*")) == before  # what is refused leaves nothing behind


@pytest.mark.parametrize("command", sorted(command_names()))
def test_wrong_usage_is_2_in_one_sentence(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--no-such-option"]) == 2
    assert f"netcomposer {command} --help lists the options" in sentence(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek", "tiny.yaml"], "'chek' is neither a command nor a design file; did you mean 'check'?"),
        (["trian"], "did you mean 'train'?"),
        (["exprot"], "did you mean 'export'?"),
        (["xyzzy"], "'xyzzy' is neither a command nor a design file; netcomposer --help lists the commands"),
        (["nowhere.yaml"], "nowhere.yaml: file does not exist"),
        (["some/where"], "some/where: file does not exist"),
        (["--nonsense"], "netcomposer --help lists the options"),
        (["new", "hybrid", "-o", "x.yaml"], "hybrid_digits"),
        (["summary", "tiny.yaml", "--batch", "0"], "'0' is not an integer above 0"),
        (["summary", "tiny.yaml", "--roofline", "abacus"], "abacus"),
        (["train", "tiny.yaml", "--out", "run", "--lr", "fast"], "'fast' is not a number"),
        (["inspect", "nowhere", "--out", "maps"], "is not a run folder"),
        (["fit", "tiny.yaml"], "budget"),
        (["export", "tiny.yaml", "--to", "safetensors", "-o", "-"], "not text"),
        (["check", "tiny.yaml", "--blocks", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_what_cannot_be_carried_out_is_2(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in sentence(capsys)
    assert [path.name for path in folder.iterdir()] == ["tiny.yaml"]


@pytest.mark.parametrize(
    ("command", "code"), [("check", 1), ("summary", 1), ("export", 2), ("profile", 2), ("train", 2), ("fit", 2)]
)
def test_a_design_with_problems(command: str, code: int) -> None:
    Path("broken.yaml").write_text(TINY.replace("num_classes: 10", "num_clases: 10"))
    assert main(words(command, "broken.yaml")) == code


def test_designs_that_differ_are_1() -> None:
    Path("other.yaml").write_text(TINY.replace("out_channels: 8", "out_channels: 16"))
    assert main(["diff", "tiny.yaml", "other.yaml"]) == 1
    assert main(["diff", "tiny.yaml", "tiny.yaml"]) == 0


@pytest.mark.parametrize("command", sorted({*COMMANDS, "new", "blocks", "templates", "inspect", "demo"}))
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ZeroDivisionError("division by zero"), CRASH, "a fault of Netcomposer, not of your input (ZeroDivisionError"),
        (RecursionError("maximum\nrecursion depth"), CRASH, "RecursionError: maximum recursion depth"),
        (MemoryError(), 2, "there is not enough memory"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
    ],
    ids=["crash", "recursion", "memory", "interrupt"],
)
def test_what_goes_wrong_inside_a_command(
    command: str,
    error: BaseException,
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_words: list[str]) -> int:
        raise error

    monkeypatch.setattr("composer.cli.main._run", fail)
    assert main([command, "tiny.yaml"]) == code
    if not message:
        assert capsys.readouterr().err == ""
        return
    line = sentence(capsys)
    assert message in line
    logs = list((tmp_path / "home" / "logs").glob("crash-*.txt"))
    if code == CRASH:
        (log,) = logs
        assert str(log) in line
        text = log.read_text()
        assert "Traceback" in text and f"netcomposer {command} tiny.yaml" in text and "in fail" in text
    else:
        assert logs == []


def test_a_crash_without_a_writable_data_folder_is_logged_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr("composer.cli.main._run", lambda _words: 1 // 0)
    assert main(["check", "tiny.yaml"]) == CRASH
    assert str(tmp_path / "temporary" / "crash-") in sentence(capsys)


def test_an_exception_in_a_slot_is_reported_and_the_window_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[tuple[str, str]] = []
    with report_faults(lambda text, kind: shown.append((text, kind))) as faults:
        for error in (ValueError("one"), KeyError("two")):
            sys.excepthook(type(error), error, None)
    assert len(faults) == len(shown) == 2
    assert "KeyError: 'two'" in shown[1][0] and shown[1][1] == "error"
    assert "Traceback" not in capsys.readouterr().err
    assert list((tmp_path / "home" / "logs").glob("crash-*.txt"))


@pytest.mark.skipif(os.name != "posix", reason="no such device")
def test_a_full_disk_behind_standard_output_is_2() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "composer", "templates"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds(60),
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "netcomposer: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize(("command", "delay"), [("summary", 1.5), ("profile", 3.0), ("export", 2.0), ("check", 1.0)])
def test_ctrl_c_is_130_without_a_trace(command: str, delay: float, folder: Path) -> None:
    shutil.copy(template("swin_tiny"), folder / "large.yaml")
    process = subprocess.Popen(
        [sys.executable, "-m", "composer", *words(command, "large.yaml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=seconds(60))[1]
    # 0: it was faster; -SIGINT: it came before the command began, which a shell shows as 130, too.
    assert process.returncode in (0, INTERRUPTED, -signal.SIGINT)
    assert "Traceback" not in error


def test_a_custom_block_that_the_library_hides_is_named(folder: Path) -> None:
    from composer import paths

    mine = folder / "mine" / "conv"
    mine.mkdir(parents=True)
    shutil.copy(next(paths.BLOCKS.glob("*/conv_norm_act.py")), mine / "my_conv.py")
    shutil.copy(next(paths.BLOCKS.glob("*/squeeze_excite.py")), mine / "gate.py")
    (mine / "gate.py").write_text((mine / "gate.py").read_text().replace("SqueezeExcite", "Gate"))
    shutil.copy(mine / "gate.py", mine / "gate_again.py")
    done = subprocess.run(
        [sys.executable, "-m", "composer", "check", "tiny.yaml", "--blocks", str(folder / "mine")],
        capture_output=True,
        text=True,
        timeout=seconds(60),
        check=False,
    )
    assert done.returncode == 0
    other, hidden = (line for line in done.stdout.splitlines() if line.startswith("warning: "))
    assert other.endswith(
        f"gate_again.py: {mine / 'gate.py'} has a block Gate, too, which designs use; rename one of them"
    )
    assert hidden.endswith(
        "my_conv.py: the library has a block ConvNormAct, which designs use; give this one another name"
    )
