"""The inspector panel: the selection as a form, or the design when nothing is selected."""

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
    """Shows the page for the current selection and keeps its values up to date.

    Args:
        session: the session.

    Attributes:
        page: the shown page; None while nodes of different blocks are selected.
    """

    title = "Inspector"
    icon = "inspector"
    area = "right"
    order = 20
    shortcut = "Ctrl+2"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._key: object = self  # equal to no key of a page
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
        """Show the page of the selection.

        Building a page takes far longer than updating one, so the page is reused as long as its form fits: the same
        kind, and for nodes the same block. A form in which the user is typing belongs to its nodes and is replaced.
        """
        kind, key = self._page_kind()
        page, selection = self.page, self.session.document.selection
        other_nodes = isinstance(page, NodePage) and page.ids != selection
        if (kind, key) != self._key or (other_nodes and isinstance(page, NodePage) and page.in_use):
            self._key = (kind, key)
            self.page = self._make_page(kind)
            self._area.setWidget(self.page if self.page is not None else _mixed_page(len(selection)))
        elif other_nodes and isinstance(page, NodePage):
            page.show_nodes(selection)
        elif page is not None:
            page.update_values()

    def _page_kind(self) -> tuple[str, object]:
        """Return which kind of page the selection needs, and a key that differs if the form must differ."""
        session = self.session
        ids, graph = session.document.selection, session.document.graph
        if not ids:
            return "design", session.document.graph_name
        if all(id in graph.nodes for id in ids) and len({graph.nodes[id].block for id in ids}) == 1:
            return "node", (session.document.instance_path, NodePage.key(session, ids))
        return ("end", (session.document.instance_path, ids)) if len(ids) == 1 else ("mixed", ids)

    def _make_page(self, kind: str) -> Page | None:
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


def _mixed_page(count: int) -> QWidget:
    page = QWidget()
    text = label(
        f"{count} items of different kinds are selected. Select nodes of the same block to edit them together.",
        "muted",
        wrap=True,
    )
    layout = column(text)
    layout.addStretch(1)
    page.setLayout(layout)
    return page
