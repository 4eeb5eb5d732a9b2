"""Commands: what a user can do. One file a subject, one row a command, with the function that the row runs beside it.

A file of this folder with a tuple ``COMMANDS`` is found without being registered anywhere. Menus, toolbar, context
menus, shortcuts, shortcut sheet and command palette are all built from the rows::

    from composer.gui.shell.commands import Command
    from composer.gui.shell.context import Context


    def count_nodes(context: Context) -> None:
        context.session.message.emit(f"{len(context.document.graph.nodes)} nodes", "info")


    COMMANDS = (Command("count_nodes", "Count nodes", count_nodes, menu="Graph", order=91),)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtWidgets import QMenu

from composer.gui.canvas.target import PointerTargetKind
from composer.gui.extensions import load_modules
from composer.gui.shell.context import Context

MENUS = ("File", "Edit", "Graph", "View", "Run", "Help")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can do.

    Args:
        id: its name in code, settings and tests.
        text: its words in menus.
        run: its function, which may take the argument of `Workbench.run_command`; None for an entry with a submenu.
        menu: one of `MENUS`; empty for a command without an entry there.
        order: position in the menu; a separator divides the tens.
        shortcuts: default key sequences; the first is displayed.
        icon: name of an icon.
        enabled: whether it can run now; None for always.
        label: text that depends on the state, such as "Undo Move"; None for `text`.
        toolbar: whether it has a button; buttons are in the order of the menus.
        on_canvas: whether the shortcuts work only while the canvas has the focus, as plain letters must.
        context_menus: the context menus that list it while it is enabled, each with its order there.
        submenu: fills the menu that the entry opens, each time before it is shown.
        tip: a sentence for the tooltip, where the words do not suffice.
        words: other words by which the command palette finds it.
    """

    id: str
    text: str
    run: Callable[..., Any] | None = None
    menu: str = ""
    order: int = 0
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    enabled: Callable[[Context], bool] | None = None
    label: Callable[[Context], str] | None = None
    toolbar: bool = False
    on_canvas: bool = False
    context_menus: Mapping[PointerTargetKind, int] = field(default_factory=dict)
    submenu: Callable[[Context, QMenu], None] | None = None
    tip: str = ""
    words: str = ""

    @property
    def title(self) -> str:
        """Its words outside a menu."""
        return self.text.replace("…", "")

    def can_run(self, context: Context) -> bool:
        """Whether it can run now."""
        return self.enabled is None or self.enabled(context)


def load_commands() -> tuple[list[Command], dict[str, str]]:
    """Read the rows of all files of this folder.

    Returns:
        The commands in the order of the menus, and for each file that cannot be imported its name and the reason.
    """
    modules, broken = load_modules(__name__, __path__)
    commands = [command for module in modules for command in getattr(module, "COMMANDS", ())]
    menus = {name: index for index, name in enumerate(MENUS)}
    return sorted(commands, key=lambda command: (menus.get(command.menu, len(MENUS)), command.order)), broken
