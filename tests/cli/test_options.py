"""Commands: one file each, whose function's parameters are the options."""

import argparse
from pathlib import Path
from typing import Annotated

import pytest

from composer.cli import commands
from composer.cli.main import command_names, main, parser
from composer.cli.options import BatchSize, DesignFile, Option, add_options, count, names, positive

COMMAND = '''"""A command of one file."""

from typing import Annotated

from composer.cli.options import Option


def run(word: Annotated[str, Option()], *, times: Annotated[int, Option("--times", help="100 %")] = 1) -> int:
    """Say a word."""
    print(" ".join([word] * times))
    return 5
'''


def sample(
    design: DesignFile,
    second: Annotated[Path | None, Option(metavar="B")] = None,
    *,
    out: Annotated[Path, Option("-o", "--out")],
    batch: BatchSize = 2,
    theme: Annotated[str, Option("--theme", choices=("light", "dark"))] = "light",
    rate: Annotated[float | None, Option("--rate")] = None,
    quiet: Annotated[bool, Option("-q")] = False,
    **more: object,
) -> int:
    return 0


def parse(*words: str) -> dict[str, object]:
    built = argparse.ArgumentParser(exit_on_error=False)
    add_options(built, sample)
    return vars(built.parse_args(words))


def test_parameters_become_options_of_their_types() -> None:
    defaults = {"second": None, "batch": 2, "theme": "light", "rate": None, "quiet": False}
    assert parse("a.yaml", "-o", "x") == {"design": Path("a.yaml"), "out": Path("x"), **defaults}
    full = parse("a", "b", "--out", "x", "--batch", "3", "--theme", "dark", "--rate", "0.5", "-q")
    assert full == {
        "design": Path("a"),
        "second": Path("b"),
        "out": Path("x"),
        "batch": 3,
        "theme": "dark",
        "rate": 0.5,
        "quiet": True,
    }


@pytest.mark.parametrize(
    "words", [("a",), ("-o", "x"), ("a", "-o", "x", "--batch", "0"), ("a", "-o", "x", "--theme", "blue")]
)
def test_what_is_missing_or_wrong_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        parse(*words)


def test_readers() -> None:
    assert (positive("3"), count("1.5k"), names(" a, b,,")) == (3, 1500, ["a", "b"])
    for read, text in ((positive, "-1"), (positive, "x"), (count, "many")):
        with pytest.raises(argparse.ArgumentTypeError):
            read(text)


def test_a_command_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shout.py").write_text(COMMAND)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert "shout" in command_names() and "Say a word." in parser().format_help()
    assert main(["shout", "yes", "--times", "2"]) == 5
    assert capsys.readouterr().out == "yes yes\n"


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in command_names():
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert capsys.readouterr().out.startswith(f"usage: netcomposer {name}")
