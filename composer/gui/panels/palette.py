"""The palette panel: all blocks by family, with a search, to be dragged onto the canvas; and the templates."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTabWidget, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from composer.core import units
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.block_search import BlockChoice, block_choices, search
from composer.core.blocks.ports import declared_flow
from composer.core.diff import Diff
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label
from composer.gui.widgets.line_edit import LineEdit
from composer.gui.widgets.template_list import TemplateList
from composer.gui.widgets.two_part_delegate import COLOR_ROLE, DETAIL_ROLE, HEAD_ROLE, TwoPartDelegate

BLOCK_MIME = "application/x-netcomposer-block"
NAME_ROLE = Qt.ItemDataRole.UserRole
FAMILY_NAMES = {"io": "Inputs and outputs", "graph": "Sub-graphs of this design", "conv": "Convolution"}


class BlockTree(QTreeWidget):
    """A tree of families and their blocks; dragging a row carries the name of its block."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(8)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setItemDelegate(TwoPartDelegate(self))
        self.setDragEnabled(True)
        self.setDragDropMode(QTreeWidget.DragDropMode.DragOnly)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Blocks")

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """Return the data of a drag: the name of the block."""
        data = QMimeData()
        if items and (name := items[0].data(0, NAME_ROLE)):
            data.setData(BLOCK_MIME, QByteArray(str(name).encode()))
        return data


class PalettePanel(Panel):
    """Everything that can be put on the canvas.

    Args:
        session: the session.

    Attributes:
        search_field: filters the blocks.
        tree: the blocks, by family or as search results.
        templates: the templates.
        tabs: "Blocks" and "Templates".
        nothing: shown when no block matches the search.
    """

    title = "Palette"
    icon = "palette"
    area = "left"
    order = 10
    shortcut = "Ctrl+1"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._collapsed_families: set[str] = set()
        self._filling = False
        self._shown_state: object = None
        self.search_field = LineEdit(placeholderText="Search blocks", clearButtonEnabled=True)
        self.search_field.addAction(theme.icon("find", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search_field.textChanged.connect(lambda _: self.refresh())
        self.search_field.returnPressed.connect(self._add_current)
        self.search_field.installEventFilter(self)
        self.tree = BlockTree()
        self.tree.itemDoubleClicked.connect(lambda item, _: self._add(item))
        self.tree.itemClicked.connect(self._toggle)
        self.tree.itemExpanded.connect(lambda item: self._remember(item, collapsed=False))
        self.tree.itemCollapsed.connect(lambda item: self._remember(item, collapsed=True))
        self.nothing = label(
            "No block matches. A block is one Python file: File > Preferences > Custom blocks adds your own folders.",
            "muted",
            wrap=True,
        )
        self.nothing.setContentsMargins(12, 8, 12, 8)
        self.nothing.hide()
        self.templates = TemplateList()
        self.templates.template_chosen.connect(lambda path: session.command_requested.emit("open_template", path))
        blocks = QWidget()
        blocks_layout = column(margin=0, spacing=0)
        blocks_layout.addLayout(column(self.search_field, margin=8, spacing=0))
        blocks_layout.addWidget(self.nothing)
        blocks_layout.addWidget(self.tree, 1)
        blocks.setLayout(blocks_layout)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(blocks, "Blocks")
        self.tabs.addTab(self.templates, "Templates")
        self.tabs.currentChanged.connect(lambda index: self.templates.fill() if index == 1 else None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        session.document.design_changed.connect(self._on_design)
        session.document.shown_graph_changed.connect(lambda _: self.refresh_soon())
        session.theme_changed.connect(self.refresh_soon)
        session.catalog_changed.connect(lambda _: self.refresh_soon())

    def refresh(self) -> None:
        """List the blocks that match the search."""
        text = self.search_field.text().strip()
        catalog, broken = self.session.catalog, self.session.custom_blocks.broken()
        choices = block_choices(self.session.document.design, catalog, self.session.document.graph_name)
        docs = [(spec.summary, spec.paper) for spec in catalog.own.values()]
        state = (text, choices, broken, docs, theme.is_dark())
        if state == self._shown_state:
            return  # only the body of a block's code changed, which the palette does not show
        self._shown_state = state
        self._filling = True
        self.tree.clear()
        if text:
            matches = search(choices, text)
            self.tree.addTopLevelItems([self._row(choice) for choice in matches])
            if (first := self.tree.topLevelItem(0)) is not None:
                self.tree.setCurrentItem(first)
        else:
            matches = choices
            self._fill_families(choices, broken)
        self.nothing.setVisible(not matches)
        self._filling = False

    def _fill_families(self, choices: Sequence[BlockChoice], broken: Mapping[Path, str]) -> None:
        for path, reason in broken.items():
            self.tree.addTopLevelItem(_broken_row(path, reason))
        families: dict[str, list[BlockChoice]] = {"io": [], "graph": []}
        for choice in choices:
            families.setdefault(choice.family, []).append(choice)
        for family, members in families.items():
            if members:
                title = FAMILY_NAMES.get(family, family.replace("_", " ").capitalize())
                head = QTreeWidgetItem([title])
                head.setData(0, HEAD_ROLE, True)
                head.setData(0, DETAIL_ROLE, str(len(members)))
                head.setData(0, NAME_ROLE, "")
                head.setData(0, Qt.ItemDataRole.AccessibleTextRole, family)
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.addChildren([self._row(choice) for choice in members])
                self.tree.addTopLevelItem(head)
                head.setExpanded(family not in self._collapsed_families)

    def _row(self, choice: BlockChoice) -> QTreeWidgetItem:
        item = QTreeWidgetItem([choice.name])
        item.setData(0, NAME_ROLE, choice.block)
        spec = self.session.catalog.get(choice.block)
        item.setData(0, DETAIL_ROLE, declared_flow(spec) if spec is not None else units.declared_shape(choice.shape))
        item.setData(0, COLOR_ROLE, theme.family(choice.family))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
        item.setToolTip(0, _tooltip(spec) if spec is not None else choice.shape)
        return item

    def _toggle(self, item: QTreeWidgetItem) -> None:
        if item.childCount():
            item.setExpanded(not item.isExpanded())

    def _remember(self, item: QTreeWidgetItem, *, collapsed: bool) -> None:
        if self._filling:
            return
        family = str(item.data(0, Qt.ItemDataRole.AccessibleTextRole))
        if collapsed:
            self._collapsed_families.add(family)
        else:
            self._collapsed_families.discard(family)

    def _add_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self._add(item)

    def _add(self, item: QTreeWidgetItem) -> None:
        name = str(item.data(0, NAME_ROLE) or "")
        if name:
            self.session.document.add_at_view_center(name)

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if change.before.graphs.keys() != change.after.graphs.keys():
            self.refresh_soon()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move through the list while the search field has the focus."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up)
        ):
            down = event.key() == Qt.Key.Key_Down
            current = self.tree.currentItem()
            neighbor = (self.tree.itemBelow(current) if down else self.tree.itemAbove(current)) if current else None
            if neighbor is not None:
                self.tree.setCurrentItem(neighbor)
            return True
        return super().eventFilter(watched, event)


def _broken_row(path: Path, reason: str) -> QTreeWidgetItem:
    """Return the row of a custom block file with an error: the reason takes the place of the shape."""
    item = QTreeWidgetItem([path.name])
    item.setData(0, NAME_ROLE, "")
    item.setData(0, DETAIL_ROLE, reason.removeprefix(path.name).lstrip(":, "))
    item.setData(0, COLOR_ROLE, theme.color("error"))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(0, f"{path}\n{reason}")
    return item


def _tooltip(spec: BlockSpec) -> str:
    """Return name, summary, shape and paper of a block as rich text."""
    lines = [f"<b>{html.escape(spec.name)}</b>", html.escape(spec.summary), f"<code>{html.escape(spec.shape)}</code>"]
    if spec.paper:
        lines.append(f"<i>{html.escape(spec.paper)}</i>")
    return f"<div style='width: 320px'>{'<br>'.join(lines)}</div>"
