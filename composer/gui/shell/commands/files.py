"""Commands that open, save and close designs."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu

from composer.core.files.templates import read_head, template_files
from composer.gui.settings import recent_files
from composer.gui.shell import unsaved
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def new(context: Context) -> None:
    """Start an empty design, after asking about unsaved work."""
    if unsaved.may_replace_design(context.window, context.session):
        context.session.new()


def open_design(context: Context, path: Path | str | None = None) -> None:
    """Open a design file; without a path, ask for one."""
    if not unsaved.may_replace_design(context.window, context.session):
        return
    folder = str(unsaved.default_folder(context.session))
    path = path or QFileDialog.getOpenFileName(context.window, "Open design", folder, unsaved.DESIGN_FILES)[0]
    if path:
        context.session.open(path)


def fill_recent(context: Context, menu: QMenu) -> None:
    """List the recent files."""
    menu.setToolTipsVisible(True)
    for path in recent_files():
        menu.addAction(Path(path).name, partial(open_design, context, path)).setToolTip(path)
    if menu.isEmpty():
        menu.addAction("No recent files").setEnabled(False)


def open_template(context: Context, path: Path | str) -> None:
    """Start with a copy of a template."""
    if unsaved.may_replace_design(context.window, context.session):
        context.session.open_template(path)


def fill_templates(context: Context, menu: QMenu) -> None:
    """List the templates."""
    menu.setToolTipsVisible(True)
    for path in template_files():
        entry = read_head(path)
        menu.addAction(entry.name, partial(open_template, context, path)).setToolTip(entry.description)


def save(context: Context) -> None:
    """Save the design; the first time, ask for a file."""
    unsaved.save(context.window, context.session)


def save_as(context: Context) -> None:
    """Ask for a file and save the design to it."""
    unsaved.save_as(context.window, context.session)


def quit(context: Context) -> None:
    """Close the window, which asks about unsaved work."""
    context.window.close()


COMMANDS = (
    Command("new", "New", new, "File", 11, ("Ctrl+N",), "new", toolbar=True),
    Command("open", "Open…", open_design, "File", 12, ("Ctrl+O",), "open", toolbar=True),
    Command("open_recent", "Open recent", menu="File", order=13, icon="recent", submenu=fill_recent),
    Command("open_template", "New from template", open_template, "File", 14, icon="template", submenu=fill_templates),
    Command("save", "Save", save, "File", 21, ("Ctrl+S",), "save", toolbar=True),
    Command("save_as", "Save as…", save_as, "File", 22, ("Ctrl+Shift+S",)),
    Command("quit", "Quit", quit, "File", 91, ("Ctrl+Q",)),
)
