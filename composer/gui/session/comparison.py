"""A comparison of the design with another one: what differs, kept up while the design is edited."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core import units
from composer.core.blocks.catalog import Catalog
from composer.core.diff import GraphDiff, diff, diff_graph
from composer.core.diff_report import Change, report
from composer.core.errors import UserError
from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_json import to_json
from composer.core.graph import Design, Graph
from composer.core.layout.placement import lay_out_unplaced
from composer.gui.workers.worker import Request, Worker


class Comparison(QObject):
    """The other design, its facts, and what differs.

    Args:
        worker: the engine.
        design: gives the design of the moment.
        facts: gives its facts.
        catalog: gives the known blocks, whose sizes on the canvas a design without positions needs.
        parent: Qt parent.
    """

    changed = Signal()

    def __init__(
        self,
        worker: Worker,
        design: Callable[[], Design],
        facts: Callable[[], DesignFacts],
        catalog: Callable[[], Catalog],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.other: Design | None = None
        self.title = ""
        self.lines: list[Change] = []
        self._worker = worker
        self._design = design
        self._facts = facts
        self._catalog = catalog
        self._known: DesignFacts | None = None
        self._request: Request | None = None

    @property
    def on(self) -> bool:
        """Whether a comparison is shown."""
        return self.other is not None

    def start(self, path: Path) -> None:
        """Compare with a design file.

        Raises:
            UserError: if the file cannot be read.
        """
        from composer.core.files.design_file import load

        self.show(lay_out_unplaced(load(path), self._catalog()), path.name)

    def show(self, other: Design, title: str) -> None:
        """Compare with a design.

        Args:
            other: the older design.
            title: what it is called.
        """
        self.stop()
        self.other, self.title = other, title
        if self._worker.state in ("ready", "busy"):
            self._request = self._worker.request("preview", {"design": to_json(other), "facts": True}, self._take)
        self.refresh()

    def stop(self) -> None:
        """Show no comparison any more."""
        if self._request is not None:
            self._request.cancel()
        was_on = self.on
        self.other, self._known, self._request, self.lines = None, None, None, []
        if was_on:
            self.changed.emit()

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._request = None
        nodes = {path: NodeFacts.from_json(data) for path, data in answer["facts"].items()}
        self._known = DesignFacts(nodes, Totals(**answer["totals"]))
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Find the differences anew; made for the signals of the session."""
        if self.other is None:
            return
        facts = self._facts() if self._known is not None else DesignFacts()
        try:
            self.lines = report(self.other, self._design(), self._known or DesignFacts(), facts)
        except (UserError, KeyError):
            self.lines = []
        self.changed.emit()

    def graph(self, name: str) -> tuple[Graph, GraphDiff]:
        """A graph as the other design has it, and what differs from it now."""
        old = Graph()
        if self.other is not None and (not name or name in self.other.graphs):
            old = self.other.graph(name)
        return old, diff_graph(old, self._design().graph(name))

    def changed_graphs(self) -> frozenset[str]:
        """Sub-graphs in which something differs, also deeper inside."""
        if self.other is None:
            return frozenset()
        design = self._design()
        found = {
            name for name, part in diff(self.other, design).graphs.items() if name in design.graphs and part.structural
        }
        grown = True
        while grown:
            around = {
                name
                for name, graph in design.graphs.items()
                if any(node.subgraph in found for node in graph.nodes.values())
            }
            grown = not around <= found
            found |= around
        return frozenset(found)

    def summary(self) -> str:
        """What differs, counted, with the totals."""
        if not self.lines:
            return f"No differences from {self.title}."
        kinds = [
            (sum(line.kind == kind and line.what in ("node", "wire") for line in self.lines), kind)
            for kind in ("added", "removed", "changed")
        ]
        settings = "1 setting" if len(self.lines) == 1 else f"{len(self.lines)} settings"
        counted = ", ".join(f"{count} {kind}" for count, kind in kinds if count) or settings
        if self._known is None:
            return f"Compared with {self.title}: {counted}."
        old, new = self._known.totals, self._facts().totals
        deltas = f"params {units.difference(new.params - old.params)}, MACs {units.difference(new.macs - old.macs)}"
        return f"Compared with {self.title}: {counted}; {deltas}."
