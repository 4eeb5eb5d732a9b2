"""Parts of a panel side by side in a low dock, above each other in a narrow one."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter

NARROW = 640
# A panel that asks for more room than a side dock has would make the whole window wider.
SMALLEST = QSize(240, 120)
USUAL = QSize(840, 228)


class Reflow(QSplitter):
    """A splitter that turns itself."""

    turned = Signal(bool)  # whether it is upright now

    def __init__(self) -> None:
        super().__init__()
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def minimumSizeHint(self) -> QSize:
        """Small, whatever the parts would like."""
        return SMALLEST

    def sizeHint(self) -> QSize:
        """The same whichever way it is turned, or the dock would grow with each turn."""
        return USUAL

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the room asks for it."""
        upright = self.width() < NARROW and self.height() > 0.8 * self.width()
        wanted = Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal
        if wanted != self.orientation():
            self.setOrientation(wanted)
            self.turned.emit(upright)
        super().resizeEvent(event)
