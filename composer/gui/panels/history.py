"""The history panel: every edit since the design was opened; a click undoes or redoes up to it."""

from PySide6.QtWidgets import QUndoView, QVBoxLayout

from composer.gui.panels import Panel
from composer.gui.session.session import Session


class HistoryPanel(Panel):
    """The undo stack as a list.

    Args:
        session: the session.

    Attributes:
        view: the list.
    """

    title = "History"
    icon = "history"
    area = "bottom"
    order = 90
    shortcut = "Ctrl+9"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view = QUndoView(session.document.undo_stack)
        self.view.setEmptyLabel("As opened")
        self.view.setAccessibleName("History")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.view)
