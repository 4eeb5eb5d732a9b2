"""Repairs as the window offers them: asked of the engine where an error is looked at, kept until the design changes, applied by a click."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from composer.core.errors import DesignError
from composer.core.facts import Repair
from composer.core.files.design_json import to_json
from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.gui.workers.worker import Request, Worker

Place = tuple[str, str]  # graph, id


class RepairOffers(QObject):
    """The offers for the design of the moment.

    Args:
        worker: the engine.
        design: gives the design of the moment.
        parent: Qt parent.
    """

    changed = Signal()

    def __init__(self, worker: Worker, design: Callable[[], Design], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._design = design
        self._for: Design | None = None
        self._known: dict[Place, tuple[Repair, ...]] = {}
        self._waiting: list[Place] = []
        self._open: Request | None = None

    def of(self, id: str, graph: str = "", hints: tuple[Repair, ...] = ()) -> tuple[Repair, ...] | None:
        """The repairs of an error.

        Args:
            id: the item; empty for an error of the design as a whole.
            graph: name of the graph that holds it.
            hints: repairs to offer where the engine cannot be asked.

        Returns:
            The repairs, the best first; None while they are being sought, until `changed`.
        """
        if self._for is not self._design():
            self._begin()
        place = (graph, id)
        if place in self._known:
            return self._known[place] or hints
        if self._worker.state not in ("ready", "busy"):
            return hints
        if place not in self._waiting:
            self._waiting.append(place)
            self._ask()
        return None

    def _begin(self) -> None:
        if self._open is not None:
            self._open.cancel()
        self._for, self._open = self._design(), None
        self._known.clear()
        self._waiting.clear()

    def _ask(self) -> None:
        # One at a time: facts of the next edit come in between.
        if self._open is None and self._waiting and self._for is not None:
            graph, id = place = self._waiting[0]

            def take(repairs: tuple[Repair, ...]) -> None:
                self._open = None
                self._waiting.remove(place)
                self._known[place] = repairs
                self.changed.emit()
                self._ask()

            params = {"design": to_json(self._for), "id": id, "graph": graph}
            self._open = self._worker.request(
                "repairs",
                params,
                lambda answer: take(tuple(Repair.from_json(data) for data in answer["repairs"])),
                lambda _reason: take(()),
            )


def repaired(design: Design, repair: Repair, graph: str) -> Design:
    """The design with a repair carried out.

    Args:
        design: the design as it is now.
        repair: offered for this design or an earlier one.
        graph: name of the graph that holds the item.

    Raises:
        DesignError: if the repair no longer applies.
    """
    try:
        return apply_repair(design, repair, graph=graph)
    except DesignError as error:
        raise DesignError(f"“{repair.label}” no longer applies: {error}") from None
