"""Commands on frames, the titled rectangles behind groups of items."""

from composer.core.frames import remove_frame
from composer.gui.shell.commands import Command
from composer.gui.shell.commands.edit import has_items
from composer.gui.shell.context import Context


def has_frame(context: Context) -> bool:
    """Whether a frame is under the pointer."""
    return bool(context.target.frame)


def frame_selection(context: Context) -> None:
    """Put a frame around the selected items."""
    context.canvas.frame_selection()


def select_members(context: Context) -> None:
    """Select the items of a frame."""
    frames = {frame.id: frame for frame in context.document.graph.frames}
    context.document.select(frames[context.target.frame].nodes)


def rename(context: Context) -> None:
    """Ask for another title of a frame."""
    context.canvas.rename_frame(context.target.frame)


def remove(context: Context) -> None:
    """Remove a frame; its members stay."""
    context.document.edit("Remove frame", remove_frame, context.target.frame)


COMMANDS = (
    Command(
        "frame_selection",
        "Frame selection",
        frame_selection,
        "Graph",
        34,
        enabled=has_items,
        context_menus={"node": 32},
        tip="Put a titled frame around the selected nodes, which moves them together",
    ),
    Command("frame_members", "Select members", select_members, enabled=has_frame, context_menus={"frame": 11}),
    Command("frame_rename", "Rename frame…", rename, enabled=has_frame, context_menus={"frame": 12}),
    Command("frame_remove", "Remove frame", remove, enabled=has_frame, context_menus={"frame": 13}),
)
