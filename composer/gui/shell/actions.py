"""The actions of a window, one for each command: enabled, labelled and bound to keys as the state demands."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication

from composer.gui.keymap import Bindable
from composer.gui.look import theme
from composer.gui.runs.run_process import RunHandle
from composer.gui.session import clipboard
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context

WITHOUT_MENU = "Canvas"  # heading, among the shortcuts, of commands that are in no menu


class Actions(QObject):
    """The actions.

    Args:
        commands: the commands.
        context: what they work on.

    Attributes:
        commands: the commands by id.
        actions: the actions by the id of their command.
    """

    def __init__(self, commands: list[Command], context: Context) -> None:
        super().__init__(context.window)
        self.commands = {command.id: command for command in commands}
        self._context = context
        clipboard.forget()  # no window has followed it so far
        session, document = context.session, context.document
        session.keymap.add(
            *(
                Bindable(command.id, command.title, command.menu or WITHOUT_MENU, command.shortcuts)
                for command in commands
                if command.run is not None and command.submenu is None and (command.menu or command.shortcuts)
            )
        )
        self.actions = {command.id: self._create(command) for command in commands}
        # Directly, not once control is back with Qt: the key press after an edit may come before.
        for signal in (
            document.design_changed,
            document.selection_changed,
            document.shown_graph_changed,
            document.undo_stack.indexChanged,
            session.catalog_changed,
            session.data.changed,
            session.file_changed,
        ):
            signal.connect(self.update_enabled)
        session.run_started.connect(self._follow_run)
        QGuiApplication.clipboard().dataChanged.connect(self._on_clipboard)
        session.keymap.changed.connect(self._update_keys)
        session.theme_changed.connect(self._update_icons)
        self._update_keys()
        self._update_icons()
        self.update_enabled()

    def close(self) -> None:
        """Stop following the clipboard, which outlives the window."""
        QGuiApplication.clipboard().dataChanged.disconnect(self._on_clipboard)

    def run(self, id: str, argument: object = None) -> None:
        """Run a command.

        Args:
            id: its id.
            argument: second argument of its function, such as the file for ``open``.
        """
        command = self.commands[id]
        if command.run is None or not command.can_run(self._context):
            return
        if argument is None:
            command.run(self._context)
        else:
            command.run(self._context, argument)

    def searchable(self) -> list[QAction]:
        """Return the actions that the command palette lists: those of menus, and those that have words for it."""
        return [
            self.actions[id]
            for id, command in self.commands.items()
            if (command.menu or command.words) and command.submenu is None
        ]

    def update_enabled(self, *_: object) -> None:
        """Enable the commands that can run now."""
        for id, command in self.commands.items():
            action = self.actions[id]
            if command.enabled is not None:
                action.setEnabled(command.enabled(self._context))
            if command.label is not None:
                action.setText(command.label(self._context))

    def _on_clipboard(self) -> None:
        clipboard.forget()
        self.update_enabled()

    def _follow_run(self, run: RunHandle) -> None:
        """Enable what a running training needs, and disable it when the training has ended."""
        run.state_changed.connect(self.update_enabled)
        run.finished.connect(self.update_enabled)
        self.update_enabled()

    def _create(self, command: Command) -> QAction:
        action = QAction(command.text, self)
        action.setObjectName(command.id)
        action.setProperty("words", command.words)
        if command.submenu is None:  # the entry of a submenu only opens it
            action.triggered.connect(lambda: self.run(command.id))
        if command.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._context.canvas.addAction(action)
        elif command.submenu is None:
            self._context.window.addAction(action)
        return action

    def _update_keys(self) -> None:
        keymap = self._context.session.keymap
        for id, command in self.commands.items():
            self.actions[id].setShortcuts(keymap.sequences(id))
            key = f"  ({text})" if (text := keymap.text(id)) else ""
            self.actions[id].setToolTip(command.title + key + (f"\n{command.tip}" if command.tip else ""))

    def _update_icons(self) -> None:
        for id, command in self.commands.items():
            if command.icon:
                self.actions[id].setIcon(theme.icon(command.icon))
