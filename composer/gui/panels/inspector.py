"""The inspector: whatever is selected as a form; with nothing selected, the design."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from composer.core.diff import Diff
from composer.gui.inspector.design_page import DesignPage
from composer.gui.inspector.end_page import EndPage
from composer.gui.inspector.node_page import NodePage
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label

Page = NodePage | EndPage | DesignPage


class InspectorPanel(Panel):
    """Shows the page that fits the selection and keeps it up to date.

    Args:
        session: the session.
    """

    title = "Inspector"
    icon = "inspector"
    area = "right"
    order = 20
    shortcut = "Ctrl+2"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._key: object = self
        self.page: Page | None = None
        self._area = QScrollArea(widgetResizable=True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLayout(column(self._area, margin=0))
        session.document.selection_changed.connect(self.refresh_soon)
        session.document.shown_graph_changed.connect(lambda _: self.refresh_soon())
        session.document.design_changed.connect(self._on_design)
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.offers.changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._redraw)
        session.catalog_changed.connect(lambda _: self._redraw())

    def refresh(self) -> None:
        """Show the page of the selection, made anew only where its form differs."""
        kind, key = self._wanted()
        page, chosen = self.page, self.session.document.selection
        others = isinstance(page, NodePage) and page.ids != chosen
        if (kind, key) != self._key or (others and isinstance(page, NodePage) and page.in_use):
            self._key = (kind, key)
            self.page = self._make(kind)
            self._area.setWidget(self.page if self.page is not None else _mixed(len(chosen)))
        elif others and isinstance(page, NodePage):
            page.show_nodes(chosen)
        elif page is not None:
            page.update_values()

    def _wanted(self) -> tuple[str, object]:
        session = self.session
        ids, graph = session.document.selection, session.document.graph
        if not ids:
            return "design", session.document.graph_name
        if all(id in graph.nodes for id in ids) and len({graph.nodes[id].block for id in ids}) == 1:
            return "node", (session.document.instance_path, NodePage.key(session, ids))
        return ("end", (session.document.instance_path, ids)) if len(ids) == 1 else ("mixed", ids)

    def _make(self, kind: str) -> Page | None:
        if kind == "node":
            return NodePage(self.session, self.session.document.selection)
        if kind == "end":
            return EndPage(self.session, self.session.document.selection[0])
        return DesignPage(self.session) if kind == "design" else None

    def _on_design(self, diff: Diff, _initiator: object) -> None:
        if diff.structural or diff.fields:
            self.refresh_soon()

    def _redraw(self) -> None:
        self._key = self
        self.refresh_soon()


def _mixed(count: int) -> QWidget:
    made = QWidget()
    text = label(
        f"{count} items of different kinds are selected. Select nodes of one block to change them together.",
        "muted",
        wrap=True,
    )
    inside = column(text)
    inside.addStretch(1)
    made.setLayout(inside)
    return made
