"""Costs of blocks on disk: a design that was inferred before needs no import of torch, which takes a second.

There is one SQLite file for each state of the sources: its name is a hash of all block files, of the modules that
measure, and of the versions of torch and Python, so nothing is read that other code has written. A store that cannot be
read or written behaves as if it were empty. Custom blocks are never stored, because their imports are unknown here.
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
from composer.core.json_text import load_json
from composer.engine.inference.results import BlockCost

MEASURED_BY = ("cost", "results", "fused_attention", "meta_kernels", "run_block")
# About 20 MB.
MAX_ROWS = 50_000
# Files of earlier states of the sources: a developer goes back and forth between versions.
MAX_OLD_FILES = 3
# Another process holds the lock for a millisecond.
LOCK_TIMEOUT_S = 0.2


class CostStore:
    """Costs of blocks in one SQLite file.

    Args:
        path: the file; created by the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new: dict[str, BlockCost] = {}
        self._connection: sqlite3.Connection | None = None
        self._usable = True

    @classmethod
    def of_user(cls) -> "CostStore":
        """Return the store of this user for the current sources."""
        return cls(paths.user_cache() / f"costs-{_fingerprint()}.sqlite")

    def get(self, key: str) -> BlockCost | None:
        """Return the cost that is stored under a key, or None."""
        if not self._usable or not self.path.exists():
            return None
        try:
            row = self._open().execute("SELECT value FROM costs WHERE key = ?", (key,)).fetchone()
            return _from_json(load_json(row[0])) if row else None
        except (sqlite3.Error, OSError, ValueError, TypeError, KeyError):
            self._disable()
            return None

    def put(self, key: str, cost: BlockCost) -> None:
        """Store a cost with the next `flush`; errors are not stored, because their cause may be outside the sources."""
        if self._usable and cost.error is None:
            self._new[key] = cost

    def flush(self) -> None:
        """Write new costs."""
        if not self._new:
            return
        rows = [(key, json.dumps(_to_json(cost), separators=(",", ":"))) for key, cost in self._new.items()]
        self._new.clear()
        try:
            is_new_file = not self.path.exists()
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO costs VALUES (?, ?)", rows)
                connection.execute("DELETE FROM costs WHERE rowid <= (SELECT max(rowid) FROM costs) - ?", (MAX_ROWS,))
            if is_new_file:
                self._remove_old_files()
        except (sqlite3.Error, OSError):
            self._disable()

    def close(self) -> None:
        """Write new costs and close the file."""
        self.flush()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=LOCK_TIMEOUT_S)
            # Survives kill -9; SQLite detects damage by power loss, and the store is then written again.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("CREATE TABLE IF NOT EXISTS costs (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        return self._connection

    def _disable(self) -> None:
        """Stop using the file in this process, and remove it if it is no database any more."""
        self._usable = False
        self._new.clear()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        with suppress(OSError):
            if self.path.is_file() and self.path.read_bytes()[:15] != b"SQLite format 3":
                self.path.unlink()

    def _remove_old_files(self) -> None:
        """Remove the stores of earlier states of the sources, except for the latest few."""
        others = [path for path in self.path.parent.glob("costs-*.sqlite") if path != self.path]
        for path in sorted(others, key=_modified, reverse=True)[MAX_OLD_FILES:]:
            path.unlink(missing_ok=True)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _fingerprint() -> str:
    """Return a hash of all that determines a cost; files by path, size and time of change, as Python's own caches."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _sources():
        with suppress(FileNotFoundError):  # an editor or git removed it since it was listed
            status = path.stat()
            digest.update(f"{path}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    """Yield the files that decide a cost."""
    yield from sorted(paths.BLOCKS.rglob("*.py"))
    yield from (Path(__file__).with_name(f"{name}.py") for name in MEASURED_BY)
    torch = importlib.util.find_spec("torch")  # finds the package without importing it
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
