"""The commands: one row each. Menus, toolbar, shortcuts, shortcut sheet and command palette are all made from this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from composer.gui.session import clipboard
from composer.gui.session.session import Session
from composer.gui.shell import command_actions as do

if TYPE_CHECKING:
    from composer.gui.shell.workbench import Workbench

Run = Callable[["Workbench"], object]
Test = Callable[[Session], bool]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can do.

    Args:
        id: its name for code and tests.
        text: its words in menus.
        menu: the menu it is in.
        run: what it does, given the workbench.
        shortcuts: key sequences; the first is shown.
        icon: icon name.
        enabled: whether it can be done now.
        toolbar: whether it has a button; the buttons stand in the order of the table.
        on_canvas: whether the shortcut holds only while the canvas has the focus, as it must for plain letters.
        separated: whether a line stands above it.
        tip: a sentence for the shortcut sheet and the tooltip, where the words do not suffice.
    """

    id: str
    text: str
    menu: str
    run: Run
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    enabled: Test | None = None
    toolbar: bool = False
    on_canvas: bool = False
    separated: bool = False
    tip: str = ""

    @property
    def head(self) -> bool:
        """Whether it is but the head of a menu of its own."""
        return self.run is do.nothing


MENUS = ("File", "Edit", "Graph", "View", "Run", "Help")


def _selected(session: Session) -> bool:
    return bool(session.document.selection)


def _anything(session: Session) -> bool:
    return bool(session.document.selection or session.document.wire_selection)


def _one(session: Session) -> bool:
    return len(session.document.selection) == 1


def _subgraph(session: Session) -> bool:
    return (
        _one(session)
        and (node := session.document.graph.nodes.get(session.document.selection[0])) is not None
        and node.subgraph in session.document.design.graphs
    )


def _replaceable(session: Session) -> bool:
    nodes = session.document.graph.nodes
    return any(id in nodes and nodes[id].subgraph is None for id in session.document.selection)


def _canvas(method: str) -> Run:
    def run(bench: "Workbench") -> Any:
        return getattr(bench.canvas, method)()

    return run


def _document(method: str, **arguments: Any) -> Run:
    def run(bench: "Workbench") -> Any:
        return getattr(bench.session.document, method)(**arguments)

    return run


def _session(method: str, **arguments: Any) -> Run:
    def run(bench: "Workbench") -> Any:
        return getattr(bench.session, method)(**arguments)

    return run


COMMANDS: tuple[Command, ...] = (
    Command("new", "New", "File", do.new, ("Ctrl+N",), "new", toolbar=True),
    Command("open", "Open…", "File", do.open_file, ("Ctrl+O",), "open", toolbar=True),
    Command("open_recent", "Open recent", "File", do.nothing, icon="recent"),
    Command("new_from_template", "New from template", "File", do.nothing, icon="template"),
    Command("save", "Save", "File", do.save, ("Ctrl+S",), "save", toolbar=True, separated=True),
    Command("save_as", "Save as…", "File", do.save_as, ("Ctrl+Shift+S",)),
    Command(
        "export",
        "Export…",
        "File",
        do.export,
        ("Ctrl+Shift+E",),
        "export",
        separated=True,
        tip="Code, ONNX, torch.export, weights, tables, diagrams and pictures",
    ),
    Command(
        "export_python",
        "Export Python…",
        "File",
        do.export_python,
        ("Ctrl+E",),
        "code",
        tip="A file that needs only torch",
    ),
    Command("export_yaml", "Export YAML…", "File", do.export_yaml),
    Command("export_picture", "Export picture…", "File", do.export_picture, icon="picture"),
    Command(
        "compare_with",
        "Compare with…",
        "File",
        do.compare_with,
        icon="compare",
        separated=True,
        tip="Show on the canvas what differs from a file",
    ),
    Command("compare_saved", "Compare with last save", "File", do.compare_saved, enabled=lambda s: s.path is not None),
    Command("preferences", "Preferences…", "File", do.preferences, ("Ctrl+,",), "settings", separated=True),
    Command("quit", "Quit", "File", do.quit, ("Ctrl+Q",), separated=True),
    Command(
        "undo",
        "Undo",
        "Edit",
        _document("undo"),
        ("Ctrl+Z",),
        "undo",
        lambda s: s.document.undo_stack.canUndo(),
        toolbar=True,
    ),
    Command(
        "redo",
        "Redo",
        "Edit",
        _document("redo"),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "redo",
        lambda s: s.document.undo_stack.canRedo(),
        toolbar=True,
    ),
    Command("cut", "Cut", "Edit", _document("cut"), ("Ctrl+X",), "cut", _selected, separated=True),
    Command("copy", "Copy", "Edit", _document("copy"), ("Ctrl+C",), "copy", _selected),
    Command("paste", "Paste", "Edit", _document("paste"), ("Ctrl+V",), "paste", lambda _: clipboard.available()),
    Command(
        "paste_with_inputs",
        "Paste with inputs",
        "Edit",
        _document("paste", keep_inputs=True),
        ("Ctrl+Shift+V",),
        enabled=lambda _: clipboard.available(),
        tip="Paste and wire the copies to what fed the originals",
    ),
    Command("duplicate", "Duplicate", "Edit", _document("duplicate"), ("Ctrl+D",), "duplicate", _selected),
    Command(
        "delete",
        "Delete",
        "Edit",
        _document("delete_selection"),
        ("Delete", "Backspace"),
        "delete",
        _anything,
        on_canvas=True,
    ),
    Command(
        "delete_reconnect",
        "Delete and reconnect",
        "Edit",
        _document("delete_selection", reconnect=True),
        ("Ctrl+Delete",),
        enabled=_selected,
        on_canvas=True,
        tip="Delete nodes and join what they stood between",
    ),
    Command("rename", "Rename", "Edit", do.rename, ("F2",), enabled=_one, separated=True),
    Command("find", "Find…", "Edit", do.find, ("Ctrl+F",), "find", tip="Go to a node by its name"),
    Command("select_all", "Select all", "Edit", do.select_all, ("Ctrl+A",), separated=True),
    Command("select_none", "Select none", "Edit", do.select_none, ("Ctrl+Shift+A",), enabled=_anything),
    Command("select_invert", "Invert selection", "Edit", do.select_invert, ("Ctrl+I",)),
    Command(
        "select_upstream", "Select upstream", "Edit", do.select_upstream, ("[",), enabled=_selected, on_canvas=True
    ),
    Command(
        "select_downstream",
        "Select downstream",
        "Edit",
        do.select_downstream,
        ("]",),
        enabled=_selected,
        on_canvas=True,
    ),
    Command(
        "add_block",
        "Add block…",
        "Graph",
        _canvas("quick_add"),
        ("Tab",),
        "add",
        on_canvas=True,
        tip="Search all blocks, for the place of the pointer or the selected wire",
    ),
    Command(
        "replace",
        "Replace block…",
        "Graph",
        _canvas("replace_block"),
        ("Ctrl+R",),
        "swap",
        _replaceable,
        tip="Put another block in the place of this one, of all selected or of all of its kind",
    ),
    Command("group", "Make sub-graph", "Graph", do.group, ("Ctrl+G",), "group", _selected, separated=True),
    Command("ungroup", "Unpack sub-graph", "Graph", do.ungroup, ("Ctrl+Shift+G",), "ungroup", _subgraph),
    Command(
        "make_unique", "Make unique", "Graph", do.make_unique, enabled=_subgraph, tip="Give this use a copy of its own"
    ),
    Command("enter", "Enter sub-graph", "Graph", do.enter, ("PgDown",), "enter", _subgraph, on_canvas=True),
    Command(
        "leave",
        "Leave sub-graph",
        "Graph",
        _document("leave"),
        ("PgUp",),
        "leave",
        lambda s: bool(s.document.instance_path),
        on_canvas=True,
    ),
    Command(
        "disconnect",
        "Remove wires",
        "Graph",
        do.disconnect,
        enabled=_selected,
        separated=True,
        tip="Remove all wires of the selected nodes",
    ),
    Command(
        "layout",
        "Arrange",
        "Graph",
        _canvas("layout"),
        ("L", "Ctrl+L"),
        "layout",
        on_canvas=True,
        toolbar=True,
        tip="Place the selection, or everything",
    ),
    Command("fit", "Fit all", "View", _canvas("fit"), ("Home",), "fit", on_canvas=True, toolbar=True),
    Command(
        "fit_selection", "Fit selection", "View", _canvas("fit_selection"), ("F",), "fit-selection", on_canvas=True
    ),
    Command("zoom_reset", "Zoom 100 %", "View", _canvas("zoom_reset"), ("Ctrl+0",)),
    Command(
        "command_palette",
        "Command palette…",
        "View",
        do.command_palette,
        ("Ctrl+Shift+P", "Ctrl+K"),
        "command",
        separated=True,
    ),
    Command("full_screen", "Full screen", "View", do.full_screen, ("F11",)),
    Command("reset_panels", "Reset panels", "View", do.reset_panels, tip="Put every panel back in its first place"),
    Command("train", "Train", "Run", do.train, ("Ctrl+Return",), "play", toolbar=True),
    Command(
        "stop_training",
        "Stop training",
        "Run",
        do.stop_training,
        ("Ctrl+Alt+Return",),
        "stop",
        lambda s: any(run.active for run in s.runs),
    ),
    Command(
        "trust_blocks",
        "Trust own blocks…",
        "Run",
        do.trust_blocks,
        icon="lock",
        enabled=lambda s: bool(s.custom_blocks.untrusted(s.document.design)),
        separated=True,
        tip="Let the code of your own blocks run that this design uses",
    ),
    Command("restart_engine", "Restart engine", "Run", _session("restart_engine"), icon="engine"),
    Command("shortcuts", "Keyboard shortcuts", "Help", do.shortcuts, ("?", "F1"), "keyboard"),
    Command("about", "About Netcomposer", "Help", do.about, icon="info"),
)
