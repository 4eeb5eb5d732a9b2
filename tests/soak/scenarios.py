"""Work that writes files, as small sessions that are repeated under faults, and what must hold of the files then."""

import configparser
import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.run_notes import RunNotes, write_notes
from composer.core.graph import Design
from tests.gui.tiny import tiny

DESIGN = "net.yaml"
# Files whose names differ from time to time, and the trace that a failed run leaves.
OWNER = re.compile(r"(^|/)\.owner-")  # which process trains a run: means nothing once that process has ended
# What a run writes for its viewer only: may be missing where the disk is full, and torn after a power cut.
OPTIONAL = re.compile(r"^(run/)?samples/")
EXPECTED = re.compile(r"(^|/)\.owner-|\.lock$|^run/error\.txt$|^home/recovery/[-0-9a-f]+\.json$|^home/window\.ini$")


@dataclass(frozen=True)
class Scenario:
    """A small session.

    Args:
        name: for the report.
        prepare: writes what exists before.
        act: does the work in the folder; returns the messages that the user reads, or raises a UserError.
        silent: whether a failure need not be reported, because nothing that the user asked for was lost.
    """

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path], list[str]]
    silent: bool = False


def before() -> Design:
    """Return the design that is saved first."""
    return tiny()


def after() -> Design:
    """Return the design that replaces it, longer than the first."""
    wide = edits.set_params(tiny(), "stem", {"out_channels": 16})
    return replace(wide, description="wider " * 200)


def save_before(folder: Path) -> None:
    """Save the first design."""
    design_file.save(before(), folder / DESIGN)


def save_after(folder: Path) -> list[str]:
    """Save the second design over the first."""
    design_file.save(after(), folder / DESIGN)
    return []


def window_session(folder: Path) -> list[str]:
    """Open, edit, back up, save, and save under another name, in a session as the window has it."""
    from composer.gui.session.session import Session

    qt_application()
    session, messages = Session(engine=None), []
    session.message.connect(lambda text, level: messages.append(text) if level != "info" else None)
    try:
        session.open(folder / DESIGN)
        session.document.apply(after(), "Widen")
        session._write_recovery()
        session._recovery.wait()
        session.save()
        session.document.edit("Move", edits.move, {"stem": (10.0, 10.0)})
        session.save_as(folder / "copy.yaml")
        session.document.undo_stack.setClean()
    finally:
        session.close()
    return messages


def back_up(folder: Path) -> list[str]:
    """Write the recovery file twice: an edit, and another one a second later."""
    from composer.gui.session.recovery import RecoveryFile

    recovery = RecoveryFile()
    try:
        for design in (before(), after()):
            recovery.write(design, folder / DESIGN)
            recovery.wait()
    finally:
        recovery.close()
    return []


def export_to(key: str) -> Scenario:
    """Return the export to one target over an earlier export."""
    from composer.core.export_targets import find_target
    from composer.engine.export import export

    name = f"out{find_target(key).suffix}"

    def prepare(folder: Path) -> None:
        export(before(), key, folder / name, inferrer=inferrer())

    def act(folder: Path) -> list[str]:
        export(after(), key, folder / name, inferrer=inferrer())
        return []

    return Scenario(f"export {key}", prepare, act)


def training(folder: Path) -> list[str]:
    """Train for two epochs."""
    return _train_impatiently(folder, epochs=2)


def train_first(folder: Path) -> None:
    """Train for one epoch and stop as a person would."""
    from composer.engine.training.control import Control
    from composer.engine.training.loop import train
    from composer.engine.training.report import Report

    control = Control()

    class StopAfterOne(Report):
        def metrics(self, record: object) -> None:
            if isinstance(record, dict) and record["kind"] == "epoch":
                control.send("stop")

    train(before(), folder / "run", device="cpu", epochs=3, control=control, report=StopAfterOne())


def resume(folder: Path) -> list[str]:
    """Continue the stopped run."""
    return _train_impatiently(folder, resume=True)


def _train_impatiently(folder: Path, **options: Any) -> list[str]:
    """Train, and stop when the folder cannot be written; return the reason."""
    from composer.engine.training.control import Control
    from composer.engine.training.loop import train
    from composer.engine.training.report import Report

    control = Control()
    reasons: list[str] = []

    class Stopping(Report):
        def state(self, state: Any) -> None:
            if state["state"] == "paused":
                reasons.append(state["message"])
                control.send("stop")

    train(before(), folder / "run", device="cpu", control=control, report=Stopping(), **options)
    return reasons[:1]  # a disk that works again for one write may fail in the next one


def command(*words: str) -> Callable[[Path], list[str]]:
    """Return an act that runs a command line in this process; ``@`` in a word stands for the folder."""

    def act(folder: Path) -> list[str]:
        code, _, errors = run_command([word.replace("@", str(folder)) for word in words])
        if code in (0, 1):  # 1: the design has problems, or still has some
            return []
        return errors.splitlines() or [f"exit code {code} without a message"]

    return act


def run_command(words: list[str]) -> tuple[int, str, str]:
    """Run the command line in this process; return its exit code and what it printed to stdout and stderr."""
    from composer.cli.main import main

    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return code, out.getvalue(), errors.getvalue()


@cache
def inferrer() -> "object":
    """Return one inferrer for all scenarios, so that a block is run once."""
    from composer.engine.inference.infer import Inferrer

    return Inferrer()


@cache
def qt_application() -> object:
    """Return the application of this process."""
    from composer.gui.app import application

    return application()


def nothing(_folder: Path) -> None:
    """Prepare nothing."""


def save_narrow(folder: Path) -> None:
    """Save a design whose attention does not fit, for `check --fix`."""
    from composer.core.graph import Graph, Input, Node, Output, Wire

    nodes = {
        "patches": Node("patches", "PatchEmbed", {"dim": 64, "patch_size": 4}, (200, 0)),
        "attn": Node("attn", "TransformerEncoderLayer", {"num_heads": 5}, (440, 0)),
        "head": Node("head", "TokenClassifierHead", {"num_classes": 10}, (680, 0)),
    }
    wires = (Wire("image", "patches"), Wire("patches", "attn"), Wire("attn", "head"), Wire("head", "logits"))
    main = Graph({"image": Input("image", (3, 32, 32))}, nodes, {"logits": Output("logits", (900, 0))}, wires)
    design_file.save(Design("Narrow", main, variables={"width": 32}), folder / DESIGN)


def note_before(folder: Path) -> None:
    """Write notes about a run."""
    (folder / "run").mkdir()
    write_notes(folder / "run", RunNotes("short", ("paper",)))


def note_after(folder: Path) -> list[str]:
    """Replace them by longer ones."""
    write_notes(folder / "run", RunNotes("longer " * 400, ("paper", "ablation")))
    return []


def file_scenarios() -> list[Scenario]:
    """Return the scenarios that need no torch run: saves, backups, commands that write designs."""
    return [
        Scenario("save", save_before, save_after),
        Scenario("window session", save_before, window_session),
        Scenario("recovery file", nothing, back_up, silent=True),
        Scenario("notes of a run", note_before, note_after),
        Scenario("new", nothing, command("new", "vit_base_patch16_224", "-o", "@/new.yaml")),
        Scenario("check --fix", save_narrow, command("check", f"@/{DESIGN}", "--fix")),
        Scenario(
            "replace",
            save_before,
            command("replace", f"@/{DESIGN}", "--block", "ConvStem", "--by", "Conv2d", "-o", "@/swapped.yaml"),
        ),
    ]


def training_scenarios() -> list[Scenario]:
    """Return the scenarios of a run."""
    page = command("preview", f"@/{DESIGN}", "-o", "@/page.png", "--count", "2", "--draws", "2", "--augment", "flip")
    return [
        Scenario("train", nothing, training),
        Scenario("resume", train_first, resume),
        Scenario("preview", save_before, page),
    ]


def export_scenarios() -> list[Scenario]:
    """Return the exports that need no optional package."""
    from composer.core.export_targets import export_targets

    return [export_to(key) for key in export_targets() if key not in ("onnx", "pt2")]


# -- whole files -------------------------------------------------------------------------------------------------------


def read_whole(path: Path) -> None:
    """Read a file completely by the format of its name.

    Raises:
        Exception: of any kind, if it is damaged.
    """
    match path.suffix:
        case ".yaml":
            design_file.load(path)
        case ".json":
            json.loads(path.read_bytes())
        case ".jsonl":
            *lines, _torn = path.read_bytes().split(b"\n")
            for line in lines:
                json.loads(line)
        case ".pt":
            import torch

            torch.load(path, map_location="cpu", weights_only=True)
        case ".safetensors":
            from safetensors.torch import load_file

            load_file(path)
        case ".py":
            compile(path.read_bytes(), str(path), "exec")
        case ".png":
            from PIL import Image

            with Image.open(path) as image:
                image.load()
        case ".ini":
            configparser.RawConfigParser(strict=False, delimiters="=").read(path)
        case ".txt":
            path.read_text("utf-8")
        case ".npy":
            import numpy as np

            np.load(path)
        case ".npz":
            import numpy as np

            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                for name in archive:
                    archive[name]
        case _:
            raise ValueError("neither the old nor the new version")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files below a folder."""
    if not folder.is_dir():
        return {}
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def damaged_files(folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> list[str]:
    """Return the files that are neither the old nor the new version, nor readable as their kind, and lost old ones."""
    problems = []
    now = snapshot(folder)
    for name, data in now.items():
        if data in (old.get(name), new.get(name)) or OWNER.search(name):
            continue
        try:
            read_whole(folder / name)
        except Exception as error:  # noqa: BLE001 - readers of all formats
            problems.append(f"{name} is damaged: {type(error).__name__}: {str(error).splitlines()[:1]}")
    problems += [f"{name} is lost" for name in old if name in new and name not in now]
    return problems


def stray_files(folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> list[str]:
    """Return files that neither existed before nor belong to a complete run of the work."""
    return [name for name in snapshot(folder) if name not in old and name not in new and not EXPECTED.search(name)]


def perform(scenario: Scenario, folder: Path) -> tuple[list[str], str]:
    """Do the work of a scenario.

    Returns:
        The messages to the user, and the description of an exception that no user should see; empty without one.
    """
    try:
        return scenario.act(folder), ""
    except UserError as error:
        return [str(error)], ""
    except Exception as error:  # noqa: BLE001 - any of them is a violation
        return [], f"{type(error).__name__}: {error}"
