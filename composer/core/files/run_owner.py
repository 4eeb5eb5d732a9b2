"""Who may write a run: one process at a time, on this machine or on another one that shares the folder.

Owners are numbered. A process becomes the owner by creating ``.owner-N.json`` with the number after the highest one,
which exactly one of several processes can do, on network folders too. The file of a process that has ended stays until
its successor exists: without it, two processes that both saw the dead owner could take the same number after each
other. A released file is empty.

A process of this machine is dead if its id is free or belongs to a process that started at another time. A process of
another machine cannot be looked up; the owner therefore touches its file regularly, and an old file counts as dead.
"""

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from composer.core import units
from composer.core.errors import UserError

PREFIX, SUFFIX = ".owner-", ".json"
HEARTBEAT = 20.0  # seconds between two touches of the file
# Seconds of silence after which the owner on another machine counts as dead. Network folders may show the time of a
# file up to a minute late.
SILENCE = 300.0
ATTEMPTS = 50
# Seconds. Systems count the start of a process in ticks of up to 16 ms; Linux adds a boot time that the clock corrects.
START_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True)
class RunOwner:
    """A process that trains a run.

    Args:
        host: name of its machine.
        pid: its process id there.
        start: identity of the process's start, see `process_start`.
        since: Unix time at which it became the owner.
        silence: seconds since it touched its file, by the clock of the folder's machine where that is possible.
    """

    host: str
    pid: int
    start: str
    since: float
    silence: float = 0.0

    @property
    def local(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == socket.gethostname()

    @property
    def living(self) -> bool:
        """Whether it may still write; of another machine's process only the silence is known."""
        if not self.local:
            return self.silence < SILENCE
        start = process_start(self.pid)
        return start is not None and (start == self.start or "" in (start, self.start))

    def __str__(self) -> str:
        if self.local:
            return f"process {self.pid}"
        return f"process {self.pid} on {self.host} (last sign of life {units.duration(self.silence)} ago)"


class TakenOverError(UserError):
    """The run belongs to another process by now."""


@dataclass
class RunLock:
    """The ownership of a run folder by this process.

    Args:
        folder: the run.
        file: the file of this owner.

    Attributes:
        predecessor: the owner that this one took over from, because it had died; None if the run was free.
    """

    folder: Path
    file: Path
    predecessor: RunOwner | None = None
    _released: threading.Event = field(default_factory=threading.Event)
    _heartbeat: threading.Thread | None = None

    @classmethod
    def acquire(cls, folder: Path, *, take_over: bool = False) -> "RunLock":
        """Become the owner of a run.

        Args:
            folder: the run; it must exist.
            take_over: replace an owner that seems to be alive. Should it be, it notices before it writes again.

        Raises:
            UserError: if another process owns the run, or the folder cannot be written.
        """
        forced = _highest(folder) if take_over else None
        try:
            for _ in range(ATTEMPTS):
                number = _highest(folder)
                owner = _read(folder, number, _folder_time(folder))
                if owner is not None and owner.living and number != forced:
                    raise UserError(_refusal(folder, owner))
                lock = cls._claim(folder, number, forced)
                if lock is not None:
                    lock.predecessor = owner
                    lock._start_heartbeat()
                    return lock
                time.sleep(0.02)
        except OSError as error:
            raise UserError(f"{folder}: cannot be written: {error.strerror or error}") from None
        raise UserError(f"{folder}: several processes try to train this run; start one of them again")

    @classmethod
    def _claim(cls, folder: Path, number: int, forced: int | None) -> "RunLock | None":
        """Create the file after `number`; return None if another process was faster."""
        file = _path(folder, number + 1)
        if not _create(file, _identity()):
            return None
        # A list of files may be old: what matters is that nobody is above this owner, and that the one below is dead.
        below = _read(folder, number)
        if _highest(folder) != number + 1 or (number != forced and below is not None and below.living):
            file.unlink(missing_ok=True)
            return None
        for other in _numbers(folder):
            if other <= number:
                _path(folder, other).unlink(missing_ok=True)
        return cls(folder, file)

    def check(self) -> None:
        """Make sure, before something is written, that the run still belongs to this process.

        Raises:
            TakenOverError: if it does not.
            UserError: if the folder is gone.
        """
        try:
            if self.file.exists():
                return
        except OSError:  # the folder's server does not answer: what is written next will report it
            return
        if not self.folder.is_dir():
            raise UserError(f"{self.folder}: the run folder is missing; bring it back")
        owner = read_owner(self.folder)
        by = f"taken over by {owner}" if owner is not None else "taken over by another process"
        raise TakenOverError(f"{self.folder} was {by}; this process stops and writes nothing more")

    def release(self) -> None:
        """Let the next process own the run."""
        if not self._released.is_set():
            self._released.set()
            with contextlib.suppress(OSError):
                os.truncate(self.file, 0)
            if self._heartbeat is not None:
                self._heartbeat.join(1.0)  # it may be waiting for a network folder

    def discard(self) -> None:
        """Release a folder that has become no run, and leave no file in it."""
        self.release()
        if self.file == _path(self.folder, 1):  # a higher number must stay above those that others may be taking now
            with contextlib.suppress(OSError):
                self.file.unlink()

    def _start_heartbeat(self) -> None:
        self._heartbeat = threading.Thread(target=self._beat, name="owner of a run", daemon=True)
        self._heartbeat.start()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT):
            with contextlib.suppress(OSError):
                os.utime(self.file)


def read_owner(folder: Path) -> RunOwner | None:
    """Return the process that owns a run, dead or alive; None if the last owner has released it."""
    return _read(folder, _highest(folder))


def living_owner(folder: Path) -> RunOwner | None:
    """Return the process that trains a run at this moment; None if there is none."""
    owner = read_owner(folder)
    return owner if owner is not None and owner.living else None


def was_owned(folder: Path) -> bool:
    """Return whether a run has ever had an owner; runs of early versions have not."""
    return _highest(folder) > 0


def is_owner_file(name: str) -> bool:
    """Return whether a file in a run folder belongs to this module."""
    return name.startswith(PREFIX)


def process_start(pid: int) -> str | None:
    """Return what tells a process from a later one with the same id; None if no such process is running, empty if that
    is not allowed to be seen.

    On Linux these are the boot and the clock ticks since then, which do not change when the clock is set.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if (stat := Path(f"/proc/{pid}/stat")).exists():
            ticks = stat.read_text().rsplit(")", 1)[1].split()[19]
            return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
        return f"{process.create_time():.2f}"
    except psutil.AccessDenied:
        return ""
    except (psutil.Error, OSError, ValueError):
        return None


def is_alive(pid: object, started: object = None) -> bool:
    """Return whether a process of this machine is running.

    Args:
        pid: its id.
        started: Unix time of its start, which tells it from a later process with the same id; None if unknown.
    """
    if not isinstance(pid, int) or pid <= 0:
        return False
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return not isinstance(started, int | float) or abs(process.create_time() - started) <= START_TOLERANCE
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _refusal(folder: Path, owner: RunOwner) -> str:
    if owner.local:
        return f"{folder} is being trained by {owner} of this machine; stop it first, or choose another folder"
    return (
        f"{folder} is being trained by {owner}; stop it there first. If it has certainly ended, add --take-over, or "
        f"wait until it has been silent for {units.duration(SILENCE)}"
    )


def _identity() -> bytes:
    pid = os.getpid()
    owner = {"host": socket.gethostname(), "pid": pid, "start": process_start(pid), "since": round(time.time(), 3)}
    return json.dumps(owner).encode()


def _path(folder: Path, number: int) -> Path:
    return folder / f"{PREFIX}{number}{SUFFIX}"


def _numbers(folder: Path) -> list[int]:
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    cores = (name[len(PREFIX) : -len(SUFFIX)] for name in names if name.startswith(PREFIX) and name.endswith(SUFFIX))
    return [int(core) for core in cores if core.isdecimal()]


def _highest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _read(folder: Path, number: int, now: float | None = None) -> RunOwner | None:
    path = _path(folder, number)
    try:
        silence = (time.time() if now is None else now) - path.stat().st_mtime
        data: Any = json.loads(path.read_bytes())
        return RunOwner(
            str(data["host"]), int(data["pid"]), str(data["start"] or ""), float(data["since"]), max(0.0, silence)
        )
    except (OSError, ValueError, TypeError, KeyError):  # released, or gone meanwhile
        return None


def _folder_time(folder: Path) -> float:
    """Return the present time by the clock that stamps the folder's files, which may be another machine's."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX) as file:
        return os.fstat(file.fileno()).st_mtime


def _create(path: Path, data: bytes) -> bool:
    """Create a file with its content in one step; return False if it exists already."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=PREFIX)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        try:
            os.link(draft, path)
        except FileExistsError:
            # A network folder may report that of the link that it has just made, when the first reply was lost.
            return draft.stat().st_nlink == 2
        except OSError:  # a file system without links: the name is taken first, and the content follows
            return _create_plainly(path, data)
        return True
    finally:
        draft.unlink(missing_ok=True)


def _create_plainly(path: Path, data: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True
