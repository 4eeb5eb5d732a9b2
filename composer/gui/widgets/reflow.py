"""A splitter that puts the parts of a panel side by side in a wide dock and on top of each other in a narrow one."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter

NARROW = 640
# A panel with a larger minimum width than a side dock would make the whole window wider.
MIN_SIZE = QSize(240, 120)
PREFERRED_SIZE = QSize(840, 228)


class Reflow(QSplitter):
    """A splitter that chooses its orientation by its own width and height.

    Signals:
        turned: the orientation has changed; True if the parts are now on top of each other.
    """

    turned = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def minimumSizeHint(self) -> QSize:
        """Return a small size, whatever the parts request."""
        return MIN_SIZE

    def sizeHint(self) -> QSize:
        """Return the same size in both orientations, or the dock would grow with every turn."""
        return PREFERRED_SIZE

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn the splitter if the new size calls for it."""
        stacked = self.width() < NARROW and self.height() > 0.8 * self.width()
        orientation = Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        if orientation != self.orientation():
            self.setOrientation(orientation)
            self.turned.emit(stacked)
        super().resizeEvent(event)
