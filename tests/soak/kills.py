"""Kill -9 of windows, trainings and engines at random moments: no lost save, no lost epoch, every recovery opens."""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.run_folder import LAST, MetricsReader, is_run, read_run
from tests.engine.training.photo_run import Kills, differences
from tests.gui.tiny import tiny
from tests.patience import seconds
from tests.soak import scenarios, victims
from tests.soak.plan import Soak
from tests.soak.promises import fingerprint, read_promises

WINDOWS, TRAININGS, ENGINES, LIVE_ENGINES, LIVE_WINDOWS = 70, 70, 40, 12, 8
# Seconds until a victim is killed.
LONGEST_LIFE = 3.0
# Victims in a row on the same folder.
CHAIN = 7
# How much older than its death the work of a window may be: the delay of a backup, and the time to write one.
BACKUP_S, WRITE_S = 2.0, 1.0
EPOCHS = 12
PHOTO_KILLS = 10


def run(soak: Soak) -> None:
    """Kill all kinds of processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(victims.PRELOADED))
    soak.figures.update({"lost saves": 0, "lost epochs": 0, "closed recoveries": 0})
    kill_windows(soak, context)
    kill_trainings(soak, context)
    kill_photo_training(soak)
    kill_engines(soak, context)
    kill_live_engines(soak, context)
    kill_live_windows(soak, context)


def kill_after(context: Any, delay: float, function: Callable[..., None], *arguments: object) -> float:
    """Start a victim and kill it after some seconds; return the time of its death."""
    process = context.Process(target=function, args=arguments, daemon=True)
    process.start()
    process.join(delay)
    moment = time.monotonic()
    process.kill()
    process.join()
    process.close()
    return moment


# -- windows -----------------------------------------------------------------------------------------------------------


def kill_windows(soak: Soak, context: Any) -> None:
    """Kill windows that edit and save; each next one continues with what the one before left."""
    generator = soak.random("windows")
    home = folder = log = Path()
    for number in soak.each(range(soak.count(WINDOWS, least=2))):
        if number % CHAIN == 0:
            folder = soak.scratch(f"window_{number}")
            home, log = folder / "home", folder / "promises"
            for name in victims.NAMES:
                design_file.save(tiny(), folder / name)
        delay = generator.uniform(0.2, LONGEST_LIFE)
        arguments = (str(home), str(folder), str(log), f"{soak.seed}/{number}")
        moment = kill_after(context, delay, victims.window, *arguments)
        check_window(soak, f"window {number}", home, folder, read_promises(log), moment)


def check_window(
    soak: Soak, label: str, home: Path, folder: Path, promises: list[dict[str, Any]], moment: float
) -> None:
    """Compare the files that a killed window left with its promises."""
    from composer.gui.session import recovery
    from composer.gui.settings import settings

    os.environ["NETCOMPOSER_HOME"] = str(home)
    # 1. Each file holds the last save, or the one that was under way.
    files: dict[str, str] = {}
    for name in victims.NAMES:
        path = str(folder / name)
        try:
            files[path] = fingerprint(design_file.load(path))
        except UserError as error:
            soak.figures["lost saves"] += 1
            soak.expect(False, f"{label}: {error}")
            continue
        allowed = {fingerprint(tiny())}
        for promise in promises:
            if promise.get("path") == path and promise["kind"] == "saved":
                allowed = {promise["work"]}
            elif promise.get("path") == path and promise["kind"] == "saving":
                allowed.add(promise["work"])
        if not soak.expect(files[path] in allowed, f"{label}: {name} is not the version that was saved last"):
            soak.figures["lost saves"] += 1
    count(soak, "saves", promises, "saved")
    # 2. Every backup opens.
    backups = list(recovery.folder().glob("*.json"))
    works = list(recovery.recoverable_work())
    if not soak.expect(len(works) == len(backups), f"{label}: {len(backups) - len(works)} recovery files do not open"):
        soak.figures["closed recoveries"] += len(backups) - len(works)
    soak.figures["backups"] = soak.figures.get("backups", 0) + len(works)
    # 3. The work of the last seconds alone may be missing.
    works_order = [promise["work"] for promise in promises if "work" in promise and promise["kind"] != "discarding"]
    due = [
        promise
        for promise in promises
        if promise["kind"] in ("durable", "saved")
        or (promise["kind"] == "edited" and promise["time"] < moment - BACKUP_S - seconds(WRITE_S))
    ]
    survivors = {*files.values(), *(fingerprint(work.design) for work in works)}
    newest = max((last_index(works_order, work) for work in survivors if work in works_order), default=-1)
    if due:
        needed = last_index(works_order, due[-1]["work"])
        ahead = newest >= needed or due[-1]["work"] in survivors
        if not soak.expect(ahead, f"{label}: the work of {moment - due[-1]['time']:.1f} s before the kill is lost"):
            soak.figures["lost saves"] += 1
    # 4. The preferences are those that were set last.
    values = {1}
    for promise in promises:
        if promise["kind"] in ("setting", "set"):
            values = {promise["seconds"]} if promise["kind"] == "set" else {*values, promise["seconds"]}
    soak.expect(int(str(settings().value("recovery_s", 1))) in values, f"{label}: the preferences are lost")


def count(soak: Soak, figure: str, promises: list[dict[str, Any]], kind: str) -> None:
    """Add the promises that the last victim made to a figure: a soak test that promises little tests little."""
    start = max((index for index, promise in enumerate(promises) if promise["kind"] == "born"), default=0)
    number = sum(promise["kind"] == kind for promise in promises[start:])
    soak.figures[figure] = soak.figures.get(figure, 0) + number


def last_index(items: list[str], item: str) -> int:
    """Return the last position of an item."""
    return len(items) - 1 - items[::-1].index(item)


# -- trainings ---------------------------------------------------------------------------------------------------------


def kill_trainings(soak: Soak, context: Any) -> None:
    """Kill trainings; each next one continues the run, and the last result equals that of an undisturbed run."""
    generator = soak.random("trainings")
    folder = run_folder = log = Path()
    reference = uninterrupted_weights(soak)
    rows = list(range(soak.count(TRAININGS)))
    for number in soak.each(rows):
        if number % CHAIN == 0:
            folder = soak.scratch(f"training_{number}")
            design_file.save(tiny(), folder / "net.yaml")
            run_folder, log = folder / "run", folder / "promises"
        delay = generator.uniform(0.1, LONGEST_LIFE)
        kill_after(context, delay, victims.training, str(run_folder), str(log), f"{soak.seed}/{number}", EPOCHS)
        check_training(soak, f"training {number}", run_folder, read_promises(log))
        if number % CHAIN == CHAIN - 1 or number == rows[-1]:
            finish_and_compare(soak, f"training {number}", run_folder, reference)
            shutil.rmtree(folder)


def kill_photo_training(soak: Soak) -> None:
    """Kill a training on files with augmentation, averaged weights and bf16; it ends like one that nobody kills."""
    for _ in soak.each(range(1)):
        kills = Kills(soak.scratch("photos"), soak.random("photos").randrange(2**31))
        whole, killed = kills.kill_and_finish(soak.count(PHOTO_KILLS, least=3))
        changes = differences(whole, killed)
        soak.expect(not changes, f"photos, killed at {', '.join(kills.kills)}: {changes}")
        soak.figures["kills of photo trainings"] = len(kills.kills)


def check_training(soak: Soak, label: str, folder: Path, promises: list[dict[str, Any]]) -> None:
    """Compare the run that a killed training left with its promises."""
    import torch

    failures = [promise["reason"] for promise in promises if promise["kind"] == "failed"]
    soak.expect(not failures, f"{label}: the training failed: {failures[:1]}")
    finished = max((promise["epoch"] for promise in promises if promise["kind"] == "finished"), default=0)
    if not is_run(folder):
        soak.expect(not finished, f"{label}: the folder is no run")
        return
    for path in folder.rglob(".*.part"):
        path.unlink()
    damaged = scenarios.damaged_files(folder, {}, {})
    soak.expect(not damaged, f"{label}: {damaged}")
    count(soak, "epochs", promises, "finished")
    recorded = {record["epoch"] for record in MetricsReader(folder).read()[0] if record.get("kind") == "epoch"}
    saved = 0
    if (folder / LAST).is_file():
        saved = torch.load(folder / LAST, map_location="cpu", weights_only=True)["progress"]["epoch"]
    missing = set(range(1, finished + 1)) - recorded
    if not soak.expect(
        saved >= finished and not missing,
        f"{label}: epoch {finished} was finished, the checkpoint has {saved}, the metrics lack {sorted(missing)}",
    ):
        soak.figures["lost epochs"] += 1
    soak.expect(read_run(folder).state != "new" or not finished, f"{label}: the state is lost")


def uninterrupted_weights(soak: Soak) -> dict[str, Any]:
    """Return the last weights of a run that nobody kills."""
    import torch

    from composer.engine.training.loop import train

    torch.set_num_threads(1)
    checkpoint = train(tiny(), soak.scratch("uninterrupted") / "run", device="cpu", epochs=EPOCHS).load(LAST)
    assert checkpoint is not None
    weights: dict[str, Any] = checkpoint["model"]
    return weights


def finish_and_compare(soak: Soak, label: str, run_folder: Path, reference: dict[str, Any]) -> None:
    """Continue a run to its end; its weights are those of a run that was never interrupted."""
    import torch

    from composer.engine.training.loop import train

    overrides = {} if is_run(run_folder) else {"epochs": EPOCHS}
    try:
        done = train(tiny(), run_folder, device="cpu", resume=is_run(run_folder), **overrides)
    except UserError as error:
        soak.expect(False, f"{label}: cannot be continued: {error}")
        return
    checkpoint = done.load(LAST)
    assert checkpoint is not None
    same = all(torch.equal(checkpoint["model"][name], weights) for name, weights in reference.items())
    soak.expect(same, f"{label}: the weights differ from those of an uninterrupted run")


# -- engines -----------------------------------------------------------------------------------------------------------


def kill_engines(soak: Soak, context: Any) -> None:
    """Kill engines that export over earlier exports: each file is one of the two complete versions."""
    generator = soak.random("engines")
    base = soak.scratch("engines")
    for name, design in zip(victims.NAMES, (scenarios.before(), scenarios.after()), strict=True):
        design_file.save(design, base / name)
    folder, log = base / "exports", base / "promises"
    folder.mkdir()
    versions = export_versions(base)
    for number in soak.each(range(soak.count(ENGINES))):
        delay = generator.uniform(0.1, LONGEST_LIFE)
        kill_after(context, delay, victims.engine, str(folder), str(log), f"{soak.seed}/{number}")
        soak.figures["stray parts"] = soak.figures.get("stray parts", 0) + len(list(folder.glob(".*.part")))
        for path in folder.glob(".*.part"):
            path.unlink()
        for path in folder.iterdir():
            key = path.suffix.removeprefix(".")
            if key == "safetensors":
                damaged = scenarios.damaged_files(folder, {}, {})
                soak.expect(not any(path.name in text for text in damaged), f"engine {number}: {damaged}")
            else:
                whole = path.read_text("utf-8") in versions[key]
                soak.expect(whole, f"engine {number}: {path.name} is neither version")
        count(soak, "exports", read_promises(log), "exported")
        exported = {promise["path"] for promise in read_promises(log) if promise["kind"] == "exported"}
        lost = [path for path in exported if not Path(path).is_file()]
        soak.expect(not lost, f"engine {number}: lost exports {lost}")


def export_versions(folder: Path) -> dict[str, set[str]]:
    """Return both texts of every text target."""
    from composer.core.export_targets import find_target
    from composer.engine.export import export_text

    keys = [key for key in victims.ENGINE_TARGETS if not find_target(key).binary]
    designs = [design_file.load(folder / name) for name in victims.NAMES]
    return {key: {export_text(design, key) for design in designs} for key in keys}


def kill_live_engines(soak: Soak, context: Any) -> None:
    """Kill the real engine of a living session: it comes back, with the facts of the design."""
    number = soak.count(LIVE_ENGINES, least=0)
    rounds = [min(4, number - start) for start in range(0, number, 4)]  # a session gives up after five in a row
    for index, kills in enumerate(rounds):
        folder = soak.scratch(f"live_engine_{index}")
        log = folder / "promises"
        process = context.Process(
            target=victims.live_engine, args=(str(folder / "home"), str(log), f"{soak.seed}/{index}", kills)
        )
        process.start()
        process.join(seconds(240))
        process.kill()
        process.join()
        promises = [promise for promise in read_promises(log) if promise["kind"] == "killed"]
        for kill in soak.each(range(kills)):
            here = promises[kill] if kill < len(promises) else {}
            right = here.get("settled") and here.get("right")
            soak.expect(right, f"live engine {index}, kill {kill}: the facts did not come back: {here}")


def kill_live_windows(soak: Soak, context: Any) -> None:
    """Kill a window with a running training and engine: both end by themselves, and the training saves."""
    import psutil
    import torch

    generator = soak.random("live windows")
    for number in soak.each(range(soak.count(LIVE_WINDOWS, least=0))):
        folder = soak.scratch(f"live_window_{number}")
        log = folder / "promises"
        # Importing torch takes seconds; some windows die before, some after.
        delay = generator.uniform(1.0, 8.0)
        kill_after(context, delay, victims.live_window, str(folder / "home"), str(folder), str(log))
        promises = read_promises(log)
        pids = next((promise["pids"] for promise in promises if promise["kind"] == "started"), [])
        end = time.monotonic() + seconds(60)
        while any(is_running(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.1)
        left = [pid for pid in pids if is_running(pid)]
        soak.expect(not left, f"live window {number}: {len(left)} of its processes did not end")
        for pid in left:
            psutil.Process(pid).kill()
        finished = max((promise["epoch"] for promise in promises if promise["kind"] == "finished"), default=0)
        saved = 0
        if (folder / "run" / LAST).is_file():
            saved = torch.load(folder / "run" / LAST, weights_only=True)["progress"]["epoch"]
        if not soak.expect(saved >= finished, f"live window {number}: epoch {finished} was shown, {saved} is saved"):
            soak.figures["lost epochs"] += 1
        if is_run(folder / "run"):
            state = read_run(folder / "run").state
            soak.expect(state in ("stopped", "new", "done"), f"live window {number}: the run is {state}")


def is_running(pid: int) -> bool:
    """Return whether a process runs, other than as a zombie."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
