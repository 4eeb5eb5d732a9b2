"""Where a run comes from, and data that is not what it was when the run began."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from composer.core.errors import UserError
from composer.engine.training.loop import train
from composer.engine.training.storage import provenance
from composer.engine.training.storage.data_change import check_data
from composer.engine.training.storage.provenance import GitState
from tests.engine.designs import tiny

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
PATIENT = 30.0  # seconds that git may take on a busy machine


def git(folder: Path, *words: str) -> str:
    """Run git in a folder."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one committed file in a folder."""
    folder = tmp_path / "repository"
    (folder / "designs").mkdir(parents=True)
    (folder / "designs" / "net.yaml").write_text("a")
    git(folder, "init", "-q", "-b", "trunk")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


@needs_git
def test_commit_branch_and_changes_of_the_folder_are_read(repository: Path) -> None:
    designs = repository / "designs"
    expected = {"commit": git(repository, "rev-parse", "HEAD"), "branch": "trunk", "dirty": False}
    assert GitState(designs).result(PATIENT) == expected
    (repository / "untracked").write_text("x")
    assert GitState(designs).result(PATIENT) == expected
    (designs / "net.yaml").write_text("b")
    assert GitState(designs).result(PATIENT) == {**expected, "dirty": True}


@needs_git
def test_without_a_repository_a_commit_or_a_folder_there_is_no_state(tmp_path: Path) -> None:
    assert GitState(tmp_path).result(PATIENT) is None
    assert GitState(tmp_path / "missing").result(PATIENT) is None
    assert GitState(None).result(PATIENT) is None
    git(tmp_path, "init", "-q")
    assert GitState(tmp_path).result(PATIENT) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script in place of git")
def test_a_slow_git_is_ended_and_a_missing_one_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    state = GitState(tmp_path)
    process = state._process
    assert process is not None
    start = time.monotonic()
    assert state.result(0.01) is None
    assert time.monotonic() - start < 30
    assert not psutil.pid_exists(process.pid)
    monkeypatch.setenv("PATH", "/nowhere")
    assert GitState(tmp_path).result() is None


@needs_git
def test_a_run_records_its_origin(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "GIT_SECONDS", PATIENT)
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, folder=repository / "designs")
    settings = run.settings()
    assert settings["git"] == {"commit": git(repository, "rev-parse", "HEAD"), "branch": "trunk", "dirty": False}
    assert settings["versions"]["torch"] == torch.__version__
    assert settings["versions"].keys() >= {"netcomposer", "python", "lightning-fabric"}
    assert settings["hardware"].keys() >= {"host", "system", "cpu", "cores", "memory"}
    assert settings["command"] == sys.orig_argv
    assert settings["data"]["digest"]


def record(**changes: object) -> dict[str, object]:
    """Return a record of data."""
    values = {"source": "images:/photos", "digest": "a", "classes": ["cat", "dog"], "counts": {"train": 8, "val": 2}}
    return {**values, **changes}


def test_other_classes_or_counts_are_refused_and_other_samples_reported() -> None:
    run = Path("runs/one")
    assert check_data(run, record(), record()) is None
    assert check_data(run, None, record()) is None  # an early version
    assert check_data(run, record(digest=""), record()) is None
    warning = check_data(run, record(), record(digest="b"))
    assert warning is not None
    assert warning.startswith("files of images:/photos have changed since runs/one began")
    with pytest.raises(
        UserError,
        match=r"runs/one was trained on 2 classes, but images:/photos has 3 classes now \(new: fox\)",
    ):
        check_data(run, record(), record(classes=["cat", "dog", "fox"]))
    with pytest.raises(UserError, match=r"2 classes now \(in another order\)"):
        check_data(run, record(), record(classes=["dog", "cat"]))
    with pytest.raises(UserError, match=r"1 class now \(missing: dog\)"):
        check_data(run, record(), record(classes=["cat"]))
    with pytest.raises(UserError, match=r"has changed since the run began \(train 8 → 7, test 0 → 1\)"):
        check_data(run, record(), record(counts={"train": 7, "val": 2, "test": 1}))


def test_a_resumed_run_compares_its_data(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    settings = run.settings()
    settings["data"]["counts"]["train"] += 1
    run._write_json("settings.json", settings)
    with pytest.raises(UserError, match=r"number of samples of digits has changed since the run began \(train 1439"):
        train(tiny(), run.path, device="cpu", epochs=2, resume=True)
    assert run.state()["epoch"] == 1
