"""Options of the command line: how the parameters of a command's function become arguments of its parser.

A command is one file in `commands/`, whose function `run` has one typed parameter an option::

    def run(design: DesignFile, *, batch: Annotated[int, Option("--batch", help="batch size")] = 1) -> int:
        \"\"\"Print shapes and costs.\"\"\"

The docstring is the help of the command; a parameter without a default is required; a bool is a switch. A module may
also define `add_arguments(parser)` for arguments that are generated; `run` receives them as further keywords.
"""

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from composer.core.errors import UserError
from composer.core.number_text import parse_integer, parse_number


@dataclass(frozen=True)
class Option:
    """How one parameter appears on the command line.

    Args:
        flags: such as ``-o`` and ``--output``; without one the argument is positional.
        help: its line in the help of the command.
        metavar: name of its value there.
        type: converts the text; by default the annotation does.
        choices: allowed values.
    """

    flags: tuple[str, ...]
    help: str
    metavar: str | None
    type: Callable[[str], Any] | None
    choices: Sequence[str] | None

    def __init__(
        self,
        *flags: str,
        help: str = "",
        metavar: str | None = None,
        type: Callable[[str], Any] | None = None,
        choices: Sequence[str] | None = None,
    ) -> None:
        for name, value in (
            ("flags", flags),
            ("help", help),
            ("metavar", metavar),
            ("type", type),
            ("choices", choices),
        ):
            object.__setattr__(self, name, value)


def add_options(parser: argparse.ArgumentParser, run: Callable[..., int]) -> None:
    """Add an argument for each annotated parameter of a command's function."""
    hints = get_type_hints(run, include_extras=True)
    for name, parameter in inspect.signature(run).parameters.items():
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            annotation, option = get_args(hints[name])
            _add_option(parser, name, parameter.default, annotation, option)


def _add_option(parser: argparse.ArgumentParser, name: str, default: Any, annotation: Any, option: Option) -> None:
    required = default is inspect.Parameter.empty
    settings: dict[str, Any] = {"help": option.help.replace("%", "%%"), "default": None if required else default}
    if option.flags:
        settings |= {"dest": name, "required": required}
    elif not required:
        settings["nargs"] = "?"
    if annotation is bool:
        parser.add_argument(*option.flags, action="store_true", **settings)
        return
    plain = next((kind for kind in get_args(annotation) if kind is not type(None)), annotation)
    kind = plain if get_origin(annotation) in (Union, UnionType) else annotation
    settings |= {"type": option.type or _READERS.get(kind, kind), "metavar": option.metavar, "choices": option.choices}
    parser.add_argument(*(option.flags or (name,)), **settings)


def positive(text: str) -> int:
    """Read an integer above 0."""
    value = parse_integer(text)
    if value is None or value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer above 0")
    return value


def integer(text: str) -> int:
    """Read an integer as people write it: 12, 1_000, 1e3."""
    value = parse_integer(text)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer")
    return value


def number(text: str) -> float:
    """Read a number as people write it: 0.01, 1e-2, .5."""
    try:
        value = parse_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if value is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def path(text: str) -> Path:
    """Read a path; an empty text is none, though `Path` takes it for the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "the path is empty (is a variable of the shell not set?); name a file or folder"
        )
    return Path(text)


def count(text: str) -> int:
    """Read a number as people write it: 5M, 600k, 1.2G."""
    from composer.core.units import parse_count

    try:
        return parse_count(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def names(text: str) -> list[str]:
    """Read names that are separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


_READERS: dict[Any, Callable[[str], Any]] = {Path: path, int: integer, float: number}

DesignFile = Annotated[Path, Option(metavar="DESIGN", help="design file (YAML)")]
AsJson = Annotated[bool, Option("--json", help="print JSON")]
OutputFile = Annotated[Path, Option("-o", "--output", metavar="FILE", help="file to write")]
Force = Annotated[bool, Option("--force", help="replace an existing file that holds something else")]
ForceWeights = Annotated[
    bool,
    Option(
        "--force",
        help="replace an existing file that holds something else, and take weights trained in another network",
    ),
]
DeviceName = Annotated[str, Option("--device", help="auto, cpu, cuda, cuda:1, mps")]
BatchSize = Annotated[int, Option("--batch", type=positive, metavar="N", help="batch size")]
