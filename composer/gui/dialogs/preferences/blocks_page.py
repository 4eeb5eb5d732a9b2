"""The page of the user's own blocks: which folders hold them, and which are trusted."""

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
    "A block of your own is one Python file in one of these folders, as in the library. It appears in the palette when it is saved, "
    "and changes count at once. Nothing in a folder runs before you trust it."
)


class BlocksPage(QWidget):
    """The folders, and buttons to add, trust and remove them.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setWindowTitle("Own blocks")
        self._own = session.custom_blocks
        self.list = QTreeWidget()
        self.list.setAccessibleName("Folders of own blocks")
        self.list.setHeaderLabels(["Folder", "Blocks", "Trust"])
        self.list.setRootIsDecorated(False)
        self.list.setStyleSheet(f"QTreeWidget::item {{ min-height: {theme.CONTROL - theme.UNIT}px; }}")
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for section in (1, 2):
            self.list.header().setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_: self._show_buttons())
        self.add = button("Add folder…", self._add)
        self.trust = button("Trust…", self._trust)
        self.remove = button("Remove", self._remove)
        self.show_folder = button("Show files", self._open)
        for made in (self.add, self.trust, self.remove, self.show_folder):
            made.setAutoDefault(False)
        self.notice = Notice()
        buttons = row(self.add, self.trust, self.remove, self.show_folder)
        buttons.addStretch(1)
        layout = column(label(ABOUT, "muted", wrap=True), self.list, self.notice, margin=0)
        layout.addLayout(buttons)
        self.setLayout(layout)
        self._own.changed.connect(lambda _: self.refresh())
        session.theme_changed.connect(self.notice.refresh_theme)
        self.refresh()

    def refresh(self) -> None:
        """List the folders of the moment."""
        chosen = self.chosen
        catalog = self._own.catalog
        self.list.clear()
        for folder in self._own.folders:
            count = sum(spec.path.is_relative_to(folder.path) for spec in catalog.own.values())
            broken = sum(path.is_relative_to(folder.path) for path in self._own.broken())
            item = QTreeWidgetItem(
                [str(folder.path), f"{count}, {broken} broken" if broken else str(count), _state(folder)]
            )
            item.setToolTip(0, str(folder.path))
            item.setIcon(2, theme.icon("unlock" if folder.trusted else "lock", "muted"))
            self.list.addTopLevelItem(item)
            if chosen is not None and folder.path == chosen.path:
                self.list.setCurrentItem(item)
        if self.list.currentItem() is None and (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)
        self._show_buttons()

    @property
    def chosen(self) -> BlockFolder | None:
        """The folder of the current row."""
        item = self.list.currentItem()
        return next(
            (folder for folder in self._own.folders if item is not None and str(folder.path) == item.text(0)), None
        )

    def take(self, folder: Path) -> None:
        """Add a folder and ask whether it is trusted."""
        self.notice.clear()
        if self._keep(folder, trusted=False):
            ask_trust(self, folder, lambda yes: yes and self._keep(folder, trusted=True))

    def _show_buttons(self) -> None:
        chosen = self.chosen
        self.trust.setText("Trust no more" if chosen is not None and chosen.trusted else "Trust…")
        for made in (self.trust, self.remove):
            made.setEnabled(chosen is not None and chosen.kept)
        self.show_folder.setEnabled(chosen is not None)

    def _add(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of your own blocks", str(Path.home()))
        if folder:
            self.take(Path(folder))

    def _trust(self) -> None:
        chosen = self.chosen
        if chosen is not None and chosen.trusted:
            self._keep(chosen.path, trusted=False)
        elif chosen is not None:
            ask_trust(self, chosen.path, lambda yes: yes and self._keep(chosen.path, trusted=True))

    def _remove(self) -> None:
        if (chosen := self.chosen) is not None:
            try:
                self._own.forget(chosen.path)
            except UserError as error:
                self.notice.show_message(str(error), "error")

    def _open(self) -> None:
        if (chosen := self.chosen) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(chosen.path)))

    def _keep(self, folder: Path, *, trusted: bool) -> bool:
        try:
            self._own.keep(folder, trusted=trusted)
        except UserError as error:
            self.notice.show_message(str(error), "error")
            return False
        return True


def _state(folder: BlockFolder) -> str:
    if not folder.kept:
        return "named at the start"
    return "trusted" if folder.trusted else "not trusted"
