"""The dialog: pages at the left, one of them at the right."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from composer.gui.dialogs.preferences.blocks_page import BlocksPage
from composer.gui.dialogs.preferences.general_page import GeneralPage
from composer.gui.dialogs.preferences.shortcuts_page import ShortcutsPage
from composer.gui.look import theme
from composer.gui.widgets.labels import column, label, row

if TYPE_CHECKING:
    from composer.gui.shell.workbench import Workbench

SIZE = QSize(760, 520)
LIST_WIDTH = 160


class Preferences(QDialog):
    """General settings, the folders of own blocks, the keys.

    Args:
        bench: the workbench of the window.
    """

    def __init__(self, bench: "Workbench") -> None:
        super().__init__(bench.window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self.resize(SIZE)
        self.pages: dict[str, QWidget] = {
            "general": GeneralPage(bench),
            "blocks": BlocksPage(bench.session),
            "shortcuts": ShortcutsPage(bench),
        }
        self._stack = QStackedWidget()
        self.list = QListWidget()
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.setAccessibleName("Pages")
        self.list.setStyleSheet(
            "QListWidget { padding: 8px; } QListWidget::item { padding-left: 8px; border-radius: 4px; }"
        )
        for page in self.pages.values():
            item = QListWidgetItem(page.windowTitle())
            item.setSizeHint(QSize(0, theme.CONTROL))
            self.list.addItem(item)
            inside = QWidget()
            inside.setLayout(column(label(page.windowTitle(), "title"), page, margin=0, spacing=12))
            self._stack.addWidget(inside)
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        for made in buttons.buttons():
            made.setAutoDefault(False)  # type: ignore[attr-defined]
            made.setIcon(QIcon())  # some desktops put one there
        right = column(margin=20, spacing=12)
        right.addWidget(self._stack, 1)
        right.addWidget(buttons)
        whole = row(self.list, spacing=0)
        whole.addLayout(right, 1)
        self.setLayout(whole)

    def show_page(self, name: str) -> None:
        """Show a page: ``general``, ``blocks`` or ``shortcuts``."""
        self.list.setCurrentRow(list(self.pages).index(name))
