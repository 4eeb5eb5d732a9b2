"""A transient message over the canvas: it disappears after a while and never asks a question."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from composer.gui.look import theme

STAY_MS = {"info": 2500, "warning": 6000, "error": 9000}
LEVEL_TOKEN = {"info": "success", "warning": "warning", "error": "error"}
LEVEL_ICON = {"info": "success", "warning": "warning", "error": "error"}
MARGIN = 16
MAX_WIDTH = 560


class Toast(QWidget):
    """Shows one message at a time at the bottom of its parent; a click dismisses it.

    Args:
        parent: the widget over which the toast appears.

    Attributes:
        text: the message.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._mark = QLabel()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 16, 8)
        layout.setSpacing(8)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        self._hide_timer = QTimer(self, singleShot=True)
        self._hide_timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The message."""
        return self._text.text()

    def show_message(self, text: str, level: str = "info") -> None:
        """Show a message; errors stay longer than confirmations.

        Args:
            text: the message.
            level: ``info``, ``warning`` or ``error``.
        """
        self._text.setText(text)
        self._mark.setPixmap(
            theme.icon(LEVEL_ICON.get(level, "info"), LEVEL_TOKEN.get(level, "muted")).pixmap(theme.ICON, theme.ICON)
        )
        self._update_geometry()
        self.show()
        self.raise_()
        self._hide_timer.start(STAY_MS.get(level, 4000))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the bottom when the parent is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._update_geometry()
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hide on a click."""
        self.hide()
        event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the timer, also when the window closes."""
        super().hideEvent(event)
        self._hide_timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the card behind the message."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.setBrush(QColor(theme.tokens().card))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def _update_geometry(self) -> None:
        parent = self._parent
        available = max(160, min(MAX_WIDTH, parent.width() - 2 * MARGIN))
        one_line = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 56
        width = min(available, one_line)
        height = max(36, self._text.heightForWidth(width - 52) + 18)
        self.setGeometry((parent.width() - width) // 2, parent.height() - height - MARGIN, width, height)
