"""The list of blocks that may take the place of others: where, what changes and whether it fits is said before anything is done."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QLabel, QWidget

from composer.core import units
from composer.core.blocks.ports import fits
from composer.core.errors import DesignError
from composer.core.files.design_json import to_json
from composer.core.graph import Node
from composer.core.swap import Swap, swap
from composer.gui.canvas.overlays.quick_add import QuickAdd
from composer.gui.canvas.overlays.quick_search import BlockChoice, block_choices
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, label, row
from composer.gui.workers.worker import Request

HERE, EVERYWHERE = "here", "everywhere"
ROOM = 140
DELAY_MS = 60  # a walk through the list tries only where it stops


class ReplaceList(QuickAdd):
    """Search field, list, scope and what the replacement would change. Enter replaces, Esc closes.

    Args:
        session: the session.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._ids: tuple[str, ...] = ()
        self._blocks: set[str] = set()
        self._scope = HERE
        self._swap: Swap | None = None
        self._verdict: bool | None = None  # whether it fits; None while that is being found out
        self._wish = False  # Enter was pressed before that was known
        self._request: Request | None = None
        self.setAccessibleName("Replace block")
        self.field.setPlaceholderText("Replace by")
        self._room = ROOM
        self.here = button("This node", lambda: self._set_scope(HERE))
        self.everywhere = button("All", lambda: self._set_scope(EVERYWHERE))
        self._scopes = QButtonGroup(self)
        for made in (self.here, self.everywhere):
            made.setCheckable(True)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keys
            self._scopes.addButton(made)
        self.said: QLabel = label("", "small", wrap=True)
        self.said.setFixedHeight(48)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.go = button("Replace", self._take, "primary")
        self.go.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        line = row(self.here, self.everywhere, spacing=4)
        line.addStretch(1)
        line.addWidget(self.go)
        self._box.addWidget(self.said)
        self._box.addLayout(line)
        self._soon = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._soon.timeout.connect(self._try)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._changed())
        self._model.modelReset.connect(self._changed)

    def open(self, at: QPoint) -> None:
        """Open for the selected nodes.

        Args:
            at: where in the canvas.
        """
        session = self._session
        nodes: list[Node] = [
            node
            for id in session.document.selection
            if (node := session.document.graph.nodes.get(id)) is not None and node.subgraph is None
        ]
        if not nodes:
            return
        self._ids, self._blocks = tuple(node.id for node in nodes), {node.block for node in nodes}
        self.here.setText("This node" if len(nodes) == 1 else f"Selection ({len(nodes)})")
        block = nodes[0].block
        count = sum(
            node.block == block for _, graph in session.document.design.all_graphs() for node in graph.nodes.values()
        )
        self.everywhere.setVisible(len(self._blocks) == 1 and count > len(nodes))
        self.everywhere.setText(f"All {count} {block}")
        self._scope = HERE
        self.here.setChecked(True)
        t = theme.tokens()
        for made in (self.here, self.everywhere):
            made.setStyleSheet(f"QPushButton:checked {{ background: {t.tint}; border-color: {t.accent}; }}")
        self.open_at(self._offered(), at)
        self._changed()

    def _offered(self) -> list[BlockChoice]:
        """All blocks but the one that is there: what could be wired alike, its family, and of that the same shapes first."""
        session = self._session
        offered = block_choices(session.document.design, session.catalog, session.document.graph_name)
        found = [choice for choice in offered if choice.block in session.catalog and {choice.block} != self._blocks]
        old = [choice for choice in offered if choice.block in self._blocks]

        def rank(choice: BlockChoice) -> tuple[bool, bool, bool]:
            wired = all(self._goes(choice, now) for now in old)
            return (
                not wired,
                all(choice.family != now.family for now in old),
                any(choice.shape != now.shape for now in old),
            )

        return sorted(found, key=rank)

    def _goes(self, choice: BlockChoice, now: BlockChoice) -> bool:
        """Whether a block could be wired as another one is."""
        wanted, wired = (
            sum(not port.optional for port in self._session.catalog[by.block].inputs) for by in (choice, now)
        )
        return fits(now.takes, choice.takes) and fits(choice.gives, now.gives) and wanted <= wired

    def _set_scope(self, scope: str) -> None:
        self._scope = scope
        self._changed()

    def _changed(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None
        self._swap, self._verdict, self._wish = None, None, False
        self.go.setEnabled(False)
        self._soon.start()

    def _try(self) -> None:
        session, by = self._session, self.current
        if not self.isVisible():
            return
        if not by:
            self._judge(False, "")
            return
        try:
            if self._scope == EVERYWHERE:
                self._swap = swap(session.document.design, session.catalog, by, block=next(iter(self._blocks)))
            else:
                self._swap = swap(
                    session.document.design, session.catalog, by, ids=self._ids, graph=session.document.graph_name
                )
        except DesignError as error:
            self._judge(False, str(error))
            return
        if session.engine_state not in ("ready", "busy"):
            self._judge(True, f"{self._what()}. The engine is off, so shapes are not checked.")
            return
        params = {"design": to_json(self._swap.design), "batch": session.batch}
        self._request = session.request("trial", params, self._tried, lambda reason: self._judge(False, reason))

    def _tried(self, answer: Mapping[str, Any]) -> None:
        self._request = None
        known = {*self._session.facts.errors.values(), *(shown.message for shown in self._session.problems)}
        worse = [error for error in answer["errors"] if error not in known]
        if worse:
            self._judge(False, worse[0])
            return
        now, then = self._session.facts.totals, answer["totals"]
        parts = [
            f"{units.difference(then['params'] - now.params)} params",
            f"{units.difference(then['macs'] - now.macs)} MACs",
        ]
        self._judge(True, f"{self._what()}: {', '.join(parts)}")

    def _what(self) -> str:
        """How many nodes, and what they lose."""
        assert self._swap is not None
        count = len(self._swap.nodes)
        lost = list(dict.fromkeys(name.rpartition(".")[2] for name in self._swap.dropped))
        return ("1 node" if count == 1 else f"{count} nodes") + (f", losing {', '.join(lost)}" if lost else "")

    def _judge(self, fits: bool, text: str) -> None:
        self._verdict = fits
        self.said.setText(text)
        self.said.setToolTip(text)
        role = "small" if fits or not text else "error"
        if self.said.property("role") != role:
            self.said.setProperty("role", role)
            self.said.style().unpolish(self.said)
            self.said.style().polish(self.said)
        self.go.setEnabled(fits)
        if self._wish:
            self._take()

    def _take(self) -> None:
        """Replace, once it is known to fit."""
        if self._verdict is None:
            self._wish = True
            return
        self._wish = False
        done = self._swap
        if not self._verdict or done is None or not self.current:
            return
        by, ids = self.current, self._ids
        self.close_()
        self._session.document.apply(
            done.design, f"Replace {ids[0] if len(done.nodes) == 1 else f'{len(done.nodes)} nodes'} by {by}"
        )
