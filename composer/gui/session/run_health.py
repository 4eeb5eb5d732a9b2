"""Hands the health of the nodes from a training to the display of the canvas, while it trains and afterwards."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject

from composer.core.node_health import NodeHealth
from composer.gui.runs.run_process import RunHandle
from composer.gui.session.session import Session


class RunHealth(QObject):
    """Follows the latest training of the network that the canvas shows.

    Args:
        session: its session.

    Attributes:
        latest: the latest health record of each trained network, by its digest.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.latest: dict[str, Mapping[str, Any]] = {}
        self._shown: Mapping[str, Any] | None = None
        session.run_started.connect(self._follow)
        session.document.design_changed.connect(lambda *_: self._show())

    def _follow(self, handle: RunHandle) -> None:
        handle.received.connect(lambda event: self._on_event(handle.digest, event))

    def _on_event(self, digest: str, event: Mapping[str, Any]) -> None:
        if event.get("event") == "metrics" and event.get("kind") == "health":
            self.latest[digest] = event
            self._show()

    def _show(self) -> None:
        """Show the values that belong to the network on the canvas; those of another network are not its own."""
        record = self.latest.get(self._session.digest) if self.latest else None
        if record is not self._shown:
            self._shown = record
            health = NodeHealth(record.get("nodes") or {}) if record is not None else None
            self._session.lens.set_health(health, int(record.get("epoch", 0)) if record is not None else 0)
