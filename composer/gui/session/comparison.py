"""A comparison of the design with another one, updated while the design is edited."""

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
    """The other design, its facts, and the differences.

    Args:
        worker: the engine.
        design: returns the current design.
        facts: returns its facts.
        catalog: returns the block catalog, by which a design without positions is laid out.
        parent: Qt parent.

    Attributes:
        other: the other, older design; None without a comparison.
        title: name of the other design.
        lines: the differences.

    Signals:
        changed: the comparison started or ended, or the differences are others.
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
        self._other_facts: DesignFacts | None = None
        self._request: Request | None = None

    @property
    def on(self) -> bool:
        """Whether there is a comparison."""
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
            title: its name.
        """
        self.stop()
        self.other, self.title = other, title
        if self._worker.state in ("ready", "busy"):
            self._request = self._worker.request("preview", {"design": to_json(other), "facts": True}, self._on_facts)
        self.refresh()

    def stop(self) -> None:
        """End the comparison."""
        if self._request is not None:
            self._request.cancel()
        was_on = self.on
        self.other, self._other_facts, self._request, self.lines = None, None, None, []
        if was_on:
            self.changed.emit()

    def _on_facts(self, reply: Mapping[str, Any]) -> None:
        self._request = None
        nodes = {path: NodeFacts.from_json(data) for path, data in reply["facts"].items()}
        self._other_facts = DesignFacts(nodes, Totals(**reply["totals"]))
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Compute the differences again; can be connected to any signal."""
        if self.other is None:
            return
        facts = self._facts() if self._other_facts is not None else DesignFacts()
        try:
            self.lines = report(self.other, self._design(), self._other_facts or DesignFacts(), facts)
        except (UserError, KeyError):
            self.lines = []
        self.changed.emit()

    def graph(self, name: str) -> tuple[Graph, GraphDiff]:
        """Return a graph of the other design, and its differences from the current one."""
        old = Graph()
        if self.other is not None and (not name or name in self.other.graphs):
            old = self.other.graph(name)
        return old, diff_graph(old, self._design().graph(name))

    def changed_graphs(self) -> frozenset[str]:
        """Return the names of the sub-graphs that differ, themselves or in a sub-graph inside."""
        if self.other is None:
            return frozenset()
        design = self._design()
        changed = {
            name for name, part in diff(self.other, design).graphs.items() if name in design.graphs and part.structural
        }
        # Each pass adds the graphs that contain a changed one, until nothing is added.
        growing = True
        while growing:
            containers = {
                name
                for name, graph in design.graphs.items()
                if any(node.subgraph in changed for node in graph.nodes.values())
            }
            growing = not containers <= changed
            changed |= containers
        return frozenset(changed)

    def summary(self) -> str:
        """Return one sentence with the number of differences and the change of the totals."""
        if not self.lines:
            return f"No differences from {self.title}."
        kinds = [
            (sum(line.kind == kind and line.what in ("node", "wire") for line in self.lines), kind)
            for kind in ("added", "removed", "changed")
        ]
        settings = "1 setting" if len(self.lines) == 1 else f"{len(self.lines)} settings"
        counted = ", ".join(f"{count} {kind}" for count, kind in kinds if count) or settings
        if self._other_facts is None:
            return f"Compared with {self.title}: {counted}."
        old, new = self._other_facts.totals, self._facts().totals
        deltas = f"params {units.difference(new.params - old.params)}, MACs {units.difference(new.macs - old.macs)}"
        return f"Compared with {self.title}: {counted}; {deltas}."
