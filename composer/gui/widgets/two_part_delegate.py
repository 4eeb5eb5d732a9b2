"""Paints the rows of the palette, the quick-add list and the choosers: colour chip, text, and a detail at the right."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from composer.gui.look import theme

DETAIL_ROLE = Qt.ItemDataRole.UserRole + 1
COLOR_ROLE = Qt.ItemDataRole.UserRole + 2
HEAD_ROLE = Qt.ItemDataRole.UserRole + 3
ROW = 28
CHIP = 8
GAP = 8

Index = QModelIndex | QPersistentModelIndex


class TwoPartDelegate(QStyledItemDelegate):
    """Paints one row from its item data.

    The display text comes first, preceded by a chip in the colour of `COLOR_ROLE` if that is set. The text of
    `DETAIL_ROLE` follows at the right, as far as it fits. A row with a true `HEAD_ROLE` is the head of a section and
    has an arrow.
    """

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of one control; the view sets the width."""
        return QSize(120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        t = theme.tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.tint if state & QStyle.StateFlag.State_Selected else t.hover))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
        left, right = rect.left() + GAP, rect.right() - GAP
        color = index.data(COLOR_ROLE)
        if color is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(QRectF(left, rect.center().y() - CHIP / 2 + 0.5, CHIP, CHIP), 2, 2)
            left += CHIP + GAP
        head = bool(index.data(HEAD_ROLE))
        if head:
            arrow = theme.icon("chevron-down" if state & QStyle.StateFlag.State_Open else "chevron-right", "muted")
            arrow.paint(painter, int(left) - 4, int(rect.center().y()) - 7, theme.ICON, theme.ICON)
            left += GAP + 6
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        body, small = theme.font(theme.SMALL if head else theme.BODY, bold=head), theme.font(theme.SMALL)
        width = QFontMetrics(body).horizontalAdvance(text)
        available = right - left
        painter.setFont(body)
        painter.setPen(QColor(t.muted if head else t.text))
        elided = QFontMetrics(body).elidedText(text, Qt.TextElideMode.ElideRight, int(available))
        painter.drawText(QRectF(left, rect.top(), available, rect.height()), Qt.AlignmentFlag.AlignVCenter, elided)
        rest = available - width - 2 * GAP
        detail = str(index.data(DETAIL_ROLE) or "")
        if detail and rest > 32:
            painter.setFont(small)
            painter.setPen(QColor(t.muted))
            elided_detail = QFontMetrics(small).elidedText(detail, Qt.TextElideMode.ElideRight, int(rest))
            painter.drawText(
                QRectF(right - rest, rect.top(), rest, rect.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                elided_detail,
            )
        painter.restore()
