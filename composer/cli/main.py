"""The command line: which words it takes. What each command does stands in `commands`."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from composer import __version__
from composer.cli import commands, training_flags
from composer.core.blocks import block_folders
from composer.core.device_profiles import PROFILES
from composer.core.errors import UserError
from composer.core.export_targets import export_targets

USAGE = 2


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    what = "Compose vision networks: draw, see shapes and costs, train, look inside, export."
    top = argparse.ArgumentParser(prog="netcomposer", description=what)
    top.add_argument("--version", action="version", version=f"netcomposer {__version__}")
    sub = top.add_subparsers(dest="command", metavar="COMMAND")

    def command(function: Any, *arguments: tuple[tuple[str, ...], dict[str, Any]]) -> None:
        found = sub.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        found.add_argument(
            "--blocks",
            action="append",
            default=[],
            metavar="FOLDER",
            help="a folder of your own blocks, whose code may run",
        )
        for flags, options in arguments:
            found.add_argument(*flags, **options)
        found.set_defaults(function=function)

    design = (("design",), {"metavar": "DESIGN", "help": "design file (YAML)"})
    as_json = (("--json",), {"action": "store_true", "help": "print JSON"})
    output = (("-o", "--output"), {"required": True, "metavar": "FILE", "help": "file to write"})
    command(commands.gui, (("design",), {"metavar": "DESIGN", "nargs": "?", "help": "design file to open"}))
    command(commands.demo, (("--out",), {"default": "demo_out", "metavar": "DIR", "help": "folder for the results"}))
    command(commands.blocks, as_json)
    command(commands.templates, as_json)
    command(
        commands.new,
        (("template",), {"metavar": "TEMPLATE"}),
        output,
        (("--force",), {"action": "store_true", "help": "replace an existing file"}),
    )
    command(
        commands.check,
        design,
        (("--fix",), {"action": "store_true", "help": "apply the first repair of each error and write the design"}),
        (("-o", "--output"), {"metavar": "FILE", "help": "with --fix: where to write; the design itself by default"}),
    )
    command(
        commands.summary,
        design,
        (("--batch",), {"type": _positive, "default": 1, "metavar": "N", "help": "batch size"}),
        as_json,
        (("--layers",), {"action": "store_true", "help": "print torchinfo's table of layers"}),
        (("--roofline",), {"metavar": "DEVICE", "help": f"least time on a device: this, {', '.join(PROFILES)}"}),
        (
            ("--precision",),
            {"default": "fp32", "choices": ("fp32", "tf32", "bf16", "fp16"), "help": "of the numbers, for --roofline"},
        ),
    )
    command(
        commands.export,
        design,
        (("--to",), {"choices": (*export_targets(), *commands.PICTURES), "required": True}),
        (("-o", "--output"), {"required": True, "metavar": "FILE", "help": "file to write, - for standard output"}),
        (("--package",), {"action": "store_true", "help": "the same as --to package: Python that imports the blocks"}),
        (
            ("--verify",),
            {"action": "store_true", "help": "prove in a clean process that the source equals the drawn network"},
        ),
        (("--run",), {"metavar": "RUN", "help": "take the trained weights of this run"}),
    )
    command(
        commands.fit,
        design,
        (("--params",), {"type": _count, "metavar": "N", "help": "most parameters, such as 5M"}),
        (("--macs",), {"type": _count, "metavar": "N", "help": "most MACs of one sample, such as 600M"}),
        (("--vary",), {"metavar": "NAMES", "help": "variables to vary, separated by commas; all by default"}),
        (("-o", "--output"), {"metavar": "FILE", "help": "write the design with the best setting"}),
    )
    command(
        commands.replace,
        design,
        (("--block",), {"metavar": "BLOCK", "help": "the block to replace"}),
        (("--nodes",), {"metavar": "IDS", "help": "only these nodes, separated by commas"}),
        (("--by",), {"required": True, "metavar": "BLOCK", "help": "the block to put in its place"}),
        output,
    )
    command(
        commands.diff,
        (("before",), {"metavar": "A"}),
        (("after",), {"metavar": "B"}),
        as_json,
        (("--markdown",), {"action": "store_true", "help": "print Markdown for a pull request"}),
        (("-q", "--quiet"), {"action": "store_true", "help": "print nothing if nothing differs"}),
    )
    command(
        commands.profile,
        design,
        (("--device",), {"default": "auto", "help": "auto, cpu, cuda, cuda:1, mps"}),
        (("--batch",), {"type": _positive, "default": 1, "metavar": "N"}),
        (
            ("--depth",),
            {
                "type": _positive,
                "default": 1,
                "metavar": "N",
                "help": "2 lists what is in sub-graphs too, 3 what is in theirs",
            },
        ),
        as_json,
    )
    command(
        commands.train,
        design,
        (("--out",), {"required": True, "metavar": "RUN", "help": "folder of the run"}),
        (("--device",), {"default": "auto", "help": "auto, cpu, cuda, cuda:1, mps"}),
        (("--resume",), {"action": "store_true", "help": "continue a run that was stopped or killed"}),
        (
            ("--parent-pipe",),
            {"action": "store_true", "help": "exchange JSON lines with the process that started this one"},
        ),
    )
    training_flags.add_flags(sub.choices["train"])
    command(
        commands.inspect,
        (("run",), {"metavar": "RUN", "help": "folder of a run"}),
        (("--image",), {"metavar": "FILE", "help": "an image of your own"}),
        (("--sample",), {"type": int, "metavar": "N", "help": "number of a validation image"}),
        (("--out",), {"required": True, "metavar": "DIR", "help": "folder for the pictures"}),
    )
    command(commands.screenshot, design, output, (("--theme",), {"choices": ("light", "dark"), "default": "light"}))
    return top


def _positive(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def _count(text: str) -> int:
    """A number as people write it: 5M, 600k, 1.2G."""
    from composer.core.units import parse_count

    try:
        return parse_count(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after the program's name; those of the process by default.

    Returns:
        Exit code: 0 done, 1 the design has problems, 2 the command could not be carried out.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (not words[0].startswith("-") and not callable(getattr(commands, words[0], None))):
        words = ["gui", *words]  # `netcomposer my_design.yaml` opens it
    args = parser().parse_args(words)
    try:
        block_folders.add_session_folders(args.blocks)
        return int(args.function(args))
    except UserError as error:
        print(f"netcomposer: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # `netcomposer blocks | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
