"""The main window: canvas in the middle, panels around it, commands from the table, and the question about unsaved work."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QMessageBox, QToolBar, QVBoxLayout, QWidget

from composer import paths
from composer.gui import command_actions, recovery, settings, theme
from composer.gui.canvas import CanvasView
from composer.gui.commands import COMMANDS, MENUS, Command
from composer.gui.docks import Docks
from composer.gui.panels import Panel
from composer.gui.session import Session
from composer.gui.status import StatusBar
from composer.gui.widgets.banner import Banner
from composer.gui.widgets.toast import Toast

DEFAULT_SIZE = QSize(1440, 900)
DESIGN_SUFFIXES = (".yaml", ".yml")


class Window(QMainWindow):
    """The window of one session.

    Args:
        session: the session; the window closes it when it closes.
        path: a design file to open once the window is painted.
    """

    def __init__(self, session: Session, path: Path | str | None = None) -> None:
        super().__init__()
        self.session = session
        self._open_first = path
        self._painted = False
        self._actions: dict[str, QAction] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.setAcceptDrops(True)
        self.setUnifiedTitleAndToolBarOnMac(True)
        self.canvas = CanvasView(session)
        session.centre = self.canvas.center_position
        middle = QWidget()
        self._column = QVBoxLayout(middle)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.canvas)
        self.setCentralWidget(middle)
        self.toast = Toast(middle)
        self._make_actions()
        self.docks = Docks(self, session)
        self._make_menus()
        self._make_toolbar()
        status = StatusBar(session)
        status.problems_clicked.connect(lambda: self.show_panel("problems"))
        self.setStatusBar(status)
        self._enabling = QTimer(self, singleShot=True, interval=0)
        self._enabling.timeout.connect(self._update_enabled)
        for signal in (session.design_changed, session.selection_changed, session.shown_graph_changed, session.run_started):
            signal.connect(lambda *_: self._enabling.start())
        session.undo_stack.indexChanged.connect(lambda _: self._enabling.start())
        QGuiApplication.clipboard().dataChanged.connect(self._enabling.start)
        session.file_changed.connect(self._update_title)
        session.design_changed.connect(lambda *_: self._update_title())
        session.message.connect(self._say)
        session.facts_changed.connect(lambda *_: self._update_badge())
        session.command_asked.connect(self.run_command)
        session.panel_asked.connect(self.show_panel)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)
        self.resize(DEFAULT_SIZE)
        self.docks.restore()
        self._update_title()

    # --- commands ---------------------------------------------------------------------------------------------------

    def action(self, id: str) -> QAction:
        """The action of a command."""
        return self._actions[id]

    def command_actions(self) -> list[QAction]:
        """All actions that can be searched by words."""
        return [action for id, action in self._actions.items() if action.menu() is None] + self.docks.toggle_actions()

    def run_command(self, id: str, argument: object = None) -> None:
        """Run a command by its id; an argument goes to commands that take one (`open`, `open_template`)."""
        if argument is None:
            self._actions[id].trigger()
        else:
            function = {"open": command_actions.open_file, "open_template": command_actions.open_template}[id]
            function(self, Path(str(argument)))

    def show_panel(self, name: str) -> Panel | None:
        """Open a panel and bring it to the front; None if there is no such panel."""
        return self.docks.show(name)

    def _make_actions(self) -> None:
        for command in COMMANDS:
            action = QAction(command.text, self)
            action.setObjectName(command.id)
            if command.icon:
                action.setIcon(theme.icon(command.icon))
            action.setShortcuts([QKeySequence(key) for key in command.shortcuts])
            words = command.text.replace("…", "")
            key = f"  ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if command.shortcuts else ""
            action.setToolTip(f"{words}{key}" + (f"\n{command.tip}" if command.tip else ""))
            action.triggered.connect(lambda _=False, command=command: self._run(command))
            if command.on_canvas:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                self.canvas.addAction(action)
            self._actions[command.id] = action

    def _run(self, command: Command) -> None:
        if command.enabled is None or command.enabled(self.session):
            command.run(self)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        for name in MENUS:
            menu = bar.addMenu(name)
            for command in COMMANDS:
                if command.menu == name:
                    if command.separated:
                        menu.addSeparator()
                    menu.addAction(self._actions[command.id])
            if name == "View":
                menu.addSeparator()
                panels = menu.addMenu("Panels")
                panels.addActions(self.docks.toggle_actions())
                self.addActions(self.docks.toggle_actions())
                self._make_theme_menu(menu.addMenu(theme.icon("theme"), "Theme"))
        self._submenu("open_recent", self._fill_recent)
        self._submenu("new_from_template", self._fill_templates)

    def _submenu(self, id: str, fill: Callable[[QMenu], None]) -> None:
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: fill(menu))
        self._actions[id].setMenu(menu)

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        for path in settings.recent():
            menu.addAction(Path(path).name, lambda path=path: self.run_command("open", path)).setToolTip(path)
        if menu.isEmpty():
            menu.addAction("Nothing opened yet").setEnabled(False)

    def _fill_templates(self, menu: QMenu) -> None:
        menu.clear()
        for path in sorted(paths.TEMPLATES.glob("*.yaml")):
            menu.addAction(path.stem.replace("_", " "), lambda path=path: self.run_command("open_template", path))

    def _make_theme_menu(self, menu: QMenu) -> None:
        for mode in theme.MODES:
            action = menu.addAction("Follow the system" if mode == "system" else mode.capitalize(), lambda mode=mode: self.set_theme(mode))
            action.setCheckable(True)
            menu.aboutToShow.connect(lambda action=action, mode=mode: action.setChecked(theme.mode() == mode))

    def _make_toolbar(self) -> None:
        bar = QToolBar("Toolbar", self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(theme.ICON, theme.ICON))
        bar.toggleViewAction().setVisible(False)
        menu = ""
        for command in COMMANDS:
            if command.toolbar:
                if menu and command.menu != menu:
                    bar.addSeparator()
                menu = command.menu
                bar.addAction(self._actions[command.id])
        self.addToolBar(bar)

    def _update_enabled(self) -> None:
        for command in COMMANDS:
            if command.enabled is not None:
                self._actions[command.id].setEnabled(command.enabled(self.session))
        stack = self.session.undo_stack
        self._actions["undo"].setText(f"Undo {stack.undoText()}".strip())
        self._actions["redo"].setText(f"Redo {stack.redoText()}".strip())

    # --- look -------------------------------------------------------------------------------------------------------

    def set_theme(self, mode: str) -> None:
        """Follow the system, or be light or dark; remembered."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, mode)
            self._theme_applied()

    def _system_theme_changed(self) -> None:
        app = QApplication.instance()
        if theme.mode() == "system" and isinstance(app, QApplication):
            theme.apply(app)
            self._theme_applied()

    def _theme_applied(self) -> None:
        for command in COMMANDS:
            if command.icon:
                self._actions[command.id].setIcon(theme.icon(command.icon))
        self.docks.refresh_look()
        self.session.theme_changed.emit()

    def _update_title(self) -> None:
        session = self.session
        name = session.path.name if session.path is not None else session.design.name
        self.setWindowTitle(f"{name}[*] - Netcomposer")
        self.setWindowModified(session.dirty)
        self.setWindowFilePath(str(session.path) if session.path is not None else "")

    def _update_badge(self) -> None:
        count = len(self.session.problems)
        self.docks.set_badge("problems", str(count) if count else "")

    def _say(self, text: str, level: str) -> None:
        self.toast.show_message(text, level)

    # --- beginning and end ------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Begin the slower work once there is something to look at."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._after_first_paint)

    def _after_first_paint(self) -> None:
        if self._open_first is not None:
            self.session.open(self._open_first)
        self.docks.construct_visible()
        self.session.start_engine()
        self._update_enabled()
        self._offer_recovery()

    def _offer_recovery(self) -> None:
        found = next(recovery.left_behind(), None)
        if found is None:
            return
        when = time.strftime("%d %b %H:%M", time.localtime(found.time))
        text = f"Unsaved work on “{found.path.name if found.path else found.design.name}” from {when} was kept."
        choices: list[tuple[str, Callable[[], object]]] = [
            ("Restore", lambda: self.when_saved(lambda: self.session.restore(found))),
            ("Discard", lambda: recovery.forget(found)),
        ]
        self._column.insertWidget(0, Banner(text, choices))

    def when_saved(self, then: Callable[[], object]) -> None:
        """Do something that replaces the design, after asking about unsaved work."""
        if self._may_leave():
            then()

    def _may_leave(self) -> bool:
        if not self.session.dirty:
            return True
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle("Unsaved changes")
        box.setText(f"Save the changes to “{self.session.path.name if self.session.path else self.session.design.name}”?")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        return answer == buttons.Discard or (answer == buttons.Save and command_actions.save(self))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved work, then end everything that was started."""
        if not self._may_leave():
            event.ignore()
            return
        self.docks.save()
        self.hide()  # the workers take a moment to end; nobody should have to watch
        self.session.close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept design files."""
        if self._dragged_design(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a design file."""
        path = self._dragged_design(event)
        if path is not None:
            event.acceptProposedAction()
            # Not from inside the drop: the question about unsaved work would block the other program.
            QTimer.singleShot(0, self, lambda: self.run_command("open", path))

    def _dragged_design(self, event: QDropEvent) -> str | None:
        urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
        files = [url.toLocalFile() for url in urls if url.isLocalFile()]
        return next((file for file in files if file.lower().endswith(DESIGN_SUFFIXES)), None)
