"""A run has one owner: the locks of `run_owner`, raced by real processes."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.files import run_owner
from composer.core.files.run_owner import RunLock, TakenOverError, living_owner, process_start, read_owner
from tests.patience import seconds

RACER = """
import os, sys, time
from pathlib import Path
from composer.core.errors import UserError
from composer.core.files.run_owner import RunLock
folder, links = Path(sys.argv[1]), sys.argv[2]
if links == "without":
    def link(*_): raise PermissionError(1, "Operation not permitted")
    os.link = link
print("ready", flush=True)
sys.stdin.readline()
try:
    lock = RunLock.acquire(folder)
    print("won", flush=True)
    sys.stdin.readline()
    lock.check()
except UserError as error:
    print(error, flush=True)
"""
DEAD = 2**22 + 1  # above the highest process id


def write_owner(folder: Path, number: int = 1, *, age: float = 0.0, **values: object) -> Path:
    """Write the file of an owner."""
    file = folder / f".owner-{number}.json"
    owner = {"host": socket.gethostname(), "pid": DEAD, "start": "boot:1", "since": 1.0, **values}
    file.write_text(json.dumps(owner))
    os.utime(file, (time.time() - age,) * 2)
    return file


def racers(folder: Path, links: str) -> list[subprocess.Popen[str]]:
    """Start eight processes that wait for a signal to own the folder."""
    command = [sys.executable, "-c", RACER, str(folder), links]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(8)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    return children


@pytest.mark.parametrize("links", ["with", "without"])
@pytest.mark.parametrize("before", ["nothing", "dead", "released"])
def test_of_eight_processes_that_start_together_one_wins(tmp_path: Path, links: str, before: str) -> None:
    for round in range(3):
        folder = tmp_path / str(round)
        folder.mkdir()
        if before == "dead":
            write_owner(folder, 7)
        elif before == "released":
            (folder / ".owner-3.json").touch()
        children = racers(folder, links)
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
        answers = [child.stdout.readline().strip() for child in children if child.stdout is not None]
        assert answers.count("won") == 1, answers
        assert all(f"{folder} is being trained by process" in answer for answer in answers if answer != "won")
        winner = children[answers.index("won")]
        owner = living_owner(folder)
        assert owner is not None
        assert owner.pid == winner.pid
        for child in children:
            child.communicate("end\n", timeout=seconds(20))
        assert living_owner(folder) is None
        assert len(list(folder.iterdir())) == 1  # the drafts of all eight are gone


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    random.seed(10)
    for _ in range(5):
        children = racers(tmp_path, "with")
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
        time.sleep(random.random() * 0.02)
        for child in children:
            child.send_signal(signal.SIGKILL)
        for child in children:
            child.communicate(timeout=seconds(20))
        lock = RunLock.acquire(tmp_path)
        assert living_owner(tmp_path) is not None
        lock.release()


def test_a_living_owner_refuses_another_and_release_frees_the_run(tmp_path: Path) -> None:
    lock = RunLock.acquire(tmp_path)
    with pytest.raises(UserError, match=rf"is being trained by process {os.getpid()} of this machine; stop it first"):
        RunLock.acquire(tmp_path)
    lock.check()
    lock.release()
    assert read_owner(tmp_path) is None
    RunLock.acquire(tmp_path).release()


def test_a_process_with_the_id_of_a_dead_owner_is_not_the_owner(tmp_path: Path) -> None:
    start = process_start(os.getpid())
    assert start
    write_owner(tmp_path, pid=os.getpid(), start=start)
    assert living_owner(tmp_path) is not None
    write_owner(tmp_path, pid=os.getpid(), start=start + "0")
    assert living_owner(tmp_path) is None
    RunLock.acquire(tmp_path).release()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the start of a process does not follow the clock")
def test_setting_the_clock_kills_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    lock = RunLock.acquire(tmp_path)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 1.0)
    assert living_owner(tmp_path) is not None
    lock.release()


def test_an_owner_on_another_machine_is_dead_after_a_long_silence(tmp_path: Path) -> None:
    write_owner(tmp_path, host="gpu7", pid=12, age=60)
    with pytest.raises(UserError, match=r"process 12 on gpu7 \(last sign of life 1 min ago\).* add --take-over"):
        RunLock.acquire(tmp_path)
    write_owner(tmp_path, host="gpu7", pid=12, age=run_owner.SILENCE + 60)
    lock = RunLock.acquire(tmp_path)
    assert lock.predecessor is not None
    assert lock.predecessor.host == "gpu7"
    lock.release()


def test_the_heartbeat_touches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_owner, "HEARTBEAT", 0.02)
    lock = RunLock.acquire(tmp_path)
    os.utime(lock.file, (1, 1))
    deadline = time.monotonic() + seconds(10)
    while lock.file.stat().st_mtime < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lock.file.stat().st_mtime > 2
    lock.release()


def test_after_a_forced_take_over_the_former_owner_notices(tmp_path: Path) -> None:
    former = RunLock.acquire(tmp_path)
    lock = RunLock.acquire(tmp_path, take_over=True)
    with pytest.raises(TakenOverError, match=rf"taken over by process {os.getpid()}; this process stops"):
        former.check()
    former.release()
    lock.check()
    assert living_owner(tmp_path) is not None
    lock.release()


def test_a_folder_that_disappeared_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    lock = RunLock.acquire(folder)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="the run folder is missing; bring it back"):
        lock.check()
    (tmp_path / "elsewhere").rename(folder)
    lock.check()
    lock.release()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"host": 3}', b"\xff\x00"])
def test_a_damaged_owner_file_locks_nobody_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".owner-5.json").write_bytes(content)
    lock = RunLock.acquire(tmp_path)
    assert lock.file.name == ".owner-6.json"
    lock.release()
