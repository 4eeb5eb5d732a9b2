"""The command line: parses the arguments, runs the command, and turns its errors into messages and exit codes."""

import argparse
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module

from composer import __version__
from composer.cli import commands
from composer.cli.options import add_options
from composer.core.blocks import block_folders
from composer.core.errors import UserError

USAGE = 2
DESCRIPTION = "Compose vision networks: draw, see shapes and costs, train, inspect, export."


def command_names() -> list[str]:
    """Return the names of all commands: the files of `commands`."""
    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands and their options."""
    top = argparse.ArgumentParser(prog="netcomposer", description=DESCRIPTION)
    top.add_argument("--version", action="version", version=f"netcomposer {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND")
    for name in command_names():
        module = import_module(f"{commands.__name__}.{name}")
        help = module.run.__doc__.split("\n\n")[0]
        command = subparsers.add_parser(name, help=help, description=help)
        add_options(command, module.run)
        if hasattr(module, "add_arguments"):
            module.add_arguments(command)
        command.add_argument(
            "--blocks",
            action="append",
            default=[],
            metavar="FOLDER",
            help="a folder of custom blocks, whose code may run",
        )
        command.set_defaults(function=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after the program's name; those of the process by default.

    Returns:
        Exit code: 0 for success, 1 if the design has problems or differs, 2 if the command could not be run.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (not words[0].startswith("-") and words[0] not in command_names()):
        words = ["gui", *words]  # `netcomposer my_design.yaml` opens it
    options = vars(parser().parse_args(words))
    options.pop("command")
    run = options.pop("function")
    try:
        block_folders.add_session_folders(options.pop("blocks"))
        return int(run(**options))
    except UserError as error:
        print(f"netcomposer: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # `netcomposer blocks | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
