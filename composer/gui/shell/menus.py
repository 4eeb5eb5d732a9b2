"""Menus, toolbar and shortcuts, made from the command table and from what the panels say."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolBar

from composer import paths
from composer.gui.look import theme
from composer.gui.session import settings
from composer.gui.shell import keymap
from composer.gui.shell.commands import COMMANDS, MENUS, Command

if TYPE_CHECKING:
    from composer.gui.shell.workbench import Workbench


class Menus(QObject):
    """The actions of a window and where they are shown.

    Args:
        bench: the workbench.
    """

    def __init__(self, bench: "Workbench") -> None:
        super().__init__(bench)
        self._bench = bench
        self.actions: dict[str, QAction] = {}

    def make(self) -> None:
        """Make the actions, the menu bar and the toolbar."""
        for command in COMMANDS:
            self.actions[command.id] = self._action(command)
        self._make_menu_bar()
        self._submenu("open_recent", self._fill_recent)
        self._submenu("new_from_template", self._fill_templates)
        self._make_toolbar()

    def update_enabled(self) -> None:
        """Enable what can be done now."""
        session = self._bench.session
        for command in COMMANDS:
            if command.enabled is not None:
                self.actions[command.id].setEnabled(command.enabled(session))
        stack = session.document.undo_stack
        self.actions["undo"].setText(f"Undo {stack.undoText()}".strip())
        self.actions["redo"].setText(f"Redo {stack.redoText()}".strip())

    def apply_keys(self) -> None:
        """Take over the keys that the user has chosen."""
        for command in COMMANDS:
            _set_keys(self.actions[command.id], command)

    def _action(self, command: Command) -> QAction:
        action = QAction(command.text, self)
        action.setObjectName(command.id)
        if command.icon:
            action.setIcon(theme.icon(command.icon))
        _set_keys(action, command)
        action.triggered.connect(lambda: self._run(command))
        if command.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._bench.canvas.addAction(action)
        return action

    def _run(self, command: Command) -> None:
        # The session may have changed since the actions were last enabled.
        if command.enabled is None or command.enabled(self._bench.session):
            command.run(self._bench)

    def _make_menu_bar(self) -> None:
        window = self._bench.window
        for name in MENUS:
            menu = window.menuBar().addMenu(name)
            for command in COMMANDS:
                if command.menu == name:
                    if command.separated:
                        menu.addSeparator()
                    menu.addAction(self.actions[command.id])
            if name == "View":
                toggles = self._bench.docks.toggle_actions()
                menu.addSeparator()
                menu.addMenu("Panels").addActions(toggles)
                window.addActions(toggles)
                self._make_theme_menu(menu.addMenu(theme.icon("theme"), "Theme"))

    def _submenu(self, id: str, fill: Callable[[QMenu], None]) -> None:
        menu = QMenu(self._bench.window)
        menu.aboutToShow.connect(lambda: fill(menu))
        self.actions[id].setMenu(menu)

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        menu.setToolTipsVisible(True)
        for path in settings.recent():
            menu.addAction(Path(path).name, partial(self._bench.run_command, "open", path)).setToolTip(path)
        if menu.isEmpty():
            menu.addAction("Nothing opened yet").setEnabled(False)

    def _fill_templates(self, menu: QMenu) -> None:
        menu.clear()
        for path in sorted(paths.TEMPLATES.glob("*.yaml")):
            menu.addAction(path.stem.replace("_", " "), partial(self._bench.run_command, "open_template", path))

    def _make_theme_menu(self, menu: QMenu) -> None:
        choices = {
            mode: menu.addAction("Follow the system" if mode == "system" else mode.capitalize()) for mode in theme.MODES
        }
        for mode, action in choices.items():
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, mode=mode: self._bench.set_theme(mode))

        def show_choice() -> None:
            for mode, action in choices.items():
                action.setChecked(theme.mode() == mode)

        menu.aboutToShow.connect(show_choice)

    def _make_toolbar(self) -> None:
        window = self._bench.window
        bar = QToolBar("Toolbar", window)
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
                bar.addAction(self.actions[command.id])
        window.addToolBar(bar)


def _set_keys(action: QAction, command: Command) -> None:
    keys = keymap.keys_of(command.id, command.shortcuts)
    action.setShortcuts([QKeySequence(key) for key in keys])
    key = f"  ({keymap.native(keys[0])})" if keys else ""
    action.setToolTip(command.text.replace("…", "") + key + (f"\n{command.tip}" if command.tip else ""))
