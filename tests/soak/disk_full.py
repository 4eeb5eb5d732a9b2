"""A disk that is full at the n-th write, for every n: one message, the old version whole, no stray files.

A training that has started pauses with one message. Stopped then, it leaves what the others leave; given space, it goes
on as if nothing had happened.
"""

import errno
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core.errors import UserError
from composer.core.files.run_folder import LAST, MetricsReader, read_run
from tests.soak import scenarios
from tests.soak.file_operations import Failing, watched
from tests.soak.plan import Soak
from tests.soak.scenarios import Scenario

# What needs space on a disk.
KINDS = frozenset({"create", "write", "fsync", "rename", "mkdir"})


def run(soak: Soak) -> None:
    """Fill the disk in every scenario: for one operation, and for all from then on."""
    rows = [*scenarios.file_scenarios(), *scenarios.export_scenarios(), *scenarios.training_scenarios()]
    for scenario in rows:
        fail_everywhere(soak, scenario, errno.ENOSPC)
    for resumed in (False, True):
        free_everywhere(soak, errno.ENOSPC, resumed=resumed)


def fail_everywhere(soak: Soak, scenario: Scenario, error: int) -> None:
    """Repeat a scenario with each operation failing."""
    base = soak.scratch(scenario.name.replace(" ", "_"))
    template = base / "before"
    template.mkdir()
    os.environ["NETCOMPOSER_HOME"] = str(base / "unused")
    scenario.prepare(template)
    old = scenarios.snapshot(template)

    def attempt(failing: Failing) -> tuple[list[str], str, dict[str, bytes], list[str], list[str]]:
        work = base / "work"
        shutil.copytree(template, work)
        os.environ["NETCOMPOSER_HOME"] = str(work / "home")
        with watched(work, failing):
            messages, crash = scenarios.perform(scenario, work)
        damaged, stray = scenarios.damaged_files(work, old, new), scenarios.stray_files(work, old, new)
        contents = scenarios.snapshot(work)
        shutil.rmtree(work)
        return messages, crash, contents, damaged, stray

    new: dict[str, bytes] = {}
    counting = Failing(error, -1, lasting=False, kinds=KINDS)
    new = attempt(counting)[2]
    cases = [(index, lasting) for index in range(counting.seen) for lasting in (False, True)]
    for index, lasting in soak.each(soak.sample(cases, scenario.name)):
        failing = Failing(error, index, lasting=lasting, kinds=KINDS)
        messages, crash, contents, damaged, stray = attempt(failing)
        label = f"{scenario.name}: {os.strerror(error)} {'from' if lasting else 'at'} operation {index}"
        soak.expect(not crash, f"{label}: {crash}")
        one_line = all(text and "\n" not in text and "Traceback" not in text for text in messages)
        # The two saves of the window session may both fail.
        most = 2 if scenario.name == "window session" and lasting else 1
        soak.expect(len(messages) <= most and one_line, f"{label}: not one message: {messages}")
        needed = {name for name in new if not name.startswith("home") and not scenarios.OPTIONAL.search(name)}
        complete = contents.keys() >= needed
        soak.expect(messages or crash or scenario.silent or complete, f"{label}: no message")
        soak.expect(not damaged, f"{label}: {damaged}")
        soak.expect(not stray, f"{label}: stray files {stray}")


# -- trainings that go on ----------------------------------------------------------------------------------------------


def free_everywhere(soak: Soak, error: int, *, resumed: bool) -> None:
    """Fill the disk at each operation of a training and free it when the run has paused: it ends like an undisturbed
    one, after one message; without one where it could not start or lacks nothing but samples.
    """
    name = "freed resume" if resumed else "freed train"
    base = soak.scratch(name.replace(" ", "_"))
    template, work = base / "before", base / "work"
    template.mkdir()
    if resumed:
        scenarios.train_first(template)

    def attempt(failing: Failing) -> tuple[list[str], str]:
        shutil.copytree(template, work)
        with watched(work, failing):
            try:
                return train_through(work / "run", failing, resumed=resumed), ""
            except UserError as refused:
                return [str(refused)], "refused"
            except Exception as crash:  # noqa: BLE001 - any of them is a violation
                return [], f"{type(crash).__name__}: {crash}"

    undisturbed = Failing(error, -1, lasting=False, kinds=KINDS)
    _, problem = attempt(undisturbed)
    soak.expect(not problem, f"{name}: fails without a fault: {problem}")
    reference = result(work / "run")
    shutil.rmtree(work)
    for index in soak.each(soak.sample(range(undisturbed.seen), name)):
        messages, problem = attempt(Failing(error, index, lasting=True, kinds=KINDS))
        label = f"{name}: {os.strerror(error)} from operation {index} until the run pauses"
        soak.expect(len(messages) <= 1 and all("\n" not in text for text in messages), f"{label}: {messages}")
        if problem != "refused":
            soak.expect(not problem, f"{label}: {problem}")
            soak.expect(problem or result(work / "run") == reference, f"{label}: the run ended differently")
            soak.figures["pauses"] = soak.figures.get("pauses", 0) + len(messages)
        shutil.rmtree(work)


def train_through(folder: Path, failing: Failing, *, resumed: bool) -> list[str]:
    """Train to the end; free the disk whenever the run pauses. Return the messages of the pauses."""
    from composer.engine.training.control import Control
    from composer.engine.training.loop import train
    from composer.engine.training.report import Report

    control = Control()
    messages: list[str] = []

    class Freeing(Report):
        def state(self, state: Mapping[str, Any]) -> None:
            if state["state"] == "paused":
                messages.append(state["message"])
                failing.first = sys.maxsize
                control.send("resume")  # tries again immediately

    overrides = {} if resumed else {"epochs": 2}
    train(scenarios.before(), folder, device="cpu", resume=resumed, control=control, report=Freeing(), **overrides)
    return messages


def result(folder: Path) -> tuple[str, list[float], dict[str, list[Any]]]:
    """Return what a training is for: its state, the losses of its epochs and its last weights."""
    import torch

    epochs = [record for record in MetricsReader(folder).read()[0] if record.get("kind") == "epoch"]
    weights = torch.load(folder / LAST, map_location="cpu", weights_only=True)["model"]
    losses = [record["metrics"]["val"]["loss"] for record in epochs]
    return read_run(folder).state, losses, {name: value.tolist() for name, value in weights.items()}
