"""The runs that the window lists: those in the user's folder and in folders that were opened."""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from composer import paths
from composer.core.files.run_folder import RunInfo
from composer.gui.settings import settings

KEY = "run_folders"
# New runs are named after the design and the time of day, which the list shows in words beside the name.
STAMP = re.compile(r"-\d{8}-\d{6}(-\d+)?$")


def runs_folder() -> Path:
    """Return the folder of new runs."""
    return paths.user_data() / "runs"


def opened_folders() -> list[Path]:
    """Return the folders that the user opened: runs, or folders of runs."""
    value = settings().value(KEY, [])
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
    return [Path(str(name)) for name in names]


def open_folder(folder: Path) -> None:
    """Add a folder to the opened ones."""
    settings().setValue(KEY, [str(path) for path in dict.fromkeys([*opened_folders(), folder])])


def forget_folder(folder: Path) -> None:
    """Remove a folder from the opened ones; nothing on disk changes."""
    settings().setValue(KEY, [str(path) for path in opened_folders() if path != folder])


def roots(others: Iterable[Path] = ()) -> list[Path]:
    """Return the folders in which runs are listed.

    Args:
        others: folders of further runs, such as those that this window started elsewhere.
    """
    return [runs_folder(), *opened_folders(), *others]


def short_name(info: RunInfo) -> str:
    """Return the folder's name without the time that new folders get."""
    return STAMP.sub("", info.name)


def when(info: RunInfo) -> str:
    """Return day and time of its start, such as ``3 Aug 14:05``, with the year if it is not the current one."""
    then = time.localtime(info.created)
    year = "" if then.tm_year == time.localtime().tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {time.strftime('%b', then)}{year} {time.strftime('%H:%M', then)}" if info.created else ""


def name_and_time(info: RunInfo) -> str:
    """Return what identifies a run among others."""
    return f"{short_name(info)}  {when(info)}"


def in_words(info: RunInfo) -> str:
    """Return a run in one line: best value, start, name."""
    return "   ".join(part for part in (info.best_text, when(info), short_name(info)) if part)


def resume_options(info: RunInfo, device: str = "auto") -> dict[str, Any]:
    """Return the options of `RunHandle` that resume a run, with the settings it was started with."""
    return {"device": device, "out": info.path, "resume": True}
