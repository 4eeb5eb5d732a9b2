"""Commands on the history and on the selected items: undo, copy, delete, rename."""

from composer.gui.session import clipboard
from composer.gui.shell.commands import Command
from composer.gui.shell.context import Context


def has_items(context: Context) -> bool:
    """Whether items are selected."""
    return bool(context.document.selection)


def has_anything(context: Context) -> bool:
    """Whether items or wires are selected."""
    return bool(context.document.selection or context.document.wire_selection)


def has_one_item(context: Context) -> bool:
    """Whether exactly one item is selected."""
    return len(context.document.selection) == 1


def has_several_items(context: Context) -> bool:
    """Whether several items are selected."""
    return len(context.document.selection) > 1


def can_paste(_context: Context) -> bool:
    """Whether there are copied items."""
    return clipboard.available()


def undo(context: Context) -> None:
    """Undo the last step."""
    context.document.undo()


def redo(context: Context) -> None:
    """Redo the next step."""
    context.document.redo()


def cut(context: Context) -> None:
    """Copy the selected items and remove them."""
    context.document.cut()


def copy(context: Context) -> None:
    """Copy the selected items."""
    context.document.copy()


def paste(context: Context) -> None:
    """Paste the copied items, at the pointer if a context menu is open."""
    context.document.paste(context.target.position)


def paste_with_inputs(context: Context) -> None:
    """Paste the copied items and wire them to the sources of the originals."""
    context.document.paste(keep_inputs=True)


def duplicate(context: Context) -> None:
    """Add copies of the selected items, wired to the same sources."""
    context.document.duplicate()


def delete(context: Context) -> None:
    """Remove the selected items and wires."""
    context.document.delete_selection()


def delete_and_reconnect(context: Context) -> None:
    """Remove the selected items and wire their sources to their targets."""
    context.document.delete_selection(reconnect=True)


def rename(context: Context) -> None:
    """Edit the name of the selected item on the canvas."""
    context.canvas.rename()


COMMANDS = (
    Command(
        "undo",
        "Undo",
        undo,
        "Edit",
        11,
        ("Ctrl+Z",),
        "undo",
        enabled=lambda context: context.document.undo_stack.canUndo(),
        label=lambda context: f"Undo {context.document.undo_stack.undoText()}".strip(),
        toolbar=True,
    ),
    Command(
        "redo",
        "Redo",
        redo,
        "Edit",
        12,
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "redo",
        enabled=lambda context: context.document.undo_stack.canRedo(),
        label=lambda context: f"Redo {context.document.undo_stack.redoText()}".strip(),
        toolbar=True,
    ),
    Command("cut", "Cut", cut, "Edit", 21, ("Ctrl+X",), "cut", has_items, context_menus={"node": 21}),
    Command("copy", "Copy", copy, "Edit", 22, ("Ctrl+C",), "copy", has_items, context_menus={"node": 22}),
    Command("paste", "Paste", paste, "Edit", 23, ("Ctrl+V",), "paste", can_paste, context_menus={"canvas": 12}),
    Command(
        "paste_with_inputs",
        "Paste with inputs",
        paste_with_inputs,
        "Edit",
        24,
        ("Ctrl+Shift+V",),
        enabled=can_paste,
        tip="Paste, and wire the copies to the sources of the originals",
    ),
    Command(
        "duplicate",
        "Duplicate",
        duplicate,
        "Edit",
        25,
        ("Ctrl+D",),
        "duplicate",
        has_items,
        context_menus={"node": 23},
    ),
    Command(
        "delete",
        "Delete",
        delete,
        "Edit",
        26,
        ("Delete", "Backspace"),
        "delete",
        has_anything,
        on_canvas=True,
        context_menus={"node": 42, "wire": 21},
    ),
    Command(
        "delete_reconnect",
        "Delete and reconnect",
        delete_and_reconnect,
        "Edit",
        27,
        ("Ctrl+Delete",),
        enabled=has_items,
        on_canvas=True,
        context_menus={"node": 41},
        tip="Delete nodes and wire their sources to their targets",
    ),
    Command("rename", "Rename", rename, "Edit", 31, ("F2",), enabled=has_one_item, context_menus={"node": 11}),
)
