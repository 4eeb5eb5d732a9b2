"""The preferences dialog: a list of pages on the left, the selected page on the right."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from composer.gui.dialogs.preferences.blocks_page import BlocksPage
from composer.gui.dialogs.preferences.general_page import GeneralPage
from composer.gui.dialogs.preferences.shortcuts_page import ShortcutsPage
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label, row

SIZE = QSize(760, 520)
LIST_WIDTH = 160


class Preferences(QDialog):
    """General settings, folders of custom blocks, shortcuts.

    Args:
        session: the session.
        parent: the window.

    Attributes:
        pages: the pages: ``general``, ``blocks`` and ``shortcuts``.
        list: the list of their titles.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self.resize(SIZE)
        self.pages: dict[str, QWidget] = {
            "general": GeneralPage(session),
            "blocks": BlocksPage(session),
            "shortcuts": ShortcutsPage(session),
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
            content = QWidget()
            content.setLayout(column(label(page.windowTitle(), "title"), page, margin=0, spacing=12))
            self._stack.addWidget(content)
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        close = QPushButton("Close")
        close.setAutoDefault(False)  # Return belongs to the fields of the pages
        buttons = QDialogButtonBox()
        buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        right = column(margin=20, spacing=12)
        right.addWidget(self._stack, 1)
        right.addWidget(buttons)
        layout = row(self.list, spacing=0)
        layout.addLayout(right, 1)
        self.setLayout(layout)

    def show_page(self, name: str) -> None:
        """Show a page: ``general``, ``blocks`` or ``shortcuts``."""
        self.list.setCurrentRow(list(self.pages).index(name))
