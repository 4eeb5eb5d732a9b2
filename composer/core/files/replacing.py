"""Whether a file may be replaced without asking: the one decision for everything that this program writes.

A file holds work of the user unless the opposite is certain. It may be replaced if it

* does not exist or is empty, or already holds the very content;
* is unchanged since this program read it, and the user named it as the target, too (`stamp`): saving an opened design,
  ``check --fix``, ``replace a.yaml -o a.yaml``;
* is unchanged since this program wrote it as the same kind of output from the same source (`record`): running an export
  again.

All else is refused in one sentence, which names what to do.

On the command line: `check_replace` before the work, `write_output` for the file. In the window: keep
``FileStamp.of(path)`` of an opened design (`load_stamped` returns it with the design); before saving call
``replace_problem(path, stamp=stamp)``; a text is why the file must not be replaced unasked, None is yes; after saving
take a new stamp.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import check_target, shown, write_atomically
from composer.core.json_text import load_json

FOLDER = "written"
MAX_RECORDS = 5000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Which version of a file was read or written.

    Args:
        mtime_ns: time of the last change, in nanoseconds.
        size: bytes.
        digest: SHA-256 of the content.
    """

    mtime_ns: int
    size: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """Return the stamp of a file; None if it does not exist or cannot be read."""
        try:
            status = path.stat()
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except (OSError, ValueError):
            return None
        return cls(status.st_mtime_ns, status.st_size, digest.hexdigest())

    @classmethod
    def of_content(cls, content: bytes, status: os.stat_result) -> Self:
        """Return the stamp of a content that was just read."""
        return cls(status.st_mtime_ns, len(content), hashlib.sha256(content).hexdigest())

    def matches(self, path: Path) -> bool:
        """Return whether a file still holds this version; another time alone is no change."""
        try:
            status = path.stat()
        except (OSError, ValueError):
            return False
        if status.st_size != self.size:
            return False
        # Compared even if the time is the same: FAT counts in steps of two seconds, and tools restore times.
        current = FileStamp.of(path)
        return current is not None and current.digest == self.digest


def replace_problem(
    path: Path,
    *,
    stamp: FileStamp | None = None,
    kind: str = "",
    source: Path | None = None,
    content: bytes | None = None,
) -> str | None:
    """Return why a file must not be replaced without asking the user, as one clause; None if it may be.

    Args:
        path: the file that would be written; symbolic links are followed.
        stamp: the version that this program read from this very file, or from ``source``; it counts only if they are
            the same file.
        kind: what would be written, such as ``python``; files recorded as this kind may be replaced.
        source: the file that the output is made from.
        content: the new content, if it is known already.
    """
    try:
        path = path.resolve()
        if not path.exists():
            return None
        status = path.stat()
        if not status.st_mode & 0o222:
            return "is write-protected"
        if status.st_size == 0 and stamp is None:
            return None
    except (OSError, ValueError, RuntimeError):
        return None  # writing it reports the problem
    if stamp is not None and (source is None or path == source.resolve()):
        return None if stamp.matches(path) else "has changed on disk since it was read"
    current = FileStamp.of(path)
    if current is None:
        return "exists already and cannot be read"
    if content is not None and hashlib.sha256(content).hexdigest() == current.digest:
        return None
    row = _read_record(path)
    if row is None or not kind:
        return "exists already"
    if row.get("digest") != current.digest:
        return "exists already and was edited since it was written"
    if (row.get("kind"), row.get("source")) != (kind, _source_name(source)):
        origin = f" from {row['source']}" if row.get("source") else ""
        return f"exists already and holds a {row.get('kind')} output{origin}"
    return None


def check_replace(
    path: Path,
    *,
    force: bool = False,
    stamp: FileStamp | None = None,
    kind: str = "",
    source: Path | None = None,
    content: bytes | None = None,
) -> None:
    """Refuse to replace a file that holds work of the user; arguments as in `replace_problem`.

    Args:
        path: the file.
        force: the user has agreed (``--force``).
        stamp: the version that was read from it.
        kind: what would be written.
        source: the file that the output is made from.
        content: the new content, if it is known.

    Raises:
        UserError: if it may not be replaced, or the path cannot be written at all.
    """
    check_target(path)
    if not force and (reason := replace_problem(path, stamp=stamp, kind=kind, source=source, content=content)):
        raise UserError(f"{shown(path)} {reason}; choose another name or add --force to replace it")


def write_output(
    path: Path,
    content: bytes,
    *,
    kind: str,
    source: Path | None = None,
    force: bool = False,
    stamp: FileStamp | None = None,
) -> None:
    """Write an output and record it, so that the same command may replace it while nobody has edited it.

    The decision is made again immediately before the file is replaced: work that took minutes leaves time for an edit.

    Raises:
        UserError: if the file may not be replaced or cannot be written.
    """

    def check() -> None:
        check_replace(path, force=force, stamp=stamp, kind=kind, source=source, content=content)

    check()
    write_atomically(path, lambda file: file.write(content), before_replace=check)
    if source is None or path.resolve() != source.resolve():
        record(path, kind=kind, source=source, digest=hashlib.sha256(content).hexdigest())


def record(path: Path, *, kind: str, source: Path | None = None, digest: str = "") -> None:
    """Remember that this program wrote a file. Without a writable data folder the next run needs ``--force``.

    Args:
        path: the file.
        kind: what was written.
        source: the file that the output was made from.
        digest: SHA-256 of the content; by default that of the file.
    """
    stamp = None if digest else FileStamp.of(path)
    digest = digest or (stamp.digest if stamp is not None else "")
    _write_record(path, {"kind": kind, "source": _source_name(source), "digest": digest})


def check_folder_files(folder: Path, names: Iterable[str], *, kind: str, force: bool = False) -> None:
    """Refuse to write files into a folder in which they would replace files of the user.

    Args:
        folder: the folder; it need not exist.
        names: the files that will be written, relative to the folder.
        kind: what is written, as in `record_folder_files`.
        force: the user has agreed (``--force``).

    Raises:
        UserError: if one of them exists and is not as this program wrote it.
    """
    if force:
        return
    row = _read_record(folder.resolve()) or {}
    files = row.get("files") if row.get("kind") == kind else None
    digests = files if isinstance(files, dict) else {}
    for name in names:
        stamp = FileStamp.of(folder / name)
        if (folder / name).exists() and (stamp is None or digests.get(name) != stamp.digest):
            raise UserError(
                f"{shown(folder)} holds {shown(Path(name))}, which would be replaced; choose another folder, move it "
                "away, or add --force"
            )


def record_folder_files(folder: Path, names: Iterable[str], *, kind: str) -> None:
    """Remember that this program wrote files in a folder, so that the same command may replace them."""
    stamps = {name: FileStamp.of(folder / name) for name in names}
    _write_record(folder, {"kind": kind, "files": {name: stamp.digest for name, stamp in stamps.items() if stamp}})


def _write_record(path: Path, values: dict[str, Any]) -> None:
    path = path.resolve()
    row = {"path": str(path), **values}
    file = _record_file(path)
    with suppress(OSError, UserError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda out: out.write(json.dumps(row).encode()))
        _drop_old_records(file.parent)


def _source_name(source: Path | None) -> str:
    return str(source.resolve()) if source is not None else ""


def _record_file(path: Path) -> Path:
    """Return the file of a path's record: one small file each, so that processes at the same time lose none."""
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    return paths.user_data() / FOLDER / f"{name}.json"


def _read_record(path: Path) -> dict[str, Any] | None:
    try:
        row = load_json(_record_file(path).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) and row.get("path") == str(path) else None


def _drop_old_records(folder: Path) -> None:
    """Keep the newest records only."""
    files = list(folder.glob("*.json"))
    if len(files) > MAX_RECORDS:
        files.sort(key=lambda file: file.stat().st_mtime_ns)
        for file in files[: len(files) - MAX_RECORDS * 9 // 10]:
            file.unlink(missing_ok=True)
