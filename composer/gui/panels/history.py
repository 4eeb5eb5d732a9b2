"""The history: every step since the design was opened; a click goes back or forward to it."""

from PySide6.QtWidgets import QUndoView, QVBoxLayout

from composer.gui.panels import Panel
from composer.gui.session.session import Session


class HistoryPanel(Panel):
    """The steps that can be undone.

    Args:
        session: the session.
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
