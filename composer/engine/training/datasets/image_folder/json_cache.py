"""Small results in the user's cache folder, a JSON file each; the oldest files are removed beyond a number."""

import contextlib
import json
from pathlib import Path
from typing import Any

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.json_text import load_json

MAX_FILES = 64  # in each folder


def cache_file(folder: str, digest: str) -> Path:
    """Return the file of a result."""
    return paths.user_cache() / folder / f"{digest}.json"


def read_cache(file: Path) -> Any:
    """Return what a file holds; None if there is none, or it is damaged."""
    try:
        return load_json(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def write_cache(file: Path, content: Any) -> None:
    """Store a result; a full or read-only disk costs time, not the training."""
    text = json.dumps(content)
    with contextlib.suppress(OSError, UserError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda out: out.write(text.encode()))
        others = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in others[:-MAX_FILES]:
            old.unlink()
