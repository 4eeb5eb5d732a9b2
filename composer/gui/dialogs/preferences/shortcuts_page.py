"""The page of shortcuts: every command and panel with its keys; a conflict is named before a key is reassigned."""

from PySide6.QtCore import QKeyCombination, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHeaderView, QKeySequenceEdit, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from composer.gui.keymap import Bindable, native
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, column, label, named, row
from composer.gui.widgets.notice import Notice

ID_ROLE = Qt.ItemDataRole.UserRole
FIELD_WIDTH = 200
ROW_STYLE = f"QTreeWidget::item {{ min-height: {theme.CONTROL - theme.UNIT}px; }}"


class ShortcutsPage(QWidget):
    """The list of shortcuts and the field that changes one.

    Args:
        session: the session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setWindowTitle("Shortcuts")
        self._keymap = session.keymap
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
        self.list.setStyleSheet(ROW_STYLE)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda *_: self._show_selected())
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setFinishingKeyCombinations([QKeyCombination(Qt.Key.Key_Escape), QKeyCombination(Qt.Key.Key_Return)])
        self.field.setFixedWidth(FIELD_WIDTH)
        self.field.keySequenceChanged.connect(self._on_typed)
        self.field.editingFinished.connect(self._show_key)
        self.field_label = label()
        self.remove = button("No key", self._remove)
        self.reset = button("Reset", self._reset)
        self.reset_all = button("Reset all", self._keymap.reset_all)
        for widget in (self.remove, self.reset, self.reset_all):
            widget.setAutoDefault(False)
        self.notice = Notice()
        bottom = row(self.field_label, self.field, self.remove, self.reset)
        bottom.addStretch(1)
        bottom.addWidget(self.reset_all)
        layout = column(self.search, self.list, self.notice, margin=0)
        layout.addLayout(bottom)
        self.setLayout(layout)
        session.theme_changed.connect(self.notice.refresh_theme)
        self._fill()
        named(self.field, "New key")
        self._keymap.changed.connect(self._on_changed)

    @property
    def selected(self) -> Bindable | None:
        """The command or panel of the current row."""
        item = self.list.currentItem()
        return self._keymap.bindables.get(str(item.data(0, ID_ROLE))) if item is not None else None

    def select(self, id: str) -> None:
        """Go to the row of a command or panel."""
        self.list.setCurrentItem(self._items[id])

    def _fill(self) -> None:
        headings: dict[str, QTreeWidgetItem] = {}
        for id, bindable in self._keymap.bindables.items():
            if bindable.section not in headings:
                headings[bindable.section] = heading = QTreeWidgetItem([bindable.section])
                heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
                heading.setFont(0, theme.font(theme.SMALL, bold=True))
                self.list.addTopLevelItem(heading)
                heading.setFirstColumnSpanned(True)
            item = QTreeWidgetItem([bindable.text])
            item.setData(0, ID_ROLE, id)
            headings[bindable.section].addChild(item)
            self._items[id] = item
        self.list.expandAll()
        self._show_keys()
        self.select(next(iter(self._items)))

    def _on_changed(self) -> None:
        self._show_keys()
        self._show_selected()

    def _show_keys(self) -> None:
        changed = {id: self._keymap.is_changed(id) for id in self._items}
        for id, item in self._items.items():
            item.setText(1, "   ".join(map(native, self._keymap.keys(id))))
            font = theme.font(theme.BODY, bold=changed[id])
            item.setFont(0, font)
            item.setFont(1, font)
            item.setToolTip(0, "Changed" if changed[id] else "")
        self.reset_all.setEnabled(any(changed.values()))

    def _show_selected(self) -> None:
        bindable = self.selected
        self.notice.clear()
        self.field.setEnabled(bindable is not None)
        self.field_label.setText(f"Key of “{bindable.text}”" if bindable is not None else "")
        self.reset.setEnabled(bindable is not None and self._keymap.is_changed(bindable.id))
        self.remove.setEnabled(bindable is not None and bool(self._keymap.keys(bindable.id)))
        self._show_key()

    def _show_key(self) -> None:
        """Show the current key in place of one that was half typed or refused."""
        keys = self._keymap.keys(self.selected.id) if self.selected is not None else ()
        with QSignalBlocker(self.field):
            self.field.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())

    def _on_typed(self, sequence: QKeySequence) -> None:
        bindable = self.selected
        # The sequence is empty while the first key is held; and a field emits its value again when the dialog closes.
        if bindable is None or sequence.isEmpty() or not self.isVisible():
            return
        key = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        self.notice.clear()
        holder = self._keymap.holder(key, excluded=bindable.id)
        if holder is None:
            self._keymap.set_keys(bindable.id, (key,))
            return
        self._show_key()
        # Once the notice has taken its height from the list.
        QTimer.singleShot(0, self, lambda: self.list.scrollToItem(self._items[bindable.id]))
        self.notice.show_message(
            f"{native(key)} is the key of “{holder.text}”.",
            "warning",
            actions=[(f"Assign it to “{bindable.text}”", lambda: self._reassign(key, holder, bindable))],
        )

    def _reassign(self, key: str, holder: Bindable, bindable: Bindable) -> None:
        self._keymap.unbind(holder.id, key)
        self._keymap.set_keys(bindable.id, (key,))

    def _remove(self) -> None:
        if self.selected is not None:
            self._keymap.set_keys(self.selected.id, ())

    def _reset(self) -> None:
        """Restore the default keys of the selected command, and take them from whatever has them now."""
        bindable = self.selected
        if bindable is None:
            return
        messages = []
        for key in bindable.default:
            holder = self._keymap.holder(key, excluded=bindable.id)
            if holder is not None:
                self._keymap.unbind(holder.id, key)
                messages.append(f"{native(key)} is no longer the key of “{holder.text}”.")
        self._keymap.set_keys(bindable.id, bindable.default)
        if messages:
            self.notice.show_message(" ".join(messages), "info")

    def _filter(self) -> None:
        words = self.search.text().lower().split()
        for index in range(self.list.topLevelItemCount()):
            heading = self.list.topLevelItem(index)
            assert heading is not None
            matches = 0
            for child in range(heading.childCount()):
                item = heading.child(child)
                assert item is not None
                text = f"{heading.text(0)} {item.text(0)} {item.text(1)}".lower()
                item.setHidden(not all(word in text for word in words))
                matches += not item.isHidden()
            heading.setHidden(not matches)
