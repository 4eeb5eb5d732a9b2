"""The command line: parses the arguments, runs the command, and turns its errors into messages and exit codes."""

import argparse
import atexit
import errno
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from composer import __version__
from composer.cli import CRASH, INTERRUPTED, NOT_DONE, commands
from composer.cli.options import add_options, path
from composer.core.blocks import block_folders
from composer.core.errors import UserError
from composer.core.files import trusted_files

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # what a disk behind standard output reports
DESCRIPTION = "Compose vision networks: draw, see shapes and costs, train, inspect, export."


def command_names() -> list[str]:
    """Return the names of all commands: the files of `commands`, with hyphens for underscores."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))


class Parser(argparse.ArgumentParser):
    """A parser that reports wrong usage in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            UserError: with the reason, and where the options are listed.
        """
        raise UserError(f"{' '.join(message.split())}; {self.prog} --help lists the options")


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands and their options."""
    top = Parser(prog="netcomposer", description=DESCRIPTION)
    top.add_argument("--version", action="version", version=f"netcomposer {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND")
    for name in command_names():
        module = import_module(f"{commands.__name__}.{name.replace('-', '_')}")
        help = module.run.__doc__.split("\n\n")[0]
        command = subparsers.add_parser(name, help=help, description=help)
        add_options(command, module.run)
        if hasattr(module, "add_arguments"):
            module.add_arguments(command)
        command.add_argument(
            "--blocks",
            action="append",
            default=[],
            type=path,
            metavar="FOLDER",
            help="a folder of custom blocks, whose code may run",
        )
        command.add_argument(
            "--trust",
            action="append",
            default=[],
            type=path,
            metavar="FILE",
            help="a Python file with a dataset of your own, whose code may run",
        )
        command.set_defaults(function=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after the program's name; those of the process by default.

    Returns:
        Exit code: 0 for success, or one of `composer.cli`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _exit_on_interrupt():
            code = _run(words)
        sys.stdout.flush()  # here, where a full disk behind it can still be reported
    except UserError as error:
        print(f"netcomposer: {error}", file=sys.stderr)
        return NOT_DONE
    except BrokenPipeError:  # `netcomposer blocks | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except MemoryError:
        print("netcomposer: there is not enough memory for this; use a smaller design or batch", file=sys.stderr)
        return NOT_DONE
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            return _report_crash(error, words)
        sys.stdout = None  # or Python writes again when it ends, and prints a trace
        print(f"netcomposer: standard output cannot be written: {error.strerror}", file=sys.stderr)
        return NOT_DONE
    except Exception as error:  # noqa: BLE001 - the last resort: a trace is no message
        return _report_crash(error, words)
    return code


@contextmanager
def _exit_on_interrupt() -> Iterator[None]:
    """End the process on SIGINT without unwinding the stack; training and the window install handlers of their own.

    A KeyboardInterrupt that is raised while torch calls Python from C++ would abort the process with a trace.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    # Not the default: ignored, as under nohup, or handled by the program that called `main`.
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: _end_interrupted())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end_interrupted() -> NoReturn:
    """Remove temporary files and folders, and end the process."""
    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(INTERRUPTED)


def _report_crash(error: Exception, words: list[str]) -> int:
    """Write the trace of a fault of this program to a log, print the sentence that names it, and return the code."""
    from composer.core.files.crash_log import report_crash

    print(f"netcomposer: {report_crash(error, ['netcomposer', *words])}", file=sys.stderr)
    return CRASH


def _run(words: list[str]) -> int:
    """Parse the words and run the command that they name."""
    if not words or (not words[0].startswith("-") and words[0] not in command_names()):
        if words and not _is_design(words[0]):
            raise UserError(f"{words[0]!r} is neither a command nor a design file; {_suggestion(words[0])}")
        words = ["gui", *words]  # `netcomposer my_design.yaml` opens it
    namespace, unknown = parser().parse_known_args(words)
    options = vars(namespace)
    name = options.pop("command")
    if unknown:
        where = "" if name is None else f" {name}"
        raise UserError(f"unrecognized arguments: {' '.join(unknown)}; netcomposer{where} --help lists the options")
    run = options.pop("function")
    block_folders.add_session_folders(options.pop("blocks"))
    trusted_files.add_session_files(options.pop("trust"))
    return int(run(**options))


def _is_design(word: str) -> bool:
    """Return whether a first word names a file, also one that does not exist: that is another mistake."""
    file = Path(word)
    return not word.strip() or file.suffix.lower() in (".yaml", ".yml") or len(file.parts) > 1 or file.exists()


def _suggestion(word: str) -> str:
    if near := get_close_matches(word, command_names(), 1, 0.5):
        return f"did you mean {near[0]!r}?"
    return "netcomposer --help lists the commands"
