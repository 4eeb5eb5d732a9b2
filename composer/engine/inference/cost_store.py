"""Costs of blocks kept between processes: a design seen before shows its facts without the second that importing torch takes.

One SQLite file for each state of the sources: its name is a hash of all block files, of the files here that measure, and of the
versions of torch and Python, so that nothing is ever read that other code has written. A store that cannot be read or written is
as if it were empty; nothing depends on it but time. Blocks of the user's own folders are never kept, because what they import is
not known here.
"""

import hashlib
import importlib.util
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from composer import paths
from composer.engine.inference.results import BlockCost

MEASURED_BY = ("cost", "results", "fused_attention", "meta_kernels", "run_block")
MAX_ROWS = 50_000  # about 20 MB
KEPT_FILES = 3  # of earlier states: people go back and forth between versions
_PATIENCE_S = 0.2  # another process writes for a millisecond


class CostStore:
    """A memo on disk.

    Args:
        path: its file; made when something is first written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new: dict[str, BlockCost] = {}
        self._connection: sqlite3.Connection | None = None
        self._usable = True

    @classmethod
    def of_user(cls) -> "CostStore":
        """The store of this user for the sources as they are now."""
        return cls(paths.user_cache() / f"costs-{_fingerprint()}.sqlite")

    def get(self, key: str) -> BlockCost | None:
        """What was kept under a key, or None."""
        if not self._usable or not self.path.exists():
            return None
        try:
            row = self._open().execute("SELECT value FROM costs WHERE key = ?", (key,)).fetchone()
            return _from_json(json.loads(row[0])) if row else None
        except (sqlite3.Error, OSError, ValueError, TypeError, KeyError):
            self._give_up()
            return None

    def put(self, key: str, cost: BlockCost) -> None:
        """Keep a cost; on disk with the next `flush`. Errors are not kept: their cause may lie outside the sources."""
        if self._usable and cost.error is None:
            self._new[key] = cost

    def flush(self) -> None:
        """Write what is new."""
        if not self._new:
            return
        rows = [(key, json.dumps(_to_json(cost), separators=(",", ":"))) for key, cost in self._new.items()]
        self._new.clear()
        try:
            fresh = not self.path.exists()
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO costs VALUES (?, ?)", rows)
                connection.execute("DELETE FROM costs WHERE rowid <= (SELECT max(rowid) FROM costs) - ?", (MAX_ROWS,))
            if fresh:
                self._forget_old_files()
        except (sqlite3.Error, OSError):
            self._give_up()

    def close(self) -> None:
        """Write what is new and close the file."""
        self.flush()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=_PATIENCE_S)
            # Safe against a killed process, not against a power cut, whose damage SQLite finds: no waiting for the disk.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("CREATE TABLE IF NOT EXISTS costs (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        return self._connection

    def _give_up(self) -> None:
        """Leave the file alone for the rest of this process, and take away one that is no database any more."""
        self._usable = False
        self._new.clear()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        with suppress(OSError):
            if self.path.is_file() and self.path.read_bytes()[:15] != b"SQLite format 3":
                self.path.unlink()

    def _forget_old_files(self) -> None:
        others = sorted(
            (path for path in self.path.parent.glob("costs-*.sqlite") if path != self.path), key=_age, reverse=True
        )
        for path in others[KEPT_FILES:]:
            path.unlink(missing_ok=True)


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _fingerprint() -> str:
    """A hash of everything that decides a cost, by name, size and time of change of the files, as Python's own caches do it."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _sources():
        with suppress(FileNotFoundError):  # gone since it was listed: an editor or git is at work
            status = path.stat()
            digest.update(f"{path}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield from sorted(paths.BLOCKS.rglob("*.py"))
    yield from (Path(__file__).with_name(f"{name}.py") for name in MEASURED_BY)
    torch = importlib.util.find_spec("torch")  # finds, and does not import
    if torch is not None and torch.origin is not None:
        yield Path(torch.origin).with_name("version.py")


def _to_json(cost: BlockCost) -> dict[str, Any]:
    return {name: getattr(cost, name) for name in BlockCost.__dataclass_fields__ if name != "error"}


def _from_json(data: dict[str, Any]) -> BlockCost:
    lists: dict[str, Any] = {name: tuple(data[name]) for name in ("saved_inputs", "saved_outputs", "aliases", "stored")}
    lists["outputs"] = tuple(
        (tuple(shape), dtype, grad, tuple(strides)) for shape, dtype, grad, strides in data["outputs"]
    )
    return BlockCost(**{**data, **lists})
