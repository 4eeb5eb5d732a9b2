"""A searchable list that opens over the window: the command palette, "Find" and the recent files use it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from composer.gui.look import theme
from composer.gui.widgets.two_part_delegate import DETAIL_ROLE, TwoPartDelegate

WIDTH, ROWS = 480, 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a chooser.

    Args:
        text: its text.
        detail: shown at the right.
        value: what is returned when the row is accepted.
        words: other words by which it can be searched.
    """

    text: str
    detail: str
    value: Any
    words: str = ""


class Chooser(QFrame):
    """A popup with a search field and a list. Return accepts the current row, Escape or a click outside closes it.

    Args:
        parent: the window.
        hint: placeholder of the search field.
        choices: all rows.
        on_chosen: called with the value of the accepted row.

    Attributes:
        field: the search field.
        list: the rows that match the search.
    """

    def __init__(
        self, parent: QWidget, hint: str, choices: Sequence[Choice], on_chosen: Callable[[Any], object]
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("chooser")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        t = theme.tokens()
        self.setStyleSheet(
            f"#chooser {{ background: {t.card}; border: 1px solid {t.strong_border}; border-radius: 6px; }}"
        )
        self._choices = choices
        self._on_chosen = on_chosen
        self.field = QLineEdit(placeholderText=hint)
        self.list = QListWidget()
        self.list.setItemDelegate(TwoPartDelegate(self.list))
        self.list.setStyleSheet(f"QListWidget {{ background: {t.card}; }}")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.field.returnPressed.connect(self._accept)
        self.list.itemClicked.connect(lambda _: self._accept())
        self._filter("")

    def open_over(self, window: QWidget) -> None:
        """Open the popup near the top of a window and focus the search field."""
        self.resize(min(WIDTH, window.width() - 32), 54 + theme.CONTROL * ROWS)
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, 64)))
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        matches = [c for c in self._choices if all(word in f"{c.text} {c.detail} {c.words}".lower() for word in words)]
        # Rows that start with the typed text are the likeliest and come first; the sort is stable for the rest.
        for choice in sorted(matches, key=lambda c: not c.text.lower().startswith(text.lower())):
            item = QListWidgetItem(choice.text)
            item.setData(DETAIL_ROLE, choice.detail)
            item.setData(Qt.ItemDataRole.UserRole, choice.value)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow and page keys move through the list while the search field has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS}
            if event.key() in steps and self.list.count():
                self.list.setCurrentRow(
                    max(0, min(self.list.count() - 1, self.list.currentRow() + steps[Qt.Key(event.key())]))
                )
                return True
        return super().eventFilter(watched, event)

    def _accept(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            value = item.data(Qt.ItemDataRole.UserRole)
            self.close()
            self._on_chosen(value)


def choose(window: QWidget, hint: str, choices: Sequence[Choice], on_chosen: Callable[[Any], object]) -> Chooser:
    """Open a `Chooser` over a window; the arguments are those of its constructor."""
    chooser = Chooser(window, hint, choices, on_chosen)
    chooser.open_over(window)
    return chooser
