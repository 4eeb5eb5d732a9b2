"""What a process that will be killed has promised to its user, in a file that outlives it."""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from composer.core.files import design_file
from composer.core.graph import Design


class Promises:
    """Appends promises, one line each; a write that has returned survives the death of its process.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.note("born")

    def note(self, kind: str, **values: Any) -> None:
        """Append a promise with the time, which all processes of the machine share."""
        line = json.dumps({"kind": kind, "time": time.monotonic(), **values}) + "\n"
        os.write(self._descriptor, line.encode())


def read_promises(path: Path) -> list[dict[str, Any]]:
    """Return all promises in their order."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def fingerprint(design: Design) -> str:
    """Return a hash of everything that a design file stores."""
    return hashlib.sha256(design_file.dumps(design).encode()).hexdigest()[:16]
