"""The repairs that the window offers: requested when an error is displayed, cached until the design changes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from composer.core.errors import DesignError
from composer.core.facts import Repair
from composer.core.files.design_json import to_json
from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.gui.workers.worker import Request, Worker

ItemKey = tuple[str, str]  # name of the graph, id of the item


class RepairOffers(QObject):
    """The repairs of the errors of the current design.

    Args:
        worker: the engine.
        design: returns the current design.
        parent: Qt parent.

    Signals:
        changed: further repairs have arrived.
    """

    changed = Signal()

    def __init__(self, worker: Worker, design: Callable[[], Design], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._design = design
        self._cached_design: Design | None = None
        self._cached: dict[ItemKey, tuple[Repair, ...]] = {}
        self._waiting: list[ItemKey] = []
        self._request: Request | None = None

    def of(self, id: str, graph: str = "", hints: tuple[Repair, ...] = ()) -> tuple[Repair, ...] | None:
        """Return the repairs of an error.

        Args:
            id: the item; empty for an error of the design as a whole.
            graph: name of the graph that holds it.
            hints: repairs to offer while the engine is not available.

        Returns:
            The repairs, the best first; None while the engine searches, until `changed`.
        """
        if self._cached_design is not self._design():
            self._reset()
        key = (graph, id)
        if key in self._cached:
            return self._cached[key] or hints
        if self._worker.state not in ("ready", "busy"):
            return hints
        if key not in self._waiting:
            self._waiting.append(key)
            self._send()
        return None

    def _reset(self) -> None:
        if self._request is not None:
            self._request.cancel()
        self._cached_design, self._request = self._design(), None
        self._cached.clear()
        self._waiting.clear()

    def _send(self) -> None:
        # One request at a time, so that the facts of the next edit come in between.
        if self._request is None and self._waiting and self._cached_design is not None:
            graph, id = key = self._waiting[0]

            def take(repairs: tuple[Repair, ...]) -> None:
                self._request = None
                self._waiting.remove(key)
                self._cached[key] = repairs
                self.changed.emit()
                self._send()

            params = {"design": to_json(self._cached_design), "id": id, "graph": graph}
            self._request = self._worker.request(
                "repairs",
                params,
                lambda reply: take(tuple(Repair.from_json(data) for data in reply["repairs"])),
                lambda _reason: take(()),
            )


def apply_offer(design: Design, repair: Repair, graph: str) -> Design:
    """Return the design with an offered repair applied.

    Args:
        design: the current design.
        repair: offered for this design or an earlier one.
        graph: name of the graph that holds the item.

    Raises:
        DesignError: if the repair no longer applies.
    """
    try:
        return apply_repair(design, repair, graph=graph)
    except DesignError as error:
        raise DesignError(f"“{repair.label}” no longer applies: {error}") from None
