"""A disk that is full at the n-th write, for every n: one message, the old version whole, no stray files."""

import errno
import os
import shutil

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
        complete = contents.keys() >= {name for name in new if not name.startswith("home")}
        soak.expect(messages or crash or scenario.silent or complete, f"{label}: no message")
        soak.expect(not damaged, f"{label}: {damaged}")
        soak.expect(not stray, f"{label}: stray files {stray}")
