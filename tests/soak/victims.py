"""Processes that work until they are killed: a window, a training, the engine. They start from a warm fork server."""

import os
import random
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from composer.core.files.design_file import load
from tests.soak.promises import Promises, fingerprint

# Imported once by the fork server, so that a victim starts within milliseconds.
PRELOADED = (
    "composer.engine.training.loop",
    "composer.engine.inspection.inspection",
    "composer.engine.export",
    "sklearn.datasets",
    "PySide6.QtWidgets",
    "PySide6.QtTest",
    "composer.gui.session.session",
    "tests.soak.scenarios",
    "tests.soak.edit_driver",
    "tests.soak.victims",
)
NAMES = ("one.yaml", "two.yaml")
ENGINE_TARGETS = ("python", "package", "safetensors", "mermaid", "yaml", "markdown")


def quiet() -> None:
    """Send what a killed process prints to nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def window(home: str, folder: str, log: str, seed: str) -> None:
    """Restore what an earlier window lost, then edit, save, save as, and change preferences."""
    quiet()
    os.environ["NETCOMPOSER_HOME"] = home
    from PySide6.QtTest import QTest

    from composer.gui.app import application
    from composer.gui.session import preferences, recovery
    from composer.gui.session.session import Session
    from tests.soak.edit_driver import EditDriver

    application()
    generator, promises = random.Random(seed), Promises(Path(log))
    session = Session(engine=None)
    path = Path(folder, generator.choice(NAMES))
    session.open(path)
    works = list(recovery.recoverable_work())
    if works:
        promises.note("restoring", work=fingerprint(works[0].design), path=str(works[0].path))
        session.restore(works[0])
        promises.note("durable", work=fingerprint(session.document.design), path=str(session.path))
        for other in works[1:]:
            promises.note("discarding", work=fingerprint(other.design))
            recovery.discard(other)
    else:
        promises.note("opened", work=fingerprint(session.document.design), path=str(session.path))
    driver = EditDriver(session, generator)
    edits = generator.choice((0.8, 0.96, 0.98))  # some save often, others live on their backups
    while True:
        action = generator.random()
        if action < edits:
            driver.step()
            promises.note("edited", work=fingerprint(session.document.design), path=str(session.path))
        elif action < 0.99:
            target = Path(folder, generator.choice(NAMES)) if generator.random() < 0.3 else session.path
            work = fingerprint(session.document.design)
            promises.note("saving", work=work, path=str(target))
            assert target is not None
            if session.save_as(target):
                promises.note("saved", work=work, path=str(target))
        else:
            seconds = generator.randint(1, 2)
            promises.note("setting", seconds=seconds)
            preferences.set_recovery_s(seconds)
            session.preferences_changed.emit()
            promises.note("set", seconds=seconds)
        QTest.qWait(generator.choice((0, 1, 10, 60)))


def training(folder: str, log: str, seed: str, epochs: int) -> None:
    """Train, or continue the run of a victim before; commands arrive at random moments."""
    quiet()
    import torch

    from composer.engine.training.control import Control
    from composer.engine.training.loop import train
    from composer.engine.training.report import Report

    torch.set_num_threads(1)
    generator, promises, control = random.Random(seed), Promises(Path(log)), Control()

    class Promising(Report):
        def metrics(self, record: Mapping[str, Any]) -> None:
            if record["kind"] == "epoch":
                promises.note("finished", epoch=record["epoch"])

        def state(self, state: Mapping[str, Any]) -> None:
            promises.note("state", state=state["state"])

    def command() -> None:
        while True:
            time.sleep(generator.uniform(0.01, 0.3))
            control.send(generator.choice(("checkpoint", "checkpoint", "pause")))
            time.sleep(generator.uniform(0.0, 0.05))
            control.send("resume")

    threading.Thread(target=command, daemon=True).start()
    resumed = Path(folder, "settings.json").is_file()
    overrides = {} if resumed else {"epochs": epochs}
    try:
        design = load(Path(folder).parent / "net.yaml")
        train(design, Path(folder), device="cpu", resume=resumed, control=control, report=Promising(), **overrides)
        promises.note("ended")
    except Exception as error:  # noqa: BLE001 - the checker reports it
        promises.note("failed", reason=f"{type(error).__name__}: {error}")


def engine(folder: str, log: str, seed: str) -> None:
    """Answer requests as the engine does: exports over exports, and captures."""
    quiet()
    import torch

    from composer.core.files.design_json import to_json
    from composer.engine.__main__ import Engine

    torch.set_num_threads(1)
    generator, promises, worker = random.Random(seed), Promises(Path(log)), Engine()
    designs = [load(Path(folder).parent / name) for name in NAMES]
    while True:
        design = to_json(generator.choice(designs))
        if generator.random() < 0.2:
            worker.capture_maps({"design": design, "image": {"sample": 0}}, lambda *_: None)
            promises.note("captured")
            continue
        target = generator.choice(ENGINE_TARGETS)
        path = Path(folder, f"out.{target}")
        worker.export({"design": design, "target": target, "path": str(path)}, lambda *_: None)
        promises.note("exported", path=str(path))


def live_window(home: str, folder: str, log: str) -> None:
    """Start the real engine and a real training, note their processes, and wait."""
    quiet()
    os.environ["NETCOMPOSER_HOME"] = home
    from PySide6.QtTest import QTest

    from composer.gui.app import application
    from composer.gui.session.session import Session
    from tests.gui.tiny import tiny

    application()
    promises, session = Promises(Path(log)), Session()
    session.start_engine()
    design = tiny()
    session.document.apply(replace(design, training=replace(design.training, epochs=500)), "Begin")
    handle = session.start_training({"out": str(Path(folder, "run")), "device": "cpu"})
    handle.received.connect(
        lambda event: event.get("kind") == "epoch" and promises.note("finished", **event_epoch(event))
    )
    promises.note("started", pids=[session.engine.pid, handle.worker.pid])
    while True:
        QTest.qWait(20)


def event_epoch(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the epoch of an event."""
    return {"epoch": event["epoch"]}


def live_engine(home: str, log: str, seed: str, kills: int) -> None:
    """Kill the real engine of a session at random moments; note whether its facts came back each time."""
    quiet()
    os.environ["NETCOMPOSER_HOME"] = home
    import signal

    from PySide6.QtTest import QTest

    from composer.core import edits
    from composer.gui.app import application
    from composer.gui.session.session import Session
    from tests.gui.tiny import tiny
    from tests.patience import seconds

    application()
    promises, generator, session = Promises(Path(log)), random.Random(seed), Session()
    session.start_engine()
    session.document.apply(tiny(), "Begin")

    def settle() -> bool:
        end = time.monotonic() + seconds(60)
        while not (session.engine_state == "ready" and session.facts_current) and time.monotonic() < end:
            QTest.qWait(10)
        return time.monotonic() < end

    promises.note("ready", settled=settle())
    for number in range(kills):
        width = 8 * (1 + generator.randint(1, 200))
        session.document.edit("Widen", edits.set_params, "stem", {"out_channels": width})
        QTest.qWait(generator.choice((0, 1, 5, 20, 100)))
        os.kill(session.engine.pid, signal.SIGKILL)
        QTest.qWait(1)
        settled = settle()
        facts = session.facts.nodes.get("stem")
        right = facts is not None and facts.outputs and facts.outputs[0].shape[1] == width
        promises.note("killed", number=number, settled=settled, right=bool(right))
    session.close()
    promises.note("ended")
    sys.exit(0)
