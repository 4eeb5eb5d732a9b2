"""Commands for the data that a design is trained on."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def train_on_folder(context: Context, path: Path | str | None = None) -> None:
    """Let the design learn from a folder of images, and show them; without a path, ask for a folder."""
    path = path or QFileDialog.getExistingDirectory(context.window, "Train on the images of a folder", str(Path.home()))
    if path:
        context.session.use_data(Path(path))
        context.docks.show("data")


COMMANDS = (
    Command(
        "train_on_folder",
        "Train on my images…",
        train_on_folder,
        "Run",
        10,
        icon="data",
        tip="Choose a folder of images to learn from; each sub-folder is a class",
    ),
)
