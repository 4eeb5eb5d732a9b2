"""Commands of the Help menu."""

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QMessageBox

from composer import __version__
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def shortcuts(context: Context) -> None:
    """Show all shortcuts."""
    from composer.gui.dialogs.shortcut_sheet import ShortcutSheet

    ShortcutSheet(context.session.keymap, context.window).open()


def about(context: Context) -> None:
    """Show the versions."""
    box = QMessageBox(
        QMessageBox.Icon.NoIcon,
        "About Netcomposer",
        f"Netcomposer {__version__}",
        QMessageBox.StandardButton.Ok,
        context.window,
    )
    box.setInformativeText(
        f"Compose vision networks, train them, look inside, and export them as code.\n\nQt {qVersion()}, MIT license."
    )
    box.open()


COMMANDS = (
    Command("shortcuts", "Keyboard shortcuts", shortcuts, "Help", 11, ("?", "F1"), "keyboard"),
    Command("about", "About Netcomposer", about, "Help", 12, icon="info"),
)
