"""A power cut after any operation of the program's own writers: the old version or the new one, never neither.

Each scenario runs once under a recorder. Then every prefix of its operations is replayed on a model of a disk, and
every state that the model permits is written to a folder and read by the program.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from composer.core.files import design_file
from composer.core.files.run_folder import LAST, MetricsReader, is_run, read_run
from composer.core.files.run_samples import FOLDER
from tests.soak import scenarios
from tests.soak.disk_model import Disk
from tests.soak.file_operations import Recorder, watched
from tests.soak.plan import Soak
from tests.soak.scenarios import DESIGN, Scenario, after, before

Check = Callable[[Path, list[str]], list[str]]


def run(soak: Soak) -> None:
    """Cut the power in every scenario."""
    plain = [scenario for scenario in scenarios.file_scenarios() if scenario.name != "recovery file"]
    for scenario in [*plain, *scenarios.export_scenarios()]:
        cut_everywhere(soak, scenario)
    cut_everywhere(soak, Scenario("recovery file", scenarios.nothing, scenarios.back_up), recovery_opens)
    cut_everywhere(soak, Scenario("save over a backup", prepare_backup, save_and_drop_backup), newest_work_survives)
    cut_training(soak)
    damage_cost_store(soak)


def cut_everywhere(soak: Soak, scenario: Scenario, check: Check | None = None) -> None:
    """Replay every prefix of a scenario's operations.

    Args:
        soak: the plan.
        scenario: what is recorded.
        check: returns the violations in a folder after the marks that were reached; whole files by default.
    """
    folder = soak.scratch(scenario.name.replace(" ", "_"))
    work = folder / "work"
    work.mkdir()
    os.environ["NETCOMPOSER_HOME"] = str(work / "home")
    scenario.prepare(work)
    old, disk, recorder = scenarios.snapshot(work), Disk.of(work), Recorder()
    MARKER["mark"] = recorder.mark
    with watched(work, recorder):
        messages, crash = scenarios.perform(scenario, work)
    soak.expect(not messages and not crash, f"{scenario.name}: fails without a fault: {messages} {crash}")
    new = scenarios.snapshot(work)
    generator = soak.random(scenario.name)
    marks: list[str] = []
    tried: set[frozenset[tuple[str, bytes]]] = set()
    indices = set(soak.sample(range(len(recorder.operations)), scenario.name))
    for index, operation in enumerate(recorder.operations):
        if operation.kind == "mark":
            marks.append(operation.target)
        disk.apply(operation)
        if index not in indices:
            continue
        states = [state for state in disk.states(generator) if _key(state, marks) not in tried]
        for contents in soak.each(states):
            tried.add(_key(contents, marks))
            target = folder / "cut"
            target.mkdir()
            disk.write(contents, work, target)
            problems = check(target, marks) if check else scenarios.damaged_files(_visible(target), old, new)
            for problem in problems:
                soak.expect(
                    False,
                    f"{scenario.name}: after operation {index} ({operation.kind} "
                    f"{Path(operation.path).name}): {problem}",
                )
            shutil.rmtree(target)


MARKER: dict[str, Callable[[str], None]] = {}


def _key(contents: Mapping[str, bytes], marks: list[str]) -> frozenset[tuple[str, bytes]]:
    return frozenset([*contents.items(), ("marks", " ".join(marks).encode())])


def _visible(folder: Path) -> Path:
    """Remove the temporary files of interrupted writers, which nobody reads."""
    for path in [*folder.rglob(".*.part"), *folder.rglob("*.lock")]:
        path.unlink()
    return folder


def recovery_opens(folder: Path, _marks: list[str]) -> list[str]:
    """Read every recovery file as the next window does."""
    from composer.gui.session import recovery

    _visible(folder)
    os.environ["NETCOMPOSER_HOME"] = str(folder / "home")
    files = list(recovery.folder().glob("*.json"))
    opened = list(recovery.recoverable_work())
    return [] if len(opened) == len(files) else [f"{len(files) - len(opened)} recovery files cannot be opened"]


def prepare_backup(folder: Path) -> None:
    """Save the old design; the new one exists only as a backup."""
    scenarios.save_before(folder)


def save_and_drop_backup(folder: Path) -> list[str]:
    """Back the new design up, save it, and remove the backup, as the window does."""
    from composer.gui.session.recovery import RecoveryFile

    recovery = RecoveryFile()
    recovery.write(after(), folder / DESIGN)
    recovery.wait()
    MARKER["mark"]("backed up")
    design_file.save(after(), folder / DESIGN)
    recovery.remove()
    recovery.close()
    return []


def newest_work_survives(folder: Path, marks: list[str]) -> list[str]:
    """Check that the file is whole, and that the new design is in it or in a backup once it was backed up."""
    from composer.gui.session import recovery

    problems = recovery_opens(folder, marks)
    saved = design_file.load(folder / DESIGN)
    if saved not in (before(), after()):
        problems.append("the file is neither the old nor the new design")
    backups = [recovered.design for recovered in recovery.recoverable_work()]
    if "backed up" in marks and after() not in (saved, *backups):
        problems.append("the backed up work is in no file")
    return problems


# -- training ----------------------------------------------------------------------------------------------------------


def cut_training(soak: Soak) -> None:
    """Cut the power in a training and in a resumed one; continue it after some of the cuts."""
    from composer.engine.training.loop import train
    from composer.engine.training.report import Report

    class Marking(Report):
        """Marks a finished epoch when the user reads of it."""

        def metrics(self, record: Mapping[str, Any]) -> None:
            if record["kind"] == "epoch":
                MARKER["mark"](f"epoch {record['epoch']}")

        def state(self, state: Mapping[str, Any]) -> None:
            MARKER["mark"](f"state {state['state']}")

    def act(folder: Path, *, resumed: bool) -> list[str]:
        overrides = {} if resumed else {"epochs": 2}
        train(before(), folder / "run", device="cpu", resume=resumed, report=Marking(), **overrides)
        return []

    generator = soak.random("resume")

    def check(folder: Path, marks: list[str], *, first: int) -> list[str]:
        problems = run_is_whole(_visible(folder) / "run", marks, first)
        if (folder / "run" / FOLDER).is_dir() and generator.random() < 0.05:
            problems += samples_are_shown(folder / "run")
        if not problems and is_run(folder / "run") and generator.random() < 0.02:
            try:
                train(before(), folder / "run", device="cpu", resume=True)
                if read_run(folder / "run").state != "done":
                    problems.append("cannot be resumed to its end")
            except Exception as error:  # noqa: BLE001 - any of them is a violation
                problems.append(f"cannot be resumed: {type(error).__name__}: {error}")
        return problems

    fresh = Scenario("train", scenarios.nothing, partial(act, resumed=False))
    cut_everywhere(soak, fresh, partial(check, first=0))
    again = Scenario("resume", scenarios.train_first, partial(act, resumed=True))
    cut_everywhere(soak, again, partial(check, first=1))


def run_is_whole(run: Path, marks: list[str], first: int) -> list[str]:
    """Check a run folder: everything in it can be read, and no epoch that was reported is lost.

    Args:
        run: the folder.
        marks: what was reported before the cut.
        first: epochs that were finished before.
    """
    epochs = [first, *(int(mark.split()[1]) for mark in marks if mark.startswith("epoch"))]
    problems = [text for text in scenarios.damaged_files(run, {}, {}) if not scenarios.OPTIONAL.search(text)]
    if not is_run(run):
        return [*problems, f"epoch {epochs[-1]} was finished, but the folder is no run"] if epochs[-1] else problems
    info, records = read_run(run), MetricsReader(run).read()[0]
    if epochs[-1]:
        import torch

        checkpoint = torch.load(run / LAST, map_location="cpu", weights_only=True)
        if checkpoint["progress"]["epoch"] < epochs[-1]:
            problems.append(f"epoch {epochs[-1]} was finished, the checkpoint has {checkpoint['progress']['epoch']}")
    if info.state == "done":  # nothing will write the records again
        recorded = {record["epoch"] for record in records if record.get("kind") == "epoch"}
        if missing := set(range(1, info.epochs + 1)) - recorded:
            problems.append(f"the run is done, but its metrics lack epoch {sorted(missing)}")
    return problems


def samples_are_shown(run: Path) -> list[str]:
    """Show the images of each epoch as the window does, whether they are whole, torn or missing."""
    from composer.gui.widgets.sample_board import SampleBoard

    scenarios.qt_application()
    board = SampleBoard()
    try:
        board.show_run(run)
        for number in range(len(board.epochs)):
            board.slider.setValue(number)
            board.grab()
    except Exception as error:  # noqa: BLE001 - any of them is a violation
        return [f"the samples cannot be shown: {type(error).__name__}: {error}"]
    finally:
        board.deleteLater()
    return []


# -- the store of costs ------------------------------------------------------------------------------------------------


def damage_cost_store(soak: Soak) -> None:
    """Mix pages of an old and a new database, cut it, zero its pages: a cost is right or missing, never wrong."""
    from composer.engine.inference.cost_store import CostStore
    from composer.engine.inference.results import BlockCost

    folder = soak.scratch("costs")
    generator = soak.random("costs")

    def write(path: Path, numbers: range) -> None:
        store = CostStore(path)
        for number in numbers:
            store.put(f"key {number}", BlockCost(params=number))
        store.close()

    versions = []
    for stop in (40, 400, 900):
        write(folder / "costs.sqlite", range(stop // 3, stop))
        versions.append((folder / "costs.sqlite").read_bytes())
    page = 4096
    for _ in soak.each(range(soak.count(300, least=10))):
        one, two = generator.sample(versions, 2)
        pages = [generator.choice((one, two, two))[at : at + page] for at in range(0, len(two), page)]
        data = b"".join(pages)
        if generator.random() < 0.3:
            data = data[: generator.randrange(len(data))]
        if generator.random() < 0.3:
            at = generator.randrange(0, max(1, len(data)), page)
            data = data[:at] + bytes(page) + data[at + page :]
        path = folder / "cut.sqlite"
        path.write_bytes(data)
        store = CostStore(path)
        wrong = []
        for number in generator.sample(range(900), 60):
            cost = store.get(f"key {number}")
            if cost is not None and cost.params != number:
                wrong.append(f"key {number} has the cost of {cost.params}")
        store.put("key 5000", BlockCost(params=5000))
        store.close()
        soak.expect(not wrong, f"cost store: {', '.join(wrong[:3])}")
        path.unlink(missing_ok=True)
