"""Keeps the facts up with the design: one request in flight, the newest design wins, everything sent again to a new engine."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_delta import DeltaWriter
from composer.core.graph import Design
from composer.core.rules import Problem
from composer.gui.workers.worker import Request, Worker


class FactsFeed(QObject):
    """Asks the engine for facts and holds the latest.

    Args:
        worker: the engine.
        design: gives the design of the moment.
        parent: Qt parent.
    """

    # Paths whose facts changed or went, and the revision of the design that they belong to.
    changed = Signal(object, int)

    def __init__(self, worker: Worker, design: Callable[[], Design], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.facts = DesignFacts()
        self.revision = 0
        self.batch = 1
        self.error = ""
        self.structural: tuple[Problem, ...] = ()
        self._worker = worker
        self._design = design
        self._nodes: dict[str, NodeFacts] = {}
        self._asked = 0
        self._open: Request | None = None
        self._writer = DeltaWriter()
        worker.received.connect(self._on_event)

    @property
    def current(self) -> bool:
        """Whether the facts are those of the design of the moment."""
        return self._asked == self.revision and self._open is None

    def refresh(self) -> None:
        """Ask for the facts of the design as it is now."""
        self.revision += 1
        self._ask()

    def show(self, facts: DesignFacts) -> None:
        """Hold facts that came from elsewhere."""
        self.facts = facts
        self._nodes = dict(facts.nodes)
        self.changed.emit(frozenset(facts.nodes), self.revision)

    def set_batch(self, batch: int) -> None:
        """Ask for the costs at another batch size."""
        if batch != self.batch:
            self.batch = batch
            self.refresh()

    def _on_event(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "ready" and self._open is None:
            self._writer.begin()  # what an engine before this one knew is gone
            self._ask()

    def _ask(self) -> None:
        if self._open is None and self._worker.running:  # also while it starts: the question waits in its pipe
            self._asked = self.revision
            params = {"design": self._writer.write(self._design()), "batch": self.batch, "revision": self.revision}
            self._open = self._worker.request("facts", params, self._take, self._failed)

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._open = None
        if answer.get("again"):
            self._writer.begin()
            self._ask()
            return
        self.error = ""
        changed = {path: NodeFacts.from_json(data) for path, data in answer["changed"].items()}
        touched = set(changed) | set(answer.get("removed", ()))
        if answer.get("reset"):
            touched |= self._nodes.keys()
            self._nodes = {}
        for path in answer.get("removed", ()):
            self._nodes.pop(path, None)
        self._nodes.update(changed)
        self.facts = DesignFacts(dict(self._nodes), Totals(**answer["totals"]), int(answer.get("batch", self.batch)))
        self.structural = tuple(Problem(*row) for row in answer.get("problems", ()))
        self.changed.emit(frozenset(touched), int(answer["revision"]))
        self._continue()

    def _failed(self, reason: str) -> None:
        self._open = None
        self._writer.begin()
        self.error = reason
        self.changed.emit(frozenset(), self._asked)
        self._continue()

    def _continue(self) -> None:
        if self._asked != self.revision:
            self._ask()
