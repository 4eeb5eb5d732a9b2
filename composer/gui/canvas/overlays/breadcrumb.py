"""The breadcrumb: the design, then the sub-graph instances that were entered; a click on one goes back to it."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLineEdit, QToolButton, QWidget

from composer.core import names, subgraphs
from composer.core.diff import Diff
from composer.gui.look import theme
from composer.gui.session.session import Session


class Breadcrumb(QWidget):
    """Shows which graph of the design the canvas shows.

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
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)  # follows its content and the font
        self._shown: tuple[object, ...] = ()
        self._field: QLineEdit | None = None
        session.document.shown_graph_changed.connect(lambda _name: self.refresh())
        session.file_changed.connect(self.refresh)
        session.document.design_changed.connect(self._on_design)
        session.theme_changed.connect(self._restyle)
        self._restyle()

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if "name" in change.fields or self._session.document.instance_path:
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
        """Show the current path."""
        document = self._session.document
        crumbs = (document.design.name, *document.instance_path)
        shown = (*crumbs, document.graph_name, theme.is_dark())
        if shown == self._shown or self._field is not None:
            return
        self._shown = shown
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for depth, name in enumerate(crumbs):
            if depth:
                self._add(QLabel("/"))
            self._add(self._crumb(name, depth, last=depth == len(crumbs) - 1))
        if document.graph_name and document.graph_name != crumbs[-1]:
            self._row.addWidget(QLabel(document.graph_name))

    def _crumb(self, name: str, depth: int, *, last: bool) -> QToolButton:
        """Return the button of a graph: the last one can be renamed, the others show their graph."""
        document = self._session.document
        button = QToolButton(autoRaise=True)
        button.setText(name)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setProperty("last", last)
        if depth and last:
            button.setToolTip(f"Sub-graph {document.graph_name}; double-click to rename it")
            button.installEventFilter(self)
        else:
            button.clicked.connect(lambda: document.show_graph(document.instance_path[:depth]))
        return button

    def _add(self, widget: QWidget) -> None:
        self._row.addWidget(widget)
        widget.show()

    def rename(self) -> None:
        """Edit the name of the shown sub-graph, in a field at the end of the breadcrumb."""
        if not self._session.document.graph_name or self._field is not None:
            return
        field = QLineEdit(self._session.document.graph_name)
        field.setAccessibleName("Name of the sub-graph")
        field.setMaxLength(names.MAX_LENGTH)
        field.setFixedWidth(160)
        field.editingFinished.connect(self._on_renamed)
        field.installEventFilter(self)
        self._field = field
        self._row.addWidget(field)
        field.show()
        field.selectAll()
        field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _on_renamed(self) -> None:
        field, self._field = self._field, None
        session = self._session
        old, new = session.document.graph_name, field.text().strip() if field is not None else ""
        self._redraw()
        if new and new != old:
            session.document.edit_design(f"Rename sub-graph {old} to {new}", subgraphs.rename_graph, old, new)

    def _redraw(self) -> None:
        self._shown = ()
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Rename by a double click on the last crumb; keep keys typed into the field from the shortcuts."""
        if event.type() == QEvent.Type.MouseButtonDblClick and watched is not self._field:
            self.rename()
            return True
        if watched is self._field and self._field is not None:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if (
                event.type() == QEvent.Type.KeyPress
                and isinstance(event, QKeyEvent)
                and event.key() == Qt.Key.Key_Escape
            ):
                self._field.setText(self._session.document.graph_name)
                self._on_renamed()
                return True
        return super().eventFilter(watched, event)
