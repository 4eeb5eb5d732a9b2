"""The page of keys: every command with its key, searchable; a key that something else has is named before it is taken."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHeaderView, QKeySequenceEdit, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from composer.gui.look import theme
from composer.gui.shell import keymap
from composer.gui.shell.keymap import Bindable, Keys
from composer.gui.widgets.labels import button, column, label, named, row
from composer.gui.widgets.notice import Notice

if TYPE_CHECKING:
    from composer.gui.shell.workbench import Workbench

ID_ROLE = Qt.ItemDataRole.UserRole
FIELD_WIDTH = 200
ROWS = f"QTreeWidget::item {{ min-height: {theme.CONTROL - theme.UNIT}px; }}"


class ShortcutsPage(QWidget):
    """The table of keys and the field that changes one.

    Args:
        bench: the workbench of the window.
    """

    def __init__(self, bench: "Workbench") -> None:
        super().__init__()
        self.setWindowTitle("Shortcuts")
        self._bench = bench
        self._items: dict[str, QTreeWidgetItem] = {}
        self.search = QLineEdit(placeholderText="Search commands and keys", clearButtonEnabled=True)
        self.search.addAction(theme.icon("find", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(lambda _: self._filter())
        self.list = QTreeWidget()
        self.list.setAccessibleName("Commands and their keys")
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(8)
        self.list.setUniformRowHeights(True)
        self.list.setStyleSheet(ROWS)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_: self._show_current())
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setFinishingKeyCombinations([QKeyCombination(Qt.Key.Key_Escape), QKeyCombination(Qt.Key.Key_Return)])
        self.field.setFixedWidth(FIELD_WIDTH)
        self.field.keySequenceChanged.connect(self._typed)
        self.field.editingFinished.connect(self._show_key)
        self.what = label()
        self.remove = button("No key", lambda: self._set(self.chosen, ()) if self.chosen is not None else None)
        self.reset = button("Reset", self._reset)
        self.reset_all = button("Reset all", self._reset_all)
        for made in (self.remove, self.reset, self.reset_all):
            made.setAutoDefault(False)
        self.notice = Notice()
        below = row(self.what, self.field, self.remove, self.reset)
        below.addStretch(1)
        below.addWidget(self.reset_all)
        layout = column(self.search, self.list, self.notice, margin=0)
        layout.addLayout(below)
        self.setLayout(layout)
        bench.session.theme_changed.connect(self.notice.refresh_theme)
        self._fill()
        named(self.field, "New key")

    @property
    def chosen(self) -> Bindable | None:
        """What the current row is about."""
        item = self.list.currentItem()
        return self._all.get(str(item.data(0, ID_ROLE))) if item is not None else None

    def choose(self, id: str) -> None:
        """Go to the row of a command or panel."""
        self.list.setCurrentItem(self._items[id])

    def _fill(self) -> None:
        self._all = {bindable.id: bindable for bindable in keymap.bindables()}
        heads: dict[str, QTreeWidgetItem] = {}
        for bindable in self._all.values():
            if bindable.section not in heads:
                heads[bindable.section] = head = QTreeWidgetItem([bindable.section])
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.setFont(0, theme.font(theme.SMALL, bold=True))
                self.list.addTopLevelItem(head)
                head.setFirstColumnSpanned(True)
            item = QTreeWidgetItem([bindable.text])
            item.setData(0, ID_ROLE, bindable.id)
            heads[bindable.section].addChild(item)
            self._items[bindable.id] = item
        self.list.expandAll()
        self._show_keys()
        self.choose(next(iter(self._items)))

    def _show_keys(self) -> None:
        for id, item in self._items.items():
            bindable = self._all[id]
            item.setText(1, "   ".join(keymap.native(key) for key in bindable.keys))
            font = theme.font(theme.BODY, bold=bindable.changed)
            item.setFont(0, font)
            item.setFont(1, font)
            item.setToolTip(0, "Changed" if bindable.changed else "")
        self.reset_all.setEnabled(any(bindable.changed for bindable in self._all.values()))

    def _show_current(self) -> None:
        chosen = self.chosen
        self.notice.clear()
        self.field.setEnabled(chosen is not None)
        self.what.setText(f"Key of “{chosen.text}”" if chosen is not None else "")
        self.reset.setEnabled(chosen is not None and chosen.changed)
        self.remove.setEnabled(chosen is not None and bool(chosen.keys))
        self._show_key()

    def _show_key(self) -> None:
        """Show the key that holds, in the place of one that was begun or refused."""
        keys = self.chosen.keys if self.chosen is not None else ()
        with QSignalBlocker(self.field):
            self.field.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())

    def _typed(self, sequence: QKeySequence) -> None:
        chosen = self.chosen
        # Empty at the first of the keys that are pressed; and a field that is closed while it waits says once more what it holds.
        if chosen is None or sequence.isEmpty() or not self.isVisible():
            return
        key = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        self.notice.clear()
        bound = {id: bindable.keys for id, bindable in self._all.items()}
        other = keymap.holder(key, bound, chosen.id)
        if other is None:
            self._set(chosen, (key,))
            return
        holder = self._all[other]
        self._show_key()
        QTimer.singleShot(
            0, self, lambda: self.list.scrollToItem(self._items[chosen.id])
        )  # the notice takes room from the list
        self.notice.show_message(
            f"{keymap.native(key)} is the key of “{holder.text}”.",
            "warning",
            actions=[(f"Take it for “{chosen.text}”", lambda: self._take(chosen, holder, key))],
        )

    def _take(self, chosen: Bindable, holder: Bindable, key: str) -> None:
        wanted = keymap.portable(key)
        keymap.set_keys(holder, tuple(kept for kept in holder.keys if keymap.portable(kept) != wanted))
        self._set(chosen, (key,))

    def _set(self, bindable: Bindable, keys: Keys) -> None:
        keymap.set_keys(bindable, keys)
        self._applied()

    def _reset(self) -> None:
        """Give the chosen command its default keys, after taking them from whatever has them now."""
        chosen = self.chosen
        if chosen is None:
            return
        taken = []
        for key in chosen.default:
            other = keymap.holder(key, {id: bindable.keys for id, bindable in self._all.items()}, chosen.id)
            if other is not None:
                holder = self._all[other]
                keymap.set_keys(
                    holder, tuple(kept for kept in holder.keys if keymap.portable(kept) != keymap.portable(key))
                )
                taken.append(f"“{holder.text}” had {keymap.native(key)} and has it no more.")
        self._set(chosen, chosen.default)
        if taken:
            self.notice.show_message(" ".join(taken), "info")

    def _reset_all(self) -> None:
        keymap.reset_all()
        self._applied()

    def _applied(self) -> None:
        self._bench.apply_keys()
        self._show_keys()
        self._show_current()

    def _filter(self) -> None:
        words = self.search.text().lower().split()
        for row_ in range(self.list.topLevelItemCount()):
            head = self.list.topLevelItem(row_)
            assert head is not None
            shown = 0
            for index in range(head.childCount()):
                item = head.child(index)
                assert item is not None
                text = f"{head.text(0)} {item.text(0)} {item.text(1)}".lower()
                item.setHidden(not all(word in text for word in words))
                shown += not item.isHidden()
            head.setHidden(not shown)
