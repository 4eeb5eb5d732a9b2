"""Commands that write the network to files other than its own."""

from pathlib import Path

from composer.core.errors import UserError
from composer.core.files.design_json import to_json
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context
from composer.gui.shell.unsaved import DESIGN_FILES, default_file
from composer.gui.widgets.save_dialog import ask_save_file


def export(context: Context, target: str = "python") -> None:
    """Open the dialog with all export targets."""
    from composer.gui.dialogs.export_dialog import ExportDialog

    dialog = ExportDialog(context.session, context.canvas.export_image, context.window)
    dialog.select_target(target)
    dialog.open()


def export_python(context: Context, path: Path | str | None = None) -> None:
    """Write the generated model, which needs only torch."""
    _export(context, "python", "Export Python", "Python (*.py)", ".py", path)


def export_yaml(context: Context, path: Path | str | None = None) -> None:
    """Write a copy of the design."""
    _export(context, "yaml", "Export YAML", DESIGN_FILES, ".yaml", path)


def export_image(context: Context) -> None:
    """Draw the shown graph to a file."""
    suggestion = str(default_file(context.session, ".png"))
    kinds = "Images (*.png *.svg *.pdf)"
    file = ask_save_file(context.window, "Export image", suggestion, kinds, ".png")
    if file is not None:
        try:
            context.canvas.export_image(file)
        except UserError as error:
            context.show_error(error)
        else:
            context.session.message.emit(f"Exported {file.name} to {_short(file.parent)}", "info")


def _export(context: Context, target: str, title: str, kinds: str, suffix: str, path: Path | str | None) -> None:
    session = context.session
    suggestion = str(default_file(session, suffix))
    file = Path(path) if path else ask_save_file(context.window, title, suggestion, kinds, suffix)
    if file is not None:
        params = {
            "design": to_json(session.document.design),
            "target": target,
            "path": str(file),
            "source": str(session.path or ""),
            "replace": path is None,  # a file of the dialog, which the user agreed to replace
        }
        session.request(
            "export",
            params,
            lambda _: session.message.emit(f"Exported {file.name} to {_short(file.parent)}", "info"),
            lambda reason: session.message.emit(f"{file.name} was not exported: {reason}", "error"),
        )


def _short(folder: Path) -> str:
    """Return a folder as people write it, with ``~`` for their home."""
    folder = folder.absolute()
    return str(Path("~") / folder.relative_to(Path.home()) if folder.is_relative_to(Path.home()) else folder)


COMMANDS = (
    Command(
        "export",
        "Export…",
        export,
        "File",
        31,
        ("Ctrl+Shift+E",),
        "export",
        tip="Code, ONNX, torch.export, weights, tables, diagrams and images",
        words="safetensors latex markdown mermaid",
    ),
    Command("export_python", "Export Python…", export_python, "File", 32, ("Ctrl+E",), "code", tip="Needs only torch"),
    Command("export_yaml", "Export YAML…", export_yaml, "File", 33),
    Command(
        "export_image",
        "Export image…",
        export_image,
        "File",
        34,
        icon="picture",
        words="picture figure print png svg pdf",
    ),
)
