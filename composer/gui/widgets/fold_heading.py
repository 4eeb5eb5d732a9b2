"""The heading of a group of fields, which shows and hides them."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QToolButton, QWidget

from composer.gui.look import theme
from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.labels import label, row


class FoldHeading(QWidget):
    """A title with an arrow; while the group is folded, what was changed in it.

    Args:
        title: the title.
        is_open: whether the group is shown.

    Attributes:
        arrow: the button, also for the keyboard.
        is_open: whether the group is shown.

    Signals:
        toggled: whether the group is shown now.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, *, is_open: bool) -> None:
        super().__init__()
        self.is_open = is_open
        self.arrow = QToolButton()
        self.arrow.setIconSize(QSize(theme.ICON, theme.ICON))
        self.arrow.setStyleSheet("padding: 2px")  # so that the arrow is above the titles of the fields
        self.arrow.setAccessibleName(title)
        self.arrow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.arrow.setProperty("icon_ink", "muted")
        self.arrow.clicked.connect(lambda _=False: self.set_open(not self.is_open))
        self._summary = ElidedLabel("muted")
        layout = row(self.arrow, label(title, "heading"), spacing=2)
        layout.addWidget(self._summary, 1)
        layout.setContentsMargins(0, 8, 0, 0)
        self.setLayout(layout)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._show()

    def set_open(self, on: bool) -> None:
        """Show or hide the group."""
        if on != self.is_open:
            self.is_open = on
            self._show()
            self.toggled.emit(on)

    def set_summary(self, text: str) -> None:
        """Set what a folded group tells of itself."""
        self._summary.setText(f"  {text}" if text else "")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Fold on a click anywhere in the line."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.set_open(not self.is_open)

    def _show(self) -> None:
        icon = "chevron-down" if self.is_open else "chevron-right"
        self.arrow.setProperty("icon_name", icon)  # so that a change of the theme redraws it
        self.arrow.setIcon(theme.icon(icon, "muted"))
        self.arrow.setToolTip("Hide these settings" if self.is_open else "Show these settings")
        self._summary.setVisible(not self.is_open)
