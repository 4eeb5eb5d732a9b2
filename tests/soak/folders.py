"""A folder that cannot be written, a folder that vanishes during the work, and a clock that was set back."""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from composer.core.files import design_file
from composer.core.files.run_folder import LAST, read_run
from tests.soak import scenarios
from tests.soak.file_operations import Calling, Failing, watched
from tests.soak.plan import Soak
from tests.soak.scenarios import DESIGN, Scenario

READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
WRITING = frozenset({"create", "truncate", "write", "rename", "unlink", "mkdir", "rmdir"})
YEAR_S = 365 * 86_400.0


def run(soak: Soak) -> None:
    """Take folders away and turn the clock."""
    rows = [*scenarios.file_scenarios(), *scenarios.export_scenarios(), *scenarios.training_scenarios()]
    for scenario in rows:
        read_only(soak, scenario)
        vanish_everywhere(soak, scenario)
    turn_clock(soak)


def prepared(soak: Soak, scenario: Scenario, name: str) -> Path:
    """Prepare a scenario once; return the folder to copy."""
    template = soak.scratch(f"{name}_{scenario.name.replace(' ', '_')}") / "before"
    template.mkdir()
    os.environ["NETCOMPOSER_HOME"] = str(template.parent / "unused")
    scenario.prepare(template)
    return template


def read_only(soak: Soak, scenario: Scenario) -> None:
    """Do the work in a folder where nothing can be written: one message, and the folder as before."""
    template = prepared(soak, scenario, "read_only")
    old = scenarios.snapshot(template)
    for number in soak.each(READ_ONLY):
        work = template.parent / "work"
        shutil.copytree(template, work)
        os.environ["NETCOMPOSER_HOME"] = str(template.parent / "home")
        with watched(work, Failing(number, 0, lasting=True, kinds=WRITING)):
            messages, crash = scenarios.perform(scenario, work)
        label = f"{scenario.name}: {os.strerror(number)}"
        soak.expect(not crash, f"{label}: {crash}")
        writes = scenario.name != "recovery file"  # that one writes below the home folder
        # The window session saves twice, under two names.
        expected = (1, 2) if scenario.name == "window session" else (1,)
        soak.expect(not writes or crash or len(messages) in expected, f"{label}: not one message: {messages}")
        soak.expect(all("\n" not in text for text in messages), f"{label}: not one line: {messages}")
        soak.expect(scenarios.snapshot(work) == old, f"{label}: files have changed")
        shutil.rmtree(work)


def vanish_everywhere(soak: Soak, scenario: Scenario) -> None:
    """Move the folder away before each operation: one message, and whole files in the folder that went."""
    template = prepared(soak, scenario, "vanish")
    old = scenarios.snapshot(template)
    base = template.parent
    work, away = base / "work", base / "away"

    def attempt(index: int) -> tuple[list[str], str, int]:
        shutil.copytree(template, work)
        os.environ["NETCOMPOSER_HOME"] = str(base / "home")
        calling = Calling(lambda: work.rename(away), index)
        with watched(work, calling):
            messages, crash = scenarios.perform(scenario, work)
        return messages, crash, calling.seen

    number = attempt(-1)[2]
    new = scenarios.snapshot(work)
    shutil.rmtree(work)
    for index in soak.each(soak.sample(range(number), scenario.name)):
        messages, crash, _ = attempt(index)
        label = f"{scenario.name}: the folder vanishes before operation {index} of {number}"
        soak.expect(not crash, f"{label}: {crash}")
        one_line = all(text and "\n" not in text for text in messages)
        soak.expect(len(messages) <= (2 if "session" in scenario.name else 1) and one_line, f"{label}: {messages}")
        for path in away.rglob(".*.part"):  # the folder left before its writer could remove it
            path.unlink()
        for path in away.rglob(".*.old"):
            path.unlink()
        damaged = [text for text in scenarios.damaged_files(away, old, new) if "lost" not in text]
        soak.expect(not damaged, f"{label}: {damaged}")
        for folder in (work, away):
            shutil.rmtree(folder, ignore_errors=True)


# -- the clock ---------------------------------------------------------------------------------------------------------


@contextmanager
def clock(shift: float, pace: float) -> Iterator[None]:
    """Let `time.time` start at a shift in seconds and run at another pace; -1 runs backwards."""
    real, start = time.time, time.time()
    time.time = lambda: start + shift + pace * (real() - start)
    try:
        yield
    finally:
        time.time = real


def turn_clock(soak: Soak) -> None:
    """Work while the clock is wrong, jumps or runs backwards, with files from the future and from 1970."""
    from composer.engine.training.loop import train

    weights = {}
    clocks = {"right": (0.0, 1.0), "backwards": (0.0, -1.0), "future": (YEAR_S, 1.0), "past": (-50 * YEAR_S, 1.0)}
    for name, (shift, pace) in clocks.items():
        for _ in soak.each([name]):
            folder = soak.scratch(f"clock_{name}")
            with clock(shift, pace):
                done = train(scenarios.before(), folder / "run", device="cpu", epochs=2)
            checkpoint = done.load(LAST)
            assert checkpoint is not None
            weights[name] = {key: value.tolist() for key, value in checkpoint["model"].items()}
            soak.expect(weights[name] == weights["right"], f"clock {name}: the training differs")
            info = read_run(folder / "run")
            soak.expect(info.state == "done" and info.seconds >= 0, f"clock {name}: {info.state}, {info.seconds} s")
            soak.expect(pace_is_sane(folder / "run"), f"clock {name}: the time left is negative or no number")
    for shift in soak.each((YEAR_S, -50 * YEAR_S)):
        future_files(soak, shift)
    for shift in soak.each((-YEAR_S, -60.0, YEAR_S)):
        resume_after_jump(soak, shift)


def pace_is_sane(folder: Path) -> bool:
    """Follow the records of a run as the window does and look at the time left after each."""
    from types import SimpleNamespace

    from composer.core.files.run_folder import MetricsReader
    from composer.gui.runs.live_run import LiveRun

    handle = SimpleNamespace(folder=folder, design=scenarios.before(), state="training")
    live = LiveRun(handle)  # type: ignore[arg-type]
    for record in MetricsReader(folder).read()[0]:
        live.take({"event": "metrics", **record})
        left = live.seconds_left
        if left is not None and not 0 <= left < YEAR_S:
            return False
    return True


def future_files(soak: Soak, shift: float) -> None:
    """Open, save, back up and list files whose times lie in the future or in 1970."""
    from composer.engine.inference.cost_store import CostStore
    from composer.engine.inference.results import BlockCost
    from composer.gui.session import recovery
    from composer.gui.session.session import Session

    scenarios.qt_application()
    folder = soak.scratch(f"files_{shift:.0f}")
    os.environ["NETCOMPOSER_HOME"] = str(folder / "home")
    scenarios.save_before(folder)
    scenarios.back_up(folder)
    store = CostStore(folder / "costs.sqlite")
    store.put("key", BlockCost(params=1))
    store.close()
    moment = time.time() + shift
    for path in folder.rglob("*"):
        os.utime(path, (max(0.0, moment), max(0.0, moment)))
    label = f"files with times {shift / YEAR_S:+.0f} years"
    works = list(recovery.recoverable_work())
    soak.expect([work.design for work in works] == [scenarios.after()], f"{label}: the backup does not open")
    messages: list[str] = []
    session = Session(engine=None)
    try:
        session.message.connect(lambda text, level: messages.append(text) if level != "info" else None)
        session.open(folder / DESIGN)
        session.document.apply(scenarios.after(), "Widen")
        soak.expect(session.save() and not messages, f"{label}: cannot be saved: {messages}")
    finally:
        session.close()
    soak.expect(design_file.load(folder / DESIGN) == scenarios.after(), f"{label}: the save is lost")
    store = CostStore(folder / "costs.sqlite")
    cost = store.get("key")
    soak.expect(cost is not None and cost.params == 1, f"{label}: the store of costs is empty")
    store.close()


def resume_after_jump(soak: Soak, shift: float) -> None:
    """Stop a run, turn the clock, and continue it."""
    folder = soak.scratch(f"jump_{shift:.0f}")
    scenarios.train_first(folder)
    with clock(shift, 1.0):
        _, crash = scenarios.perform(Scenario("resume", scenarios.nothing, scenarios.resume), folder)
    info = read_run(folder / "run")
    soak.expect(not crash and info.state == "done", f"clock jumps by {shift:.0f} s: {info.state} {crash}")
    soak.expect(0 <= info.seconds < 600, f"clock jumps by {shift:.0f} s: trained for {info.seconds} s")
