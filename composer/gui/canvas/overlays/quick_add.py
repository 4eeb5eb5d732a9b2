"""The list of blocks at the pointer: a search field over the matches; Enter adds the selected block."""

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from composer.core import units
from composer.core.blocks.block_search import BlockChoice, search
from composer.gui.canvas.items import metrics
from composer.gui.look import theme

WIDTH, ROW, ROWS = 340, 28, 9
STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Backtab: -1,
    Qt.Key.Key_PageDown: ROWS,
    Qt.Key.Key_PageUp: -ROWS,
}
_Index = QModelIndex | QPersistentModelIndex


class _ChoiceModel(QAbstractListModel):
    """The matches as a Qt model."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: list[BlockChoice] = []

    def show(self, shown: list[BlockChoice]) -> None:
        """Replace the matches."""
        self.beginResetModel()
        self.shown = shown
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.shown[index.row()].name
        return self.shown[index.row()].shape if role == Qt.ItemDataRole.ToolTipRole else None


class _ChoiceDelegate(QStyledItemDelegate):
    """Paints a row: family color, name, shape."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(WIDTH - 24, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _ChoiceModel)
        choice = model.shown[index.row()]
        style, rect = metrics.paint_style(), option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("tint"))
            painter.drawRoundedRect(QRectF(rect), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(metrics.family_brush(choice.family))
        painter.drawRoundedRect(QRectF(rect.left() + 8, rect.center().y() - 4, 8, 8), 2, 2)
        painter.setFont(style.body)
        painter.setPen(style.text)
        name = metrics.elided("body", choice.name, rect.width() * 0.6)
        centered = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(24, 0, -8, 0), centered | Qt.AlignmentFlag.AlignLeft, name)
        left = 24 + metrics.text_width("body", name) + 16
        painter.setFont(style.small)
        painter.setPen(style.muted)
        shape = metrics.elided("small", units.declared_shape(choice.shape), rect.width() - left - 8)
        painter.drawText(rect.adjusted(int(left), 0, -8, 0), centered | Qt.AlignmentFlag.AlignRight, shape)
        painter.restore()


class QuickAdd(QFrame):
    """A search field over a list. Arrows select, Enter or a click picks, Esc closes.

    Args:
        parent: the widget it opens over.

    Attributes:
        home: the parent.
        field, list: search field and list.

    Signals:
        picked: name of the picked block.
        closed: the list was closed, with or without a pick.
    """

    picked = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.home = parent
        self.setObjectName("quick_add")
        self.setAccessibleName("Add a block")
        self.field = QLineEdit(placeholderText="Search blocks", clearButtonEnabled=True)
        self.list = QListView(uniformItemSizes=True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._model = _ChoiceModel(self)
        self.list.setModel(self._model)
        self.list.setItemDelegate(_ChoiceDelegate(self.list))
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(8)
        box.addWidget(self.field)
        box.addWidget(self.list)
        self._box = box
        self._footer_height = 0  # of what a subclass shows below the list
        self._all: list[BlockChoice] = []
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list.clicked.connect(self._pick)
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.hide()

    def open_at(self, choices: list[BlockChoice], at: QPoint) -> None:
        """Open the list over the parent.

        Args:
            choices: what can be picked.
            at: position of the top left corner in the parent; the list moves to stay inside.
        """
        self._all = choices
        t = theme.tokens()
        self.setStyleSheet(
            f"#quick_add {{ background: {t.card}; border: 1px solid {t.strong_border}; border-radius: 8px; }}"
        )
        self.list.setStyleSheet("QListView { background: transparent; border: none; }")
        self.setFixedSize(WIDTH, 28 + 24 + ROW * ROWS + self._footer_height)
        area = self.home.rect().adjusted(8, 8, -8, -8)
        rect = QRect(at, self.size())
        rect.moveLeft(max(area.left(), min(rect.left(), area.right() - rect.width())))
        rect.moveTop(max(area.top(), min(rect.top(), area.bottom() - rect.height())))
        self.move(rect.topLeft())
        self.field.clear()
        self._search("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def shown(self) -> list[BlockChoice]:
        """The matches, best first."""
        return self._model.shown

    def _search(self, text: str) -> None:
        self._model.show(search(self._all, text))
        self.list.setCurrentIndex(self._model.index(0))
        self.list.scrollToTop()

    @property
    def current(self) -> str:
        """The block of the selected row; empty if nothing matches."""
        row = self.list.currentIndex().row()
        return self._model.shown[row].block if 0 <= row < len(self._model.shown) else ""

    def _pick(self) -> None:
        if block := self.current:
            self.close_()
            self.picked.emit(block)

    def step(self, by: int) -> None:
        """Move the selection by rows, around the ends of the list."""
        if count := len(self._model.shown):
            self.list.setCurrentIndex(self._model.index((self.list.currentIndex().row() + by) % count))

    def close_(self) -> None:
        """Close the list."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle Enter, Esc and arrows, close with the focus, and keep keys from the shortcuts of the canvas."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.close_()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.close_()
            elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._pick()
            elif event.key() in STEPS:
                self.step(STEPS[Qt.Key(event.key())])
            else:
                return False
            return True
        return super().eventFilter(watched, event)
