"""Commands for the view of the canvas, its tools, and moving items by the arrow keys."""

from collections.abc import Callable

from composer.gui.canvas.items.metrics import GRID
from composer.gui.shell.commands import Command
from composer.gui.shell.commands.edit import has_items
from composer.gui.shell.context import Context

FAR = 10  # grid steps of a nudge with Shift
ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def fit(context: Context) -> None:
    """Show the whole graph."""
    context.canvas.fit()


def fit_selection(context: Context) -> None:
    """Show the selected items, or everything."""
    context.canvas.fit_selection()


def reset_zoom(context: Context) -> None:
    """Show the middle of the view at 100 %."""
    context.canvas.zoom_reset()


def select_tool(context: Context) -> None:
    """Take the tool that selects and moves items."""
    context.canvas.strip.choose_hand(False)


def hand_tool(context: Context) -> None:
    """Take the tool that moves the view."""
    context.canvas.strip.choose_hand(True)


def nudge(columns: int, rows: int) -> Callable[[Context], None]:
    """Return a function that moves the selected items by grid steps."""

    def run(context: Context) -> None:
        context.canvas.nudge(columns * GRID, rows * GRID)

    return run


COMMANDS = (
    Command(
        "fit",
        "Fit all",
        fit,
        "View",
        11,
        ("Home",),
        "fit",
        on_canvas=True,
        toolbar=True,
        context_menus={"canvas": 23},
    ),
    Command("fit_selection", "Fit selection", fit_selection, "View", 12, ("F",), "fit-selection", on_canvas=True),
    Command("zoom_reset", "Zoom to 100 %", reset_zoom, "View", 13, ("Ctrl+0",)),
    Command(
        "select_tool", "Select and move items", select_tool, shortcuts=("V",), on_canvas=True, words="pointer tool"
    ),
    Command("hand_tool", "Move the view", hand_tool, shortcuts=("H",), on_canvas=True, words="hand pan tool"),
    *(
        Command(
            f"nudge_{name}{'_far' if steps > 1 else ''}",
            f"Nudge {name}{f' by {steps}' if steps > 1 else ''}",
            nudge(columns * steps, rows * steps),
            shortcuts=(f"{'Shift+' if steps > 1 else ''}{name.capitalize()}",),
            enabled=has_items,
            on_canvas=True,
        )
        for name, (columns, rows) in ARROWS.items()
        for steps in (1, FAR)
    ),
)
