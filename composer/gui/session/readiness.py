"""Whether the design can be trained now, and if not, why and how to repair that; as known before a process starts."""

from dataclasses import dataclass
from pathlib import Path

from composer.core.data_facts import DataFacts
from composer.core.extension_text import reference_text
from composer.core.facts import Repair
from composer.core.graph import ExtensionRef
from composer.core.training_check import training_obstacle
from composer.core.training_extensions import datasets
from composer.gui.session.session import Session

# States of an engine that will read the data.
ALIVE = frozenset({"starting", "ready", "busy", "restarting"})
DRAW_FIRST = "Draw a network first: an image input, blocks, and an output with one score per class"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer.

    Args:
        reason: why the design cannot be trained, in one sentence; empty if it can.
        repair: what removes the reason; None if nothing obvious does.
        waits: whether the reason is only that the data has not been read yet.
    """

    reason: str = ""
    repair: Repair | None = None
    waits: bool = False


def readiness(session: Session) -> Readiness:
    """Return whether the design of a session can be trained now."""
    design = session.document.design
    if not design.main.nodes:
        return Readiness(DRAW_FIRST)
    count = sum(problem.level == "error" for problem in session.problems)
    if count:
        problems = f"{count} problems have" if count > 1 else "1 problem has"
        return Readiness(f"{problems} to be solved first")
    data = session.data
    if data.reading and needs_facts(session):
        return Readiness(f"The data is being read: {round(100 * (data.share or 0.0))} %", waits=True)
    if data.facts is None and not data.error and needs_facts(session) and session.engine_state in ALIVE:
        return Readiness("The data has not been read yet", waits=True)
    if data.error:
        return Readiness(_sentence(data.error))
    obstacle = training_obstacle(design, session.facts if session.facts_current else None, session.catalog, data.facts)
    return Readiness(_sentence(obstacle.message), obstacle.repair) if obstacle is not None else Readiness()


def needs_facts(session: Session) -> bool:
    """Return whether the classes of the data are unknown until it is read, so that a start has to wait for that."""
    declaration = datasets().get(session.document.design.training.data.name)
    return declaration is None or not declaration.values.get("classes")


def data_words(reference: ExtensionRef, facts: DataFacts | None) -> str:
    """Return what is learned from, such as ``1,240 samples of 3 classes in photos``."""
    declaration = datasets().get(reference.name)
    paths = {spec.name for spec in declaration.options if spec.type == "path"} if declaration is not None else set()
    path = next((str(value) for name, value in reference.options.items() if name in paths), "")
    name = Path(path).name if path else reference_text("data", reference) or str(reference)
    part = facts.parts.get("train") if facts is not None else None
    if facts is None or part is None:
        return name
    classes = f" of {len(facts.classes):,} classes" if facts.classes else ""
    return f"{part.count:,} samples{classes} in {name}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
