"""Rules for every test: no screen, a home folder of its own, one thread per process, and nothing left running."""

import gc
import multiprocessing
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck
from pytestqt.qtbot import QtBot

from tests.patience import seconds
from tests.patient_qtbot import PatientQtBot

# Before Qt and torch are imported, because both read their environment once. Two workers with one thread each make the
# best use of two cores.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("OMP_NUM_THREADS", "1")
_HOME = tempfile.TemporaryDirectory(prefix="netcomposer-test-")
os.environ["NETCOMPOSER_HOME"] = _HOME.name

# `make test` runs the same examples on every machine; `make fuzz` runs new ones, 20 times as many (see `examples` in
# strategies.py). Hypothesis' own deadlines are off, because a busy machine misses them.
_NO_CLOCK = hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
hypothesis.settings.register_profile("test", _NO_CLOCK, derandomize=True)
hypothesis.settings.register_profile("fuzz", _NO_CLOCK, max_examples=20 * _NO_CLOCK.max_examples, print_blob=True)
hypothesis.settings.load_profile("test")

# Threads that libraries start once per process; they sleep until there is work.
LIBRARY_THREADS = ("pydevd", "execnet", "tqdm", "hypothesis", "QtThread", "Dummy-", "ThreadPoolExecutor", "pymp-")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Scale the default deadline of a test; pytest-timeout reads it after this. `--timeout` is taken as it is."""
    if config.option.timeout is None:
        config.option.timeout = seconds(float(config.getini("timeout")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Scale the deadlines of tests that have their own."""
    for item in items:
        if marker := item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(seconds(marker.args[0])), append=False)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """The bot of pytest-qt, whose waits have scaled deadlines."""
    return PatientQtBot(request)


def _child_processes() -> set[int]:
    """Return the ids of the running processes that this one has started."""
    if sys.platform != "linux":
        return {child.pid for child in multiprocessing.active_children() if child.pid is not None}
    pids: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            pids.update(int(pid) for pid in (task / "children").read_text().split())
        except OSError:  # the thread has ended meanwhile
            continue
    return {pid for pid in pids if _is_running(pid)}


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.name.startswith(LIBRARY_THREADS)}


def _active_timers() -> list[str]:
    """Describe the Qt timers that would still fire."""
    if "PySide6.QtCore" not in sys.modules:
        return []
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    timers = [item for item in gc.get_objects() if type(item) is QTimer]
    return [f"{timer.parent()!r} {timer.interval()} ms" for timer in timers if isValid(timer) and timer.isActive()]


@pytest.fixture(autouse=True)
def leaves_nothing_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a process or (where Qt is used) a timer running."""
    uses_qt = "qtbot" in request.fixturenames or "qapp" in request.fixturenames
    threads, processes = _threads(), _child_processes()
    timer_count = len(_active_timers()) if uses_qt else 0
    yield
    leaks = [f"thread {thread.name}" for thread in _threads() - threads if thread.is_alive()]
    leaks += [f"process {pid}" for pid in _child_processes() - processes]
    if uses_qt and len(timers := _active_timers()) > timer_count:
        leaks += [f"timer {timer}" for timer in timers]
    if leaks:
        pytest.fail(f"left running: {', '.join(leaks)}")
