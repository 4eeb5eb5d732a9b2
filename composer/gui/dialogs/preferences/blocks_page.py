"""The page of custom blocks: which folders hold them, and which of these are trusted."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from composer.core.blocks.block_folders import BlockFolder
from composer.core.errors import UserError
from composer.gui.dialogs.trust import ask_trust
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, column, label, row
from composer.gui.widgets.notice import Notice

ABOUT = (
    "A custom block is one Python file in one of these folders, written as in the library. It appears in the palette "
    "when it is saved, and changes take effect immediately. No code of a folder runs before you trust it."
)


class BlocksPage(QWidget):
    """The folders, with buttons to add, trust and remove them.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setWindowTitle("Custom blocks")
        self._custom_blocks = session.custom_blocks
        self.list = QTreeWidget()
        self.list.setAccessibleName("Folders of custom blocks")
        self.list.setHeaderLabels(["Folder", "Blocks", "Trust"])
        self.list.setRootIsDecorated(False)
        self.list.setStyleSheet(f"QTreeWidget::item {{ min-height: {theme.CONTROL - theme.UNIT}px; }}")
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for section in (1, 2):
            self.list.header().setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_: self._update_buttons())
        self.add = button("Add folder…", self._ask_folder)
        self.trust = button("Trust…", self._toggle_trust)
        self.remove = button("Remove", self._remove)
        self.show_files = button("Show files", self._show_files)
        for widget in (self.add, self.trust, self.remove, self.show_files):
            widget.setAutoDefault(False)
        self.notice = Notice()
        buttons = row(self.add, self.trust, self.remove, self.show_files)
        buttons.addStretch(1)
        layout = column(label(ABOUT, "muted", wrap=True), self.list, self.notice, margin=0)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self._custom_blocks.changed.connect(lambda _: self.refresh())
        session.theme_changed.connect(self.notice.refresh_theme)
        self.refresh()

    def refresh(self) -> None:
        """List the current folders."""
        selected = self.selected
        catalog = self._custom_blocks.catalog
        self.list.clear()
        for folder in self._custom_blocks.folders:
            count = sum(spec.path.is_relative_to(folder.path) for spec in catalog.own.values())
            broken = sum(path.is_relative_to(folder.path) for path in self._custom_blocks.broken())
            blocks = f"{count}, {broken} broken" if broken else str(count)
            item = QTreeWidgetItem([str(folder.path), blocks, _trust_text(folder)])
            item.setToolTip(0, str(folder.path))
            item.setIcon(2, theme.icon("unlock" if folder.trusted else "lock", "muted"))
            self.list.addTopLevelItem(item)
            if selected is not None and folder.path == selected.path:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None and (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._update_buttons()

    @property
    def selected(self) -> BlockFolder | None:
        """The folder of the current row."""
        item = self.list.currentItem()
        path = item.text(0) if item is not None else ""
        return next((folder for folder in self._custom_blocks.folders if str(folder.path) == path), None)

    def add_folder(self, folder: Path) -> None:
        """Add a folder and ask whether to trust it."""
        self.notice.clear()
        if self._remember(folder, trusted=False):
            ask_trust(self, folder, lambda yes: yes and self._remember(folder, trusted=True))

    def _update_buttons(self) -> None:
        folder = self.selected
        self.trust.setText("Stop trusting" if folder is not None and folder.trusted else "Trust…")
        for widget in (self.trust, self.remove):
            widget.setEnabled(folder is not None and folder.saved)
        self.show_files.setEnabled(folder is not None)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of custom blocks", str(Path.home()))
        if folder:
            self.add_folder(Path(folder))

    def _toggle_trust(self) -> None:
        folder = self.selected
        if folder is not None and folder.trusted:
            self._remember(folder.path, trusted=False)
        elif folder is not None:
            ask_trust(self, folder.path, lambda yes: yes and self._remember(folder.path, trusted=True))

    def _remove(self) -> None:
        if (folder := self.selected) is not None:
            try:
                self._custom_blocks.remove_folder(folder.path)
            except UserError as error:
                self.notice.show_message(str(error), "error")

    def _show_files(self) -> None:
        if (folder := self.selected) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder.path)))

    def _remember(self, folder: Path, *, trusted: bool) -> bool:
        try:
            self._custom_blocks.add_folder(folder, trusted=trusted)
        except UserError as error:
            self.notice.show_message(str(error), "error")
            return False
        return True


def _trust_text(folder: BlockFolder) -> str:
    if not folder.saved:
        return "from the command line"
    return "trusted" if folder.trusted else "not trusted"
