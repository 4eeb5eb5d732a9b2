"""The contents of a window: canvas, panels, menus and toolbar built from the commands, status bar, banners."""

from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QDialog, QMainWindow, QVBoxLayout, QWidget

from composer.gui.canvas import CanvasView
from composer.gui.look import theme
from composer.gui.session.run_health import RunHealth
from composer.gui.session.session import Session
from composer.gui.shell import menus, unsaved
from composer.gui.shell.actions import Actions
from composer.gui.shell.banners import Banners
from composer.gui.shell.commands import load_commands
from composer.gui.shell.context import Context
from composer.gui.shell.docks import Docks
from composer.gui.shell.run_notice import RunNotice
from composer.gui.shell.status import StatusBar
from composer.gui.widgets.drop_hint import DropHint
from composer.gui.widgets.toast import Toast


class Workbench(QObject):
    """The parts of one window.

    Args:
        window: the window.
        session: its session, closed when the window closes.

    Attributes:
        shown: whether the window has been painted and the open panels exist.
    """

    def __init__(self, window: QMainWindow, session: Session) -> None:
        super().__init__(window)
        self.window = window
        self.session = session
        self.shown = False
        self.canvas = CanvasView(session)
        self.docks = Docks(window, session)
        self.context = Context(window, session, self.canvas, self.docks, self.searchable_actions)
        commands, self._broken_commands = load_commands()
        self.actions = Actions(commands, self.context)
        self.status = StatusBar(session)
        self._middle = QWidget()
        self._column = QVBoxLayout(self._middle)
        self.banners = Banners(self._column, session)
        self.toast = Toast(self._middle)
        self.drop_hint = DropHint(self._middle)
        self.run_health = RunHealth(session)
        self.run_notice = RunNotice(window, session, lambda: self.docks.in_front("training"))

    def build_ui(self) -> None:
        """Put the parts in their places and connect them."""
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.canvas)
        self.window.setCentralWidget(self._middle)
        self.docks.add_shortcuts()
        self.docks.place()
        menus.build_menu_bar(self.actions, self.context)
        menus.build_toolbar(self.actions, self.context)
        self.window.setStatusBar(self.status)
        self.docks.restore()
        session, document = self.session, self.session.document
        session.message.connect(self.toast.show_message)
        session.command_requested.connect(self.run_command)
        session.panel_requested.connect(self.docks.show)
        self.docks.escaped.connect(lambda: self.canvas.setFocus(Qt.FocusReason.OtherFocusReason))
        session.file_changed.connect(self._update_title)
        document.design_changed.connect(self._update_title)
        session.facts_changed.connect(self._update_badge)
        session.catalog_changed.connect(self._update_badge)
        self.canvas.menu_requested.connect(partial(menus.show_context_menu, self.actions, self.context))
        self.status.problems_clicked.connect(lambda: self.docks.show("problems"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_theme)
        self._update_title()

    def on_first_shown(self) -> None:
        """Construct the open panels and offer recovered work, once the window has been painted."""
        if self.shown:
            return
        self.shown = True
        self.canvas.setFocus()
        self.docks.construct_visible()
        self.banners.offer_recovery(partial(unsaved.may_replace_design, self.window, self.session))
        for name, reason in {**self.docks.broken, **self._broken_commands}.items():
            self.session.message.emit(f"{name}.py could not be loaded: {reason}", "error")

    def shutdown(self) -> None:
        """Remember the layout of the panels and end the workers."""
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.docks.save()
        self.window.hide()  # ending the workers takes a moment that nobody should have to watch
        self.actions.close()
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._follow_system_theme)
        self.session.close()

    def may_close(self) -> bool:
        """Whether the user agrees to close the window."""
        return unsaved.may_close(self.window, self.session)

    def action(self, id: str) -> QAction:
        """Return the action of a command."""
        return self.actions.actions[id]

    def searchable_actions(self) -> list[QAction]:
        """Return the actions that the command palette lists: those of commands, then those of panels."""
        return [*self.actions.searchable(), *self.docks.toggle_actions()]

    def run_command(self, id: str, argument: object = None) -> None:
        """Run a command; see `Actions.run`."""
        self.actions.run(id, argument)

    def _follow_system_theme(self) -> None:
        if theme.mode() == "system":
            self.session.set_theme("system")

    def _update_title(self, *_: object) -> None:
        session = self.session
        name = session.path.name if session.path is not None else session.document.design.name
        self.window.setWindowTitle(f"{name}[*] - Netcomposer")
        self.window.setWindowModified(session.document.dirty)
        self.window.setWindowFilePath(str(session.path) if session.path is not None else "")

    def _update_badge(self, *_: object) -> None:
        count = sum(problem.level != "info" for problem in self.session.problems)
        self.docks.set_badge("problems", str(count) if count else "")
