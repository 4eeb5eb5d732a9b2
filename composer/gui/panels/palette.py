"""The palette: every block by family, searchable, to be dragged onto the canvas; and the templates."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QTabWidget, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from composer.core import units
from composer.core.blocks.block_file import BlockSpec
from composer.gui.canvas.overlays.quick_search import BlockChoice, block_choices, search
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label
from composer.gui.widgets.template_list import TemplateList
from composer.gui.widgets.two_part_delegate import COLOR_ROLE, DETAIL_ROLE, HEAD_ROLE, TwoPartDelegate

BLOCK_MIME = "application/x-netcomposer-block"
NAME_ROLE = Qt.ItemDataRole.UserRole
FAMILY_NAMES = {"io": "Inputs and outputs", "graph": "Sub-graphs of this design", "conv": "Convolution"}


class BlockTree(QTreeWidget):
    """Families and their blocks; a row that is dragged carries the block's name."""

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
        """What a drag carries."""
        data = QMimeData()
        if items and (name := items[0].data(0, NAME_ROLE)):
            data.setData(BLOCK_MIME, QByteArray(str(name).encode()))
        return data


class PalettePanel(Panel):
    """All that can be put on the canvas.

    Args:
        session: the session.
    """

    title = "Palette"
    icon = "palette"
    area = "left"
    order = 10
    shortcut = "Ctrl+1"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._closed_families: set[str] = set()
        self._filling = False
        self._listed: object = None
        self.search_field = QLineEdit(placeholderText="Search blocks", clearButtonEnabled=True)
        self.search_field.addAction(theme.icon("find", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search_field.textChanged.connect(lambda _: self.refresh())
        self.search_field.returnPressed.connect(self._add_current)
        self.search_field.installEventFilter(self)
        self.tree = BlockTree()
        self.tree.itemDoubleClicked.connect(lambda item, _: self._add(item))
        self.tree.itemClicked.connect(self._toggle)
        self.tree.itemExpanded.connect(lambda item: self._remember(item, closed=False))
        self.tree.itemCollapsed.connect(lambda item: self._remember(item, closed=True))
        self.nothing = label(
            "No block matches. A block is one Python file; a new one appears here by itself.", "muted", wrap=True
        )
        self.nothing.setContentsMargins(12, 8, 12, 8)
        self.nothing.hide()
        self.templates = TemplateList()
        self.templates.chosen.connect(lambda path: session.command_requested.emit("open_template", path))
        blocks = QWidget()
        inside = column(margin=0, spacing=0)
        top = column(self.search_field, margin=8, spacing=0)
        inside.addLayout(top)
        inside.addWidget(self.nothing)
        inside.addWidget(self.tree, 1)
        blocks.setLayout(inside)
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
        found = block_choices(self.session.document.design, catalog, self.session.document.graph_name)
        listed = (text, found, broken, [(spec.summary, spec.paper) for spec in catalog.own.values()], theme.is_dark())
        if listed == self._listed:
            return  # another body of a block, which the palette does not show
        self._listed = listed
        self._filling = True
        self.tree.clear()
        if text:
            matches = search(found, text)
            self.tree.addTopLevelItems([self._row(choice) for choice in matches])
            if (first := self.tree.topLevelItem(0)) is not None:
                self.tree.setCurrentItem(first)
        else:
            matches = found
            self._fill_families(found, broken)
        self.nothing.setVisible(not matches)
        self._filling = False

    def _fill_families(self, found: Sequence[BlockChoice], broken: Mapping[Path, str]) -> None:
        for path, reason in broken.items():
            self.tree.addTopLevelItem(_broken_row(path, reason))
        families: dict[str, list[BlockChoice]] = {"io": [], "graph": []}
        for choice in found:
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
                head.setExpanded(family not in self._closed_families)

    def _row(self, choice: BlockChoice) -> QTreeWidgetItem:
        item = QTreeWidgetItem([choice.name])
        item.setData(0, NAME_ROLE, choice.block)
        item.setData(0, DETAIL_ROLE, units.declared_shape(choice.shape))
        item.setData(0, COLOR_ROLE, theme.family(choice.family))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
        spec = self.session.catalog.get(choice.block)
        item.setToolTip(0, _tooltip(spec) if spec is not None else choice.shape)
        return item

    def _toggle(self, item: QTreeWidgetItem) -> None:
        if item.childCount():
            item.setExpanded(not item.isExpanded())

    def _remember(self, item: QTreeWidgetItem, *, closed: bool) -> None:
        if not self._filling:
            family = str(item.data(0, Qt.ItemDataRole.AccessibleTextRole))
            self._closed_families = self._closed_families | {family} if closed else self._closed_families - {family}

    def _add_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self._add(item)

    def _add(self, item: QTreeWidgetItem) -> None:
        name = str(item.data(0, NAME_ROLE) or "")
        if name:
            self.session.document.add_at_view_center(name)

    def _on_design(self, diff: object, _initiator: object) -> None:
        if getattr(diff, "before").graphs.keys() != getattr(diff, "after").graphs.keys():  # noqa: B009 - any design diff
            self.refresh_soon()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move in the list while the search field has the focus."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up)
        ):
            current = self.tree.currentItem()
            if current is not None:
                following = (
                    self.tree.itemBelow(current) if event.key() == Qt.Key.Key_Down else self.tree.itemAbove(current)
                )
                if following is not None:
                    self.tree.setCurrentItem(following)
            return True
        return super().eventFilter(watched, event)


def _broken_row(path: Path, reason: str) -> QTreeWidgetItem:
    """A file of the user's own that is no block as it stands: what is wrong instead of a shape."""
    item = QTreeWidgetItem([path.name])
    item.setData(0, NAME_ROLE, "")
    item.setData(0, DETAIL_ROLE, reason.removeprefix(path.name).lstrip(":, "))
    item.setData(0, COLOR_ROLE, theme.color("error"))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(0, f"{path}\n{reason}")
    return item


def _tooltip(spec: BlockSpec) -> str:
    lines = [f"<b>{html.escape(spec.name)}</b>", html.escape(spec.summary), f"<code>{html.escape(spec.shape)}</code>"]
    if spec.paper:
        lines.append(f"<i>{html.escape(spec.paper)}</i>")
    return f"<div style='width: 320px'>{'<br>'.join(lines)}</div>"
