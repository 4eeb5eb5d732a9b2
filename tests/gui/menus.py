"""Commands for tests: the context menu of a window, and actions for a canvas that stands alone."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from composer.gui.canvas import CanvasView
from composer.gui.canvas.target import target_at
from composer.gui.shell.actions import Actions
from composer.gui.shell.commands import load_commands
from composer.gui.shell.context import Context
from composer.gui.shell.docks import Docks
from composer.gui.shell.menus import build_context_menu
from composer.gui.window import Window


def context_menu(shown: Window, position: QPointF) -> QMenu:
    """Return the context menu at a position in the scene."""
    return menu_at(shown.bench.actions, shown.bench.context, position)


def entry_text(action: QAction) -> str:
    """Return the words of an entry without its key."""
    return action.text().partition("\t")[0]


def menu_at(actions: Actions, context: Context, position: QPointF) -> QMenu:
    """Return the context menu at a position in the scene."""
    return build_context_menu(actions.commands.values(), context, target_at(context.canvas.view, position))


def actions_of(canvas: CanvasView, window: QMainWindow) -> tuple[Actions, Context]:
    """Give a canvas outside of a workbench its commands."""
    context = Context(window, canvas.session, canvas, Docks(window, canvas.session), list)
    commands, broken = load_commands()
    assert not broken
    return Actions(commands, context), context
