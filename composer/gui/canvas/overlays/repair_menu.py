"""The repairs of an error, at the top of the context menu; the engine may find them while the menu is open."""

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from composer.core.facts import Repair
from composer.gui.session.session import Session


class RepairRows(QObject):
    """Adds the repairs of one item to a menu.

    Args:
        menu: the menu, before its other rows are added.
        session: the session.
        id: an item of the shown graph.
    """

    def __init__(self, menu: QMenu, session: Session, id: str) -> None:
        super().__init__(menu)
        self._menu, self._session, self._id, self._graph = menu, session, id, session.document.graph_name
        self._hint = menu.addAction("Looking for repairs…")
        self._hint.setEnabled(False)
        self._end = menu.addSeparator()
        self._listening = True
        session.offers.changed.connect(self._fill)
        menu.aboutToHide.connect(self._stop)
        self._fill()

    def _stop(self) -> None:
        if self._listening:
            self._listening = False
            self._session.offers.changed.disconnect(self._fill)

    def _fill(self) -> None:
        facts = self._session.facts_for(self._id)
        repairs = self._session.offers.of(self._id, self._graph, facts.repairs if facts is not None else ())
        if repairs is None:
            return
        self._stop()
        for repair in repairs:
            self._add(repair)
        self._hint.setText("No repair found")
        self._hint.setVisible(not repairs)

    def _add(self, repair: Repair) -> None:
        action = self._menu.addAction(repair.label)
        self._menu.insertAction(self._end, action)
        action.triggered.connect(partial(self._session.repair, repair, self._graph))
