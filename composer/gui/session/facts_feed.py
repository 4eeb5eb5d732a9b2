"""Keeps the facts current: one request at a time, the newest design next, the whole design for a new engine."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_delta import DeltaWriter
from composer.core.graph import Design
from composer.core.rules import Problem
from composer.gui.workers.worker import Request, Worker


class FactsFeed(QObject):
    """Requests facts from the engine and stores the latest.

    Args:
        worker: the engine.
        design: returns the current design.
        parent: Qt parent.

    Attributes:
        facts: the latest facts.
        revision: number of the current design.
        batch: batch size of the costs.
        error: why the latest request failed; empty if it did not.
        structural: problems of the drawing itself.

    Signals:
        changed: paths whose facts changed or were removed, and the revision that they belong to.
    """

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
        self._requested_revision = 0
        self._request: Request | None = None
        self._writer = DeltaWriter()
        worker.received.connect(self._on_event)

    @property
    def current(self) -> bool:
        """Whether the facts are those of the current design."""
        return self._requested_revision == self.revision and self._request is None

    def refresh(self) -> None:
        """Request the facts of the current design."""
        self.revision += 1
        self._send()

    def show(self, facts: DesignFacts) -> None:
        """Store facts of the current design from another source."""
        self.facts = facts
        self._requested_revision = self.revision
        self._nodes = dict(facts.nodes)
        self.changed.emit(frozenset(facts.nodes), self.revision)

    def set_batch(self, batch: int) -> None:
        """Request the costs at another batch size."""
        if batch != self.batch:
            self.batch = batch
            self.refresh()

    def _on_event(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "ready" and self._request is None:
            self._writer.reset()  # a new engine does not know the design that an earlier one received
            self._send()

    def _send(self) -> None:
        if self._request is None and self._worker.running:  # also while it starts: the request waits in its pipe
            self._requested_revision = self.revision
            params = {"design": self._writer.write(self._design()), "batch": self.batch, "revision": self.revision}
            self._request = self._worker.request("facts", params, self._on_facts, self._on_error)

    def _on_facts(self, reply: Mapping[str, Any]) -> None:
        self._request = None
        if reply.get("again"):
            self._writer.reset()
            self._send()
            return
        self.error = ""
        changed = {path: NodeFacts.from_json(data) for path, data in reply["changed"].items()}
        touched = set(changed) | set(reply.get("removed", ()))
        if reply.get("reset"):
            touched |= self._nodes.keys()
            self._nodes = {}
        for path in reply.get("removed", ()):
            self._nodes.pop(path, None)
        self._nodes.update(changed)
        self.facts = DesignFacts(dict(self._nodes), Totals(**reply["totals"]), int(reply.get("batch", self.batch)))
        self.structural = tuple(Problem(*row) for row in reply.get("problems", ()))
        self.changed.emit(frozenset(touched), int(reply["revision"]))
        self._continue()

    def _on_error(self, reason: str) -> None:
        self._request = None
        self._writer.reset()
        self.error = reason
        self.changed.emit(frozenset(), self._requested_revision)
        self._continue()

    def _continue(self) -> None:
        if self._requested_revision != self.revision:
            self._send()
