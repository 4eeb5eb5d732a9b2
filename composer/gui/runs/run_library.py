"""The runs that the window knows: those in the user's folder and in folders that were opened."""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from composer import paths
from composer.core.files.run_folder import RunInfo, list_runs, read_run
from composer.gui.session.settings import settings

KEY = "run_folders"
# What new runs are called: the design and the time of day, which is said in words beside it.
STAMP = re.compile(r"-\d{8}-\d{6}(-\d+)?$")


def runs_folder() -> Path:
    """Where new runs go."""
    return paths.user_data() / "runs"


def opened_folders() -> list[Path]:
    """Folders the user opened: runs, or folders of runs."""
    found = settings().value(KEY, [])
    names = [found] if isinstance(found, str) else list(found) if isinstance(found, list) else []
    return [Path(str(name)) for name in names]


def open_folder(folder: Path) -> None:
    """Remember a folder."""
    settings().setValue(KEY, [str(path) for path in dict.fromkeys([*opened_folders(), folder])])


def forget_folder(folder: Path) -> None:
    """Forget a folder that was opened; nothing on disk changes."""
    settings().setValue(KEY, [str(path) for path in opened_folders() if path != folder])


def known_runs(others: Iterable[Path] = ()) -> list[RunInfo]:
    """All runs, newest first.

    Args:
        others: folders of further runs, such as those that this window started elsewhere.
    """
    found = [folder for root in (runs_folder(), *opened_folders(), *others) for folder in list_runs(root)]
    folders = dict.fromkeys(folder.absolute() for folder in found)
    return sorted((read_run(folder) for folder in folders), key=lambda info: info.created, reverse=True)


def short_name(info: RunInfo) -> str:
    """The folder's name without the time that new folders get."""
    return STAMP.sub("", info.name)


def when(info: RunInfo) -> str:
    """Day and time of its beginning, such as ``3 Aug 14:05``; the year where it is another."""
    then = time.localtime(info.created)
    year = "" if then.tm_year == time.localtime().tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year} {time.strftime('%H:%M', then)}" if info.created else ""


def name_and_time(info: RunInfo) -> str:
    """What names a run beside others."""
    return f"{short_name(info)}  {when(info)}"


def in_words(info: RunInfo) -> str:
    """A run in one line: how good, when, what."""
    return "   ".join(part for part in (info.best_text, when(info), short_name(info)) if part)


def resume_options(info: RunInfo, device: str = "auto") -> dict[str, Any]:
    """Return the options of `RunHandle` that resume a run, with the settings it was started with."""
    return {"device": device, "out": info.path, "resume": True}
