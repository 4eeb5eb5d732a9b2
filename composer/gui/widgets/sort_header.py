"""A header of columns that writes the order behind the title, where Qt draws its arrow over the title."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QStyleOptionHeader, QWidget

ARROWS = {Qt.SortOrder.AscendingOrder: "\N{UPWARDS ARROW}", Qt.SortOrder.DescendingOrder: "\N{DOWNWARDS ARROW}"}


def with_arrow(title: str, order: Qt.SortOrder) -> str:
    """Return the title of the column by which rows are sorted."""
    return f"{title} {ARROWS[order]}".strip()


class SortHeader(QHeaderView):
    """The header of a table whose rows are sorted by a click on a title.

    Args:
        parent: Qt parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, section: int) -> None:
        """Put an arrow into the text in place of the one that Qt would draw."""
        super().initStyleOptionForIndex(option, section)
        if self.isSortIndicatorShown() and section == self.sortIndicatorSection():
            option.sortIndicator = QStyleOptionHeader.SortIndicator.None_
            option.text = with_arrow(option.text, self.sortIndicatorOrder())
