"""Each part of the soak test in a small size, and faults that are planted to see whether the parts notice them."""

import errno
import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.files import design_file
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session
from tests.patience import seconds
from tests.soak import disk_full, kills, mutants, power_cut, scenarios, victims
from tests.soak.__main__ import ROOT, table_row
from tests.soak.disk_model import Disk
from tests.soak.edit_driver import EditDriver, canvas_differences, same_design
from tests.soak.file_operations import Failing, Recorder, watched
from tests.soak.plan import Soak
from tests.soak.promises import fingerprint
from tests.soak.readers import Reading, problems_of
from tests.soak.scenarios import DESIGN, Scenario

# Shares of the cases that take a few seconds.
SHARES = {
    "kills": 0.0,
    "mutations": 0.01,
    "random_edits": 0.01,
    "disk_full": 0.05,
    "power_cut": 0.02,
    "folders": 0.05,
    "concurrent": 0.02,
}


def soak_test(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "tests.soak", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds(110), check=False
    )


@pytest.fixture
def soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Soak:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    return Soak("test", tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("part", SHARES)
def test_a_small_part_sees_no_violation(part: str) -> None:
    done = soak_test(part, "--json", "--share", str(SHARES[part]))
    assert done.returncode in (0, 1), done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["violations"] == [] and done.returncode == 0
    assert result["cases"] == result["planned"] > 0


def test_the_table_has_a_row_for_each_part_and_a_crash_is_a_violation() -> None:
    done = soak_test("power_cut", "--seed", "not a number")
    assert done.returncode == 2
    done = soak_test("power_cut", "--share", "0.01")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[1].startswith("power_cut")
    row = table_row({"part": "kills", "cases": 3, "planned": 9, "seconds": 1.0, "violations": ["x"], "figures": {}})
    assert row.split()[1:4] == ["3/9", "!", "1"]


# -- planted faults ----------------------------------------------------------------------------------------------------


def write_in_place(folder: Path) -> list[str]:
    """Save as many programs do."""
    (folder / DESIGN).write_text(design_file.dumps(scenarios.after()))
    return []


def rename_without_flush(folder: Path) -> list[str]:
    (folder / "new.part").write_text(design_file.dumps(scenarios.after()))
    (folder / "new.part").replace(folder / DESIGN)
    return []


@pytest.mark.parametrize("act", [write_in_place, rename_without_flush])
def test_a_power_cut_finds_a_save_that_is_not_atomic(soak: Soak, act: object) -> None:
    power_cut.cut_everywhere(soak, Scenario("planted", scenarios.save_before, act))  # type: ignore[arg-type]
    assert any("damaged" in violation for violation in soak.violations)


def test_a_power_cut_permits_an_atomic_save(soak: Soak) -> None:
    power_cut.cut_everywhere(soak, Scenario("save", scenarios.save_before, scenarios.save_after))
    assert soak.violations == [] and soak.cases > 10


def leave_a_copy(folder: Path) -> list[str]:
    (folder / "backup.yaml").write_text(design_file.dumps(scenarios.before()))
    scenarios.save_after(folder)
    (folder / "backup.yaml").unlink()
    return []


def report_twice(folder: Path) -> list[str]:
    try:
        return scenarios.save_after(folder)
    except UserError as error:
        return [str(error), str(error)]


def report_nothing(folder: Path) -> list[str]:
    with suppress(OSError, UserError):
        design_file.save(scenarios.after(), folder / "copy.yaml")
    return []


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (write_in_place, "OSError"),
        (write_in_place, "damaged"),
        (leave_a_copy, "stray"),
        (report_twice, "not one message"),
        (report_nothing, "no message"),
    ],
)
def test_a_full_disk_finds_what_it_should(soak: Soak, act: object, reason: str) -> None:
    disk_full.fail_everywhere(soak, Scenario("planted", scenarios.save_before, act), errno.ENOSPC)  # type: ignore[arg-type]
    assert any(reason in violation for violation in soak.violations)


def promise(kind: str, **values: object) -> dict[str, object]:
    return {"kind": kind, "time": 0.0, **values}


@pytest.mark.parametrize(
    ("promises", "reason"),
    [
        ([], ""),
        ([("saving", "new")], ""),
        ([("saved", "new")], "not the version that was saved last"),
        ([("saved", "old"), ("edited", "new")], "s before the kill is lost"),
        ([("saved", "old"), ("durable", "new")], "s before the kill is lost"),
    ],
)
def test_a_killed_window_is_measured_by_its_promises(
    soak: Soak, tmp_path: Path, promises: list[tuple[str, str]], reason: str
) -> None:
    soak.figures.update({"lost saves": 0, "closed recoveries": 0})
    for name in victims.NAMES:
        scenarios.save_before(tmp_path)
        (tmp_path / DESIGN).rename(tmp_path / name)
    works = {"old": fingerprint(scenarios.before()), "new": fingerprint(scenarios.after())}
    path = str(tmp_path / victims.NAMES[0])
    rows = [promise(kind, work=works[work], path=path) for kind, work in promises]
    kills.check_window(soak, "window", tmp_path / "home", tmp_path, rows, moment=100.0)
    assert bool(soak.violations) == bool(reason)
    assert not reason or reason in soak.violations[0]
    assert (soak.figures["lost saves"] > 0) == bool(reason)


def test_a_damaged_backup_is_a_violation(soak: Soak, tmp_path: Path) -> None:
    scenarios.back_up(tmp_path)
    assert power_cut.recovery_opens(tmp_path, []) == []
    (backup,) = (tmp_path / "home" / "recovery").glob("*.json")
    backup.write_bytes(backup.read_bytes()[:-20])
    assert power_cut.recovery_opens(tmp_path, []) == ["1 recovery files cannot be opened"]


def test_a_lost_epoch_is_seen(soak: Soak, tmp_path: Path) -> None:
    soak.figures["lost epochs"] = 0
    scenarios.train_first(tmp_path)
    kills.check_training(soak, "training", tmp_path / "run", [promise("finished", epoch=1)])
    assert soak.violations == [] and power_cut.run_is_whole(tmp_path / "run", ["epoch 1"], 0) == []
    kills.check_training(soak, "training", tmp_path / "run", [promise("finished", epoch=2)])
    assert soak.figures["lost epochs"] == 1 and "epoch 2 was finished" in soak.violations[0]
    assert "epoch 2 was finished" in power_cut.run_is_whole(tmp_path / "run", ["epoch 2"], 0)[0]


def test_random_edits_repeat_and_a_canvas_that_lags_behind_is_seen(qapp: object, soak: Soak) -> None:
    designs = []
    for _ in range(2):
        session = Session(engine=None)
        try:
            session.document.apply(scenarios.before(), "Begin")
            scene, driver = DesignScene(session), EditDriver(session, random.Random(7))
            kinds = [driver.step() for _ in range(60)]
            assert canvas_differences(session, scene) == [] and len(set(kinds)) > 10
            designs.append(session.document.design)
            while not scene.nodes:
                driver.step()
            next(iter(scene.nodes.values())).moveBy(1.0, 0.0)
            assert "is drawn at" in canvas_differences(session, scene)[0]
        finally:
            session.close()
    assert same_design(*designs)


def test_writes_are_seen_wherever_they_come_from(tmp_path: Path) -> None:
    recorder = Recorder()
    with watched(tmp_path, recorder):
        (tmp_path / "a").write_bytes(b"one")
        with (tmp_path / "a").open("ab", buffering=0) as file:
            file.write(b" two")
        scenarios.save_before(tmp_path)
        (tmp_path / "a").unlink()
        (tmp_path / "folder").mkdir()
    kinds = [operation.kind for operation in recorder.operations]
    assert kinds[:4] == ["create", "write", "write", "create"]
    assert kinds.index("fsync") < kinds.index("rename")
    assert kinds[-2:] == ["unlink", "mkdir"]
    disk = Disk({}, {str(tmp_path)})
    for operation in recorder.operations:
        disk.apply(operation)
    # The design is on the disk in every state; the removal of the other file was not flushed.
    saved = (str(tmp_path.resolve() / DESIGN), (tmp_path / DESIGN).read_bytes())
    states = list(disk.states(random.Random(0)))
    assert all(saved in state.items() for state in states)
    assert {len(state) for state in states} == {1, 2}


def test_what_fails_fails_once_or_from_then_on(tmp_path: Path) -> None:
    for lasting, failures in ((False, 1), (True, 3)):
        failing = Failing(errno.ENOSPC, 1, lasting=lasting, kinds=frozenset({"create"}))
        errors = 0
        with watched(tmp_path, failing):
            for number in range(4):
                try:
                    (tmp_path / f"{lasting}_{number}").write_bytes(b"x")
                except OSError as error:
                    errors += error.errno == errno.ENOSPC
        assert errors == failures


def test_a_reading_is_judged() -> None:
    canary = Path("no such file")
    assert problems_of(Reading("ok", 0), canary) == []
    assert problems_of(Reading("refused", 2, "netcomposer: one sentence\n"), canary) == []
    for bad in (
        Reading("crash", 70, "TypeError"),
        Reading("two lines", 2, "one\ntwo\n"),
        Reading("nothing", 2, ""),
        Reading("trace", 1, "Traceback"),
        Reading("slow", 0, seconds=1e4),
        Reading("large", 0, peak=2 * 10**9),
    ):
        assert len(problems_of(bad, canary)) == 1, bad


def test_a_hostile_pickle_would_run(tmp_path: Path) -> None:
    import pickle

    canary = tmp_path / "canary"
    pickle.loads(mutants.hostile_checkpoints(str(canary))[0])
    assert problems_of(Reading("pickle", 0), canary) == ["code of the file was executed"]
    assert not canary.exists()
