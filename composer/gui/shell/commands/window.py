"""Commands for the window: command palette, panels, theme, preferences."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from composer.gui.look import theme
from composer.gui.session.cost_lens import HEATS
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context
from composer.gui.widgets.chooser import Choice, choose


def command_palette(context: Context) -> None:
    """Search all commands by their words."""
    native = QKeySequence.SequenceFormat.NativeText
    choices = [
        Choice(
            action.text().replace("…", ""),
            action.shortcut().toString(native),
            action.trigger,
            f"{action.property('words') or ''} {action.toolTip()}",
        )
        for action in context.actions()
        if action.isEnabled()
    ]
    choices += [
        Choice(f"Theme: {text}", "", partial(context.session.set_theme, mode), "colours")
        for mode, text in theme.MODES.items()
    ]
    lens = context.session.lens
    choices += [
        Choice(f"Heat map: {title}", "", partial(lens.set_heat, heat), "colours of the cards, costs")
        for heat, title in HEATS.items()
        if lens.available(heat)
    ]
    choose(context.window, "Search commands", choices, lambda run: run())


def full_screen(context: Context) -> None:
    """Enter or leave full screen."""
    context.window.setWindowState(context.window.windowState() ^ Qt.WindowState.WindowFullScreen)


def reset_panels(context: Context) -> None:
    """Put every panel back to its first place."""
    context.docks.reset()


def fill_panels(context: Context, menu: QMenu) -> None:
    """List the panels."""
    menu.addActions(context.docks.toggle_actions())


def fill_themes(context: Context, menu: QMenu) -> None:
    """List the themes, the current one checked."""
    for mode, text in theme.MODES.items():
        action = menu.addAction(text, partial(context.session.set_theme, mode))
        action.setCheckable(True)
        action.setChecked(theme.mode() == mode)


def preferences(context: Context, page: str = "") -> None:
    """Open the preferences, at a page if one is named."""
    from composer.gui.dialogs.preferences import Preferences

    dialog = Preferences(context.session, context.window)
    if page:
        dialog.show_page(page)
    dialog.open()


COMMANDS = (
    Command("preferences", "Preferences…", preferences, "File", 51, ("Ctrl+,",), "settings"),
    Command(
        "command_palette", "Command palette…", command_palette, "View", 21, ("Ctrl+Shift+P", "Ctrl+K"), icon="command"
    ),
    Command("full_screen", "Full screen", full_screen, "View", 22, ("F11",)),
    Command("reset_panels", "Reset panels", reset_panels, "View", 23, tip="Put every panel back to its first place"),
    Command("panels", "Panels", menu="View", order=31, submenu=fill_panels),
    Command("theme", "Theme", menu="View", order=32, icon="theme", submenu=fill_themes),
)
