"""What holds for every test: no screen, a home of its own, one thread a process, and nothing left behind."""

import gc
import multiprocessing
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before Qt and torch are imported: both read their environment once. Two workers with a thread each use two cores best.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("OMP_NUM_THREADS", "1")
_HOME = tempfile.TemporaryDirectory(prefix="netcomposer-test-")
os.environ["NETCOMPOSER_HOME"] = _HOME.name

# Started once a process by libraries, and harmless: they sleep until there is work.
LIBRARY_THREADS = ("pydevd", "execnet", "tqdm", "hypothesis", "QtThread", "Dummy-", "ThreadPoolExecutor", "pymp-")


def _children() -> set[int]:
    """Processes that this one has started and that still run."""
    if sys.platform != "linux":
        return {child.pid for child in multiprocessing.active_children() if child.pid is not None}
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(int(pid) for pid in (task / "children").read_text().split())
        except OSError:  # the thread has ended meanwhile
            continue
    return {pid for pid in found if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith(LIBRARY_THREADS)}


def _timers() -> list[str]:
    """Qt timers that would still fire."""
    if "PySide6.QtCore" not in sys.modules:
        return []
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    timers = [item for item in gc.get_objects() if type(item) is QTimer]
    return [f"{timer.parent()!r} {timer.interval()} ms" for timer in timers if isValid(timer) and timer.isActive()]


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a process or (where Qt is used) a running timer behind."""
    with_qt = "qtbot" in request.fixturenames or "qapp" in request.fixturenames
    threads, children = _threads(), _children()
    timers = len(_timers()) if with_qt else 0
    yield
    left = [f"thread {thread.name}" for thread in _threads() - threads if thread.is_alive()]
    left += [f"process {pid}" for pid in _children() - children]
    if with_qt and len(found := _timers()) > timers:
        left += [f"timer {text}" for text in found]
    if left:
        pytest.fail(f"left behind: {', '.join(left)}")
