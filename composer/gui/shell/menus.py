"""Menu bar, toolbar and context menus, built from the commands."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QMenu, QToolBar

from composer.gui.canvas.overlays.repair_menu import RepairRows
from composer.gui.canvas.target import PointerTarget
from composer.gui.look import theme
from composer.gui.shell.actions import Actions
from composer.gui.shell.commands import MENUS, Command
from composer.gui.shell.context import Context


def build_menu_bar(actions: Actions, context: Context) -> None:
    """Fill the menu bar of the window."""
    for name in MENUS:
        menu = context.window.menuBar().addMenu(f"&{name}")  # Alt and the first letter open it; no two are the same
        section = 0
        for command in _in_menu(actions.commands.values(), name):
            if section and command.order // 10 != section:
                menu.addSeparator()
            section = command.order // 10
            menu.addAction(actions.actions[command.id])
            if command.submenu is not None:
                submenu = QMenu(context.window)
                submenu.aboutToShow.connect(partial(_fill_submenu, command, context, submenu))
                actions.actions[command.id].setMenu(submenu)


def build_toolbar(actions: Actions, context: Context) -> None:
    """Add the toolbar to the window."""
    bar = QToolBar("Toolbar", context.window)
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(theme.ICON, theme.ICON))
    bar.toggleViewAction().setVisible(False)
    menu = ""
    for command in actions.commands.values():
        if command.toolbar:
            if menu and command.menu != menu:
                bar.addSeparator()
            menu = command.menu
            bar.addAction(actions.actions[command.id])
    context.window.addToolBar(bar)


def build_context_menu(commands: Iterable[Command], context: Context, target: PointerTarget) -> QMenu:
    """Return the context menu for a target: the commands that can run there now.

    Args:
        commands: all commands.
        context: the parts of the window.
        target: what is under the pointer; it becomes selected if it is not.
    """
    document = context.document
    if target.node and target.node not in document.selection:
        document.select((target.node,))
    elif target.wire is not None and target.wire not in document.wire_selection:
        document.select((), (target.wire,))
    context = replace(context, target=target)
    menu = QMenu(context.canvas)
    menu.aboutToHide.connect(menu.deleteLater)
    facts = context.session.facts_for(target.node) if target.node else None
    if facts is not None and (facts.error or facts.warning):
        RepairRows(menu, context.session, target.node)
    kind = target.kind
    rows = [command for command in commands if kind in command.context_menus and command.can_run(context)]
    section = 0
    for command in sorted(rows, key=lambda command: command.context_menus[kind]):
        order = command.context_menus[kind]
        if section and order // 10 != section:
            menu.addSeparator()
        section = order // 10
        if command.run is not None:
            key = context.session.keymap.text(command.id)
            # After a tab Qt draws the key at the right, and does not bind it a second time.
            menu.addAction(f"{command.text}\t{key}" if key else command.text, partial(command.run, context))
    return menu


def show_context_menu(actions: Actions, context: Context, target: PointerTarget, position: QPoint) -> None:
    """Open the context menu for a target at a position on the screen."""
    build_context_menu(actions.commands.values(), context, target).popup(position)


def _in_menu(commands: Iterable[Command], name: str) -> list[Command]:
    return [command for command in commands if command.menu == name]


def _fill_submenu(command: Command, context: Context, menu: QMenu) -> None:
    menu.clear()
    if command.submenu is not None:
        command.submenu(context, menu)
