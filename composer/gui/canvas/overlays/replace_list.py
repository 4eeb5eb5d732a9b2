"""The list of blocks that may replace others; it shows what changes, and whether it fits, before anything is done."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QLabel, QWidget

from composer.core import units
from composer.core.blocks.block_search import BlockChoice, block_choices
from composer.core.blocks.ports import fits
from composer.core.errors import DesignError
from composer.core.files.design_json import to_json
from composer.core.graph import Node
from composer.core.swap import Swap, swap
from composer.gui.canvas.overlays.quick_add import QuickAdd
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, label, row
from composer.gui.workers.worker import Request

SELECTION, ALL = "selection", "all"  # scopes
FOOTER_HEIGHT = 140  # of scope, verdict and button below the list
VERDICT_HEIGHT = 48
DELAY_MS = 60  # walking through the list checks only the block at which it stops


class ReplaceList(QuickAdd):
    """Search field, list, scope and what the replacement would change. Enter replaces, Esc closes.

    Args:
        session: the session.
        parent: the widget it opens over.

    Attributes:
        selection_button, all_button: choose the scope.
        verdict: what the replacement would change, or why it does not fit.
        replace_button: replaces.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._document = session.document
        self._ids: tuple[str, ...] = ()
        self._blocks: set[str] = set()
        self._scope = SELECTION
        self._swap: Swap | None = None
        self._fits: bool | None = None  # None while the engine checks
        self._replace_when_checked = False  # whether Enter was pressed meanwhile
        self._request: Request | None = None
        self.setAccessibleName("Replace block")
        self.field.setPlaceholderText("Replace with")
        self._footer_height = FOOTER_HEIGHT
        self.selection_button = button("This node", lambda: self._set_scope(SELECTION))
        self.all_button = button("All", lambda: self._set_scope(ALL))
        self._scopes = QButtonGroup(self)
        for scope_button in (self.selection_button, self.all_button):
            scope_button.setCheckable(True)
            scope_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the search field keeps the focus
            self._scopes.addButton(scope_button)
        self.verdict: QLabel = label("", "small", wrap=True)
        self.verdict.setFixedHeight(VERDICT_HEIGHT)
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.replace_button = button("Replace", self._pick, "primary")
        self.replace_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        line = row(self.selection_button, self.all_button, spacing=4)
        line.addStretch(1)
        line.addWidget(self.replace_button)
        self._box.addWidget(self.verdict)
        self._box.addLayout(line)
        self._check_soon = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._check_soon.timeout.connect(self._check)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._on_changed())
        self._model.modelReset.connect(self._on_changed)

    def open(self, at: QPoint) -> None:
        """Open the list for the selected nodes; do nothing if there are none but sub-graphs.

        Args:
            at: position of the top left corner in the parent.
        """
        document = self._document
        selected = (document.graph.nodes.get(id) for id in document.selection)
        nodes: list[Node] = [node for node in selected if node is not None and node.subgraph is None]
        if not nodes:
            return
        self._ids, self._blocks = tuple(node.id for node in nodes), {node.block for node in nodes}
        self.selection_button.setText("This node" if len(nodes) == 1 else f"Selection ({len(nodes)})")
        block = nodes[0].block
        all_nodes = (node for _, graph in document.design.all_graphs() for node in graph.nodes.values())
        count = sum(node.block == block for node in all_nodes)
        self.all_button.setVisible(len(self._blocks) == 1 and count > len(nodes))
        self.all_button.setText(f"All {count} {block}")
        self._scope = SELECTION
        self.selection_button.setChecked(True)
        t = theme.tokens()
        for scope_button in (self.selection_button, self.all_button):
            scope_button.setStyleSheet(f"QPushButton:checked {{ background: {t.tint}; border-color: {t.accent}; }}")
        self.open_at(self._candidates(), at)
        self._on_changed()

    def _candidates(self) -> list[BlockChoice]:
        """Return all other blocks: first those that can be wired alike, of these the same family, then equal shapes."""
        choices = block_choices(self._document.design, self._session.catalog, self._document.graph_name)
        others = [choice for choice in choices if choice.block in self._session.catalog]
        others = [choice for choice in others if {choice.block} != self._blocks]
        current = [choice for choice in choices if choice.block in self._blocks]

        def rank(choice: BlockChoice) -> tuple[bool, bool, bool]:
            return (
                not all(self._can_be_wired_like(choice, other) for other in current),
                all(choice.family != other.family for other in current),
                any(choice.shape != other.shape for other in current),
            )

        return sorted(others, key=rank)

    def _can_be_wired_like(self, choice: BlockChoice, other: BlockChoice) -> bool:
        """Return whether the layouts of a block fit the wires of another one, and those are enough for its inputs."""
        required, wired = (
            sum(not port.optional for port in self._session.catalog[c.block].inputs) for c in (choice, other)
        )
        return fits(other.takes, choice.takes) and fits(choice.gives, other.gives) and required <= wired

    def _set_scope(self, scope: str) -> None:
        self._scope = scope
        self._on_changed()

    # --- the check --------------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        """Discard the verdict, because block or scope changed, and check again soon."""
        if self._request is not None:
            self._request.cancel()
            self._request = None
        self._swap, self._fits, self._replace_when_checked = None, None, False
        self.replace_button.setEnabled(False)
        self._check_soon.start()

    def _check(self) -> None:
        """Replace in a copy of the design, and let the engine infer its shapes."""
        session, document, block = self._session, self._document, self.current
        if not self.isVisible():
            return
        if not block:
            self._show_verdict(False, "")
            return
        try:
            if self._scope == ALL:
                self._swap = swap(document.design, session.catalog, block, block=next(iter(self._blocks)))
            else:
                self._swap = swap(document.design, session.catalog, block, ids=self._ids, graph=document.graph_name)
        except DesignError as error:
            self._show_verdict(False, str(error))
            return
        if session.engine_state not in ("ready", "busy"):
            self._show_verdict(True, f"{self._summary()}. The engine is off, so shapes are not checked.")
            return
        params = {"design": to_json(self._swap.design), "batch": session.batch}
        self._request = session.request(
            "preview", params, self._on_checked, lambda reason: self._show_verdict(False, reason)
        )

    def _on_checked(self, answer: Mapping[str, Any]) -> None:
        """Show the first error that the design does not have already, or the difference in parameters and MACs."""
        self._request = None
        present = {*self._session.facts.errors.values(), *(problem.message for problem in self._session.problems)}
        new_errors = [error for error in answer["errors"] if error not in present]
        if new_errors:
            self._show_verdict(False, new_errors[0])
            return
        before, after = self._session.facts.totals, answer["totals"]
        parts = [
            f"{units.difference(after['params'] - before.params)} params",
            f"{units.difference(after['macs'] - before.macs)} MACs",
        ]
        self._show_verdict(True, f"{self._summary()}: {', '.join(parts)}")

    def _summary(self) -> str:
        """Return how many nodes are replaced, and which parameters they lose."""
        assert self._swap is not None
        count = len(self._swap.nodes)
        lost = list(dict.fromkeys(name.rpartition(".")[2] for name in self._swap.dropped))
        return ("1 node" if count == 1 else f"{count} nodes") + (f", losing {', '.join(lost)}" if lost else "")

    def _show_verdict(self, fits: bool, text: str) -> None:
        self._fits = fits
        self.verdict.setText(text)
        self.verdict.setToolTip(text)
        role = "small" if fits or not text else "error"
        if self.verdict.property("role") != role:
            self.verdict.setProperty("role", role)
            self.verdict.style().unpolish(self.verdict)
            self.verdict.style().polish(self.verdict)
        self.replace_button.setEnabled(fits)
        if self._replace_when_checked:
            self._pick()

    def _pick(self) -> None:
        """Replace if it fits; while the engine checks, wait for the verdict."""
        if self._fits is None:
            self._replace_when_checked = True
            return
        self._replace_when_checked = False
        result = self._swap
        if not self._fits or result is None or not self.current:
            return
        block, ids = self.current, self._ids
        self.close_()
        replaced = ids[0] if len(result.nodes) == 1 else f"{len(result.nodes)} nodes"
        self._document.apply(result.design, f"Replace {replaced} by {block}")
