"""Two windows on one file, and three trainings at the same time, in one folder and in three."""

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

from composer.core import edits
from composer.core.files import design_file
from composer.core.files.run_folder import LAST, MetricsReader, read_run
from tests.gui.tiny import tiny
from tests.patience import seconds
from tests.soak import scenarios, victims
from tests.soak.plan import Soak
from tests.soak.scenarios import DESIGN

ROUNDS, STORES, TRAININGS = 60, 4, 6
AT_ONCE = 3


def run(soak: Soak) -> None:
    """Let two and three work on the same things."""
    two_windows(soak)
    write_costs_together(soak)
    train_together(soak)


# -- two windows -------------------------------------------------------------------------------------------------------


def two_windows(soak: Soak) -> None:
    """Edit one file in two windows, in random order: no save of one is replaced by the other unasked."""
    from PySide6.QtWidgets import QApplication

    from composer.gui.session import recovery
    from composer.gui.session.session import Session

    scenarios.qt_application()
    generator, messages = soak.random("windows"), []

    def note(text: str, level: str) -> None:
        if level != "info":
            messages.append(text)

    for number in soak.each(range(soak.count(ROUNDS, least=3))):
        folder = soak.scratch(f"windows_{number}")
        os.environ["NETCOMPOSER_HOME"] = str(folder / "home")
        path = folder / DESIGN
        scenarios.save_before(folder)
        sessions = [Session(engine=None), Session(engine=None)]
        for session in sessions:
            session.message.connect(note)
            session.open(path)
        current = {0: True, 1: True}  # whether a window has seen the version on the disk
        label = f"two windows {number}"
        for step in range(12):
            index = generator.randrange(2)
            session = sessions[index]
            position = (float(generator.randint(0, 999)), float(step))
            session.document.edit("Move", edits.move, {"stem": position})
            if generator.random() < 0.3:
                session._write_recovery()
                session._recovery.wait()
            if not current[index] and generator.random() < 0.4:
                session.reload() if generator.random() < 0.5 else session.keep_mine()  # the person decides
                current[index] = True
            if generator.random() < 0.6:
                # After a reload the design is the file's.
                session.document.edit("Move", edits.move, {"head": position})
                before, messages[:] = path.read_bytes(), []
                saved = session.save()
                after = path.read_bytes()
                if not current[index]:
                    soak.expect(
                        after == before and not saved and messages,
                        f"{label}, step {step}: a window replaced what the other one had saved",
                    )
                else:
                    soak.expect(saved and after != before, f"{label}, step {step}: not saved: {messages}")
                if saved:
                    current = {index: True, 1 - index: False}
            QApplication.processEvents()
            design_file.load(path)
            works = list(recovery.recoverable_work())
            soak.expect(not works, f"{label}, step {step}: the work of a living window is offered as lost")
        for session in sessions:
            session.document.undo_stack.setClean()
            session.close()


# -- the store of costs ------------------------------------------------------------------------------------------------


def write_costs(path: str, start: int) -> None:
    """Write and read costs in one of several processes."""
    from composer.engine.inference.cost_store import CostStore
    from composer.engine.inference.results import BlockCost

    for number in range(40):
        store = CostStore(Path(path))
        key = (start + number * 7) % 60
        cost = store.get(f"key {key}")
        if cost is not None and cost.params != key:
            Path(f"{path}.wrong").write_text(f"key {key} has the cost of {cost.params}")
        store.put(f"key {key}", BlockCost(params=key))
        store.close()


def write_costs_together(soak: Soak) -> None:
    """Let three processes share one store: what is read is right."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*victims.PRELOADED, __name__])
    for number in soak.each(range(soak.count(STORES))):
        path = soak.scratch(f"costs_{number}") / "costs.sqlite"
        processes = [context.Process(target=write_costs, args=(str(path), start)) for start in range(AT_ONCE)]
        codes = run_processes(processes)
        wrong = Path(f"{path}.wrong")
        soak.expect(not wrong.exists(), f"cost store {number}: {wrong.read_text() if wrong.exists() else ''}")
        soak.expect(codes == [0] * AT_ONCE, f"cost store {number}: exit codes {codes}")


def run_processes(processes: list[Any]) -> list[int | None]:
    """Run processes at the same time; return their exit codes."""
    for process in processes:
        process.start()
    for process in processes:
        process.join(seconds(120))
        process.kill()
        process.join()
    return [process.exitcode for process in processes]


# -- trainings ---------------------------------------------------------------------------------------------------------


def train_here(design: str, folder: str, result: str, resume: bool) -> None:
    """Run the command `train` in this process; write its exit code and message."""
    import torch

    torch.set_num_threads(1)
    words = ["train", design, "--out", folder, "--device", "cpu"]
    code, _, errors = scenarios.run_command([*words, *(["--resume"] if resume else ["--epochs", "3"])])
    Path(result).write_text(json.dumps([code, errors]))


def train_together(soak: Soak) -> None:
    """Start three trainings at the same time: in three folders all finish alike, in one folder one of them does."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*victims.PRELOADED, __name__])
    for number in soak.each(range(soak.count(TRAININGS, least=3))):
        folder = soak.scratch(f"trainings_{number}")
        design_file.save(tiny(), folder / DESIGN)
        kind = ("three folders", "one new folder", "one run to resume")[number % 3]
        if kind == "one run to resume":
            scenarios.train_first(folder)
        runs = [folder / (f"run_{index}" if kind == "three folders" else "run") for index in range(AT_ONCE)]
        results = [folder / f"result_{index}" for index in range(AT_ONCE)]
        processes = [
            context.Process(
                target=train_here, args=(str(folder / DESIGN), str(run), str(result), kind == "one run to resume")
            )
            for run, result in zip(runs, results, strict=True)
        ]
        run_processes(processes)
        label = f"three trainings {number} ({kind})"
        if not soak.expect(all(result.is_file() for result in results), f"{label}: one did not end"):
            continue
        outcomes = [json.loads(result.read_text()) for result in results]
        codes = sorted(code for code, _ in outcomes)
        refusals = [errors for code, errors in outcomes if code]
        soak.expect(all(len(text.splitlines()) == 1 for text in refusals), f"{label}: not one sentence: {refusals}")
        # The one that comes last may find the run finished, which is no error when it resumes.
        expected = [[0, 0, 0]] if kind == "three folders" else [[0, 2, 2]]
        if kind == "one run to resume":
            expected += [[0, 0, 2], [0, 0, 0]]
        soak.expect(codes in expected, f"{label}: exit codes {codes}: {refusals[:1]}")
        for run_folder in dict.fromkeys(runs):
            check_run(soak, label, run_folder)
        if kind == "three folders":
            soak.expect(len({weights_of(run) for run in runs}) == 1, f"{label}: equal trainings differ")


def check_run(soak: Soak, label: str, folder: Path) -> None:
    """Check that one training alone wrote a run: three epochs, each once, steps that only grow."""
    damaged = scenarios.damaged_files(folder, {}, {})
    soak.expect(not damaged, f"{label}: {damaged}")
    info, records = read_run(folder), MetricsReader(folder).read()[0]
    soak.expect(info.state == "done" and info.epoch == 3, f"{label}: {info.state} after epoch {info.epoch}")
    epochs = [record["epoch"] for record in records if record.get("kind") == "epoch"]
    soak.expect(epochs == [1, 2, 3], f"{label}: the metrics hold the epochs {epochs}")
    steps = [record["step"] for record in records if record.get("kind") == "step"]
    soak.expect(steps == sorted(set(steps)), f"{label}: the steps of the metrics go back")


def weights_of(folder: Path) -> str:
    """Return the last weights as text that can be compared."""
    import torch

    model = torch.load(folder / LAST, map_location="cpu", weights_only=True)["model"]
    return json.dumps({name: value.tolist() for name, value in model.items()})
