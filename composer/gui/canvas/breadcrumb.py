"""The breadcrumb: the design, then the sub-graphs one went into; each a way back."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from composer.core.diff import Diff
from composer.gui import theme
from composer.gui.session import Session


class Breadcrumb(QWidget):
    """Shows where in the design the canvas is.

    Args:
        session: the session.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Shown graph")
        self._session = session
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 0, 4, 0)
        self._row.setSpacing(0)
        self._shown: tuple[object, ...] = ()
        session.shown_graph_changed.connect(lambda _name: self.refresh())
        session.file_changed.connect(self.refresh)
        session.design_changed.connect(self._on_design)
        session.theme_changed.connect(self._restyle)
        self._restyle()

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if "name" in change.fields or self._session.use_path:
            self.refresh()

    def _restyle(self) -> None:
        t = theme.tokens()
        self.setStyleSheet(
            f"#breadcrumb {{ background: {t.canvas}; border-radius: 6px; }}"
            f"QToolButton {{ color: {t.muted}; padding: 3px 6px; }} QToolButton:hover {{ color: {t.text}; }}"
            f"QToolButton[last='true'] {{ color: {t.text}; font-weight: 600; }} QLabel {{ color: {t.faint}; }}"
        )
        self._shown = ()
        self.refresh()

    def refresh(self) -> None:
        """Say where the canvas is now."""
        session = self._session
        shown = (session.design.name, *session.use_path, theme.is_dark())
        if shown == self._shown:
            return
        self._shown = shown
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        names = (session.design.name, *session.use_path)
        for depth, name in enumerate(names):
            if depth:
                mark = QLabel("/")
                self._row.addWidget(mark)
                mark.show()
            button = QToolButton(autoRaise=True)
            button.setText(name)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setProperty("last", depth == len(names) - 1)
            button.clicked.connect(lambda _=False, depth=depth: session.show_graph(session.use_path[:depth]))
            self._row.addWidget(button)
            button.show()
        self._row.activate()
        self.adjustSize()
