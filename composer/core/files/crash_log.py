"""Traces of faults of this program, in files that a report can include."""

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from composer import __version__, paths

FOLDER = "logs"
MAX_LOGS = 20


def write_crash_log(error: BaseException, words: Sequence[str] = ()) -> Path | None:
    """Write the trace of an error to a file of its own.

    Args:
        error: the error.
        words: the command line.

    Returns:
        The file: in the user's data folder, or in the folder of temporary files if that cannot be written; None if
        neither can.
    """
    head = (
        f"netcomposer {__version__}, Python {platform.python_version()}, {platform.platform()}\n{' '.join(words)}\n\n"
    )
    text = head + "".join(traceback.format_exception(error))
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (paths.user_data() / FOLDER, Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        with suppress(OSError):
            for old in sorted(folder.glob("crash-*.txt"))[:-MAX_LOGS]:
                old.unlink()
        return path
    return None


def report_crash(error: BaseException, words: Sequence[str] = ()) -> str:
    """Write the trace of an error to a file, and return the sentence for the user, which names it.

    Args:
        error: the error.
        words: the command line.
    """
    summary = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    path = write_crash_log(error, words)
    if path is None:
        traceback.print_exception(error, file=sys.stderr)
        where = "the trace is above, because no log could be written"
    else:
        where = f"the trace is in {path}"
    return f"this is a fault of Netcomposer, not of your input ({summary}); {where}, please include it in a report"
