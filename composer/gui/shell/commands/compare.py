"""Commands that compare the design with another one."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from composer.core.errors import UserError
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context
from composer.gui.shell.unsaved import DESIGN_FILES, default_folder


def compare_with(context: Context, path: Path | str | None = None) -> None:
    """Compare with a design file; without a path, ask for one."""
    folder = str(default_folder(context.session))
    path = path or QFileDialog.getOpenFileName(context.window, "Compare with", folder, DESIGN_FILES)[0]
    if path:
        try:
            context.session.comparison.start(Path(path))
        except UserError as error:
            context.show_error(error)


def compare_saved(context: Context) -> None:
    """Compare with the file as it was last saved."""
    if context.session.path is not None:
        compare_with(context, context.session.path)


COMMANDS = (
    Command(
        "compare_with",
        "Compare with…",
        compare_with,
        "File",
        41,
        icon="compare",
        tip="Show on the canvas how the design differs from a file",
    ),
    Command(
        "compare_saved",
        "Compare with last save",
        compare_saved,
        "File",
        42,
        enabled=lambda context: context.session.path is not None,
    ),
)
