"""What commands do that needs the window: files, dialogs, selections. Everything else is a method of the session or the canvas."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from composer.core import edits
from composer.core.errors import DesignError, UserError
from composer.core.graph import Design
from composer.core.wire_json import to_json

if TYPE_CHECKING:
    from composer.gui.session import Session
    from composer.gui.window import Window

log = logging.getLogger(__name__)
DESIGN_FILES = "Designs (*.yaml *.yml)"


def nothing(window: "Window") -> None:
    """The head of a menu of its own does nothing."""


def new(window: "Window") -> None:
    """Begin an empty design, once unsaved work is cared for."""
    window.when_saved(window.session.new)


def open_file(window: "Window", path: Path | str | None = None) -> None:
    """Ask for a file, unless one is given, and open it."""

    def ask() -> None:
        chosen = path or QFileDialog.getOpenFileName(window, "Open design", str(_folder(window)), DESIGN_FILES)[0]
        if chosen:
            window.session.open(chosen)

    window.when_saved(ask)


def open_template(window: "Window", path: Path | str) -> None:
    """Begin with a copy of a template."""
    window.when_saved(lambda: window.session.open_template(path))


def save(window: "Window") -> bool:
    """Save; the first time, ask where."""
    return window.session.save() if window.session.path is not None else save_as(window)


def save_as(window: "Window") -> bool:
    """Ask for a file and save to it."""
    session = window.session
    suggested = session.path or _folder(window) / f"{_file_stem(session)}.yaml"
    chosen = QFileDialog.getSaveFileName(window, "Save design", str(suggested), DESIGN_FILES)[0]
    return bool(chosen) and session.save_as(_with_suffix(chosen, ".yaml"))


def export_python(window: "Window", path: Path | str | None = None) -> None:
    """Write the generated model to a file that needs only torch."""
    _export(window, "python", "Export Python", "Python (*.py)", ".py", path)


def export_yaml(window: "Window", path: Path | str | None = None) -> None:
    """Write a copy of the design."""
    _export(window, "yaml", "Export YAML", DESIGN_FILES, ".yaml", path)


def _export(window: "Window", target: str, title: str, kinds: str, suffix: str, path: Path | str | None) -> None:
    session = window.session
    suggested = _folder(window) / f"{_file_stem(session)}{suffix}"
    chosen = str(path) if path else QFileDialog.getSaveFileName(window, title, str(suggested), kinds)[0]
    if chosen:
        file = _with_suffix(chosen, suffix)
        params = {"design": to_json(session.design), "target": target, "path": str(file)}
        session.request(
            "export",
            params,
            lambda answer: session.message.emit(f"Exported {file.name}", "info"),
            lambda reason: session.message.emit(f"Not exported: {reason}", "error"),
        )


def export_picture(window: "Window") -> None:
    """Draw the shown graph to a file."""
    suggested = _folder(window) / f"{_file_stem(window.session)}.png"
    chosen = QFileDialog.getSaveFileName(window, "Export picture", str(suggested), "Pictures (*.png *.svg *.pdf)")[0]
    if chosen:
        file = Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(".png")
        try:
            window.canvas.export_picture(file)
        except UserError as error:
            window.session.message.emit(str(error), "error")
            return
        window.session.message.emit(f"Exported {file.name}", "info")


def quit(window: "Window") -> None:
    """Close the window, which asks about unsaved work."""
    window.close()


def rename(window: "Window") -> None:
    """Edit the name of the selected item in its place."""
    window.canvas.rename()


def find(window: "Window") -> None:
    """Search the nodes of all graphs by name or block and go to one."""
    from composer.gui.widgets.chooser import Choice, choose

    session = window.session
    choices = []
    for name, path in _shown_graphs(session.design):
        for node in session.design.graph(name).nodes.values():
            where = "/".join(path)
            choices.append(Choice(node.id, f"{where}/  {node.block}" if where else node.block, (path, node.id)))
    choose(window, "Go to a node", choices, lambda found: _go(window, *found))


def _go(window: "Window", path: tuple[str, ...], id: str) -> None:
    window.session.show_graph(path)
    window.session.select((id,))
    window.canvas.fit_selection()


def _shown_graphs(design: Design) -> list[tuple[str, tuple[str, ...]]]:
    from composer.gui.use_paths import first_use

    return [(name, path) for name, _ in design.all_graphs() if (path := first_use(design, name)) is not None]


def select_all(window: "Window") -> None:
    """Select everything in the shown graph."""
    window.session.select(window.session.graph.ids())


def select_invert(window: "Window") -> None:
    """Select what is not selected."""
    chosen = set(window.session.selection)
    window.session.select(id for id in window.session.graph.ids() if id not in chosen)


def select_upstream(window: "Window") -> None:
    """Add what the selection depends on."""
    _extend(window, forward=False)


def select_downstream(window: "Window") -> None:
    """Add what depends on the selection."""
    _extend(window, forward=True)


def _extend(window: "Window", *, forward: bool) -> None:
    import networkx as nx

    session = window.session
    topology = session.graph.to_networkx()
    reach = nx.descendants if forward else nx.ancestors
    found = set(session.selection).union(*(reach(topology, id) for id in session.selection))
    session.select(id for id in session.graph.ids() if id in found)


def group(window: "Window") -> None:
    """Turn the selected nodes into a sub-graph."""
    from composer.core import subgraphs

    session = window.session
    ids = [id for id in session.selection if id in session.graph.nodes]
    _select_result(session, "Make sub-graph", lambda design, graph: subgraphs.make(design, ids, "part", graph))


def ungroup(window: "Window") -> None:
    """Put the nodes of a sub-graph in the place of its use."""
    from composer.core import subgraphs

    session = window.session
    id = session.selection[0]
    _select_result(session, f"Unpack {id}", lambda design, graph: subgraphs.unpack(design, id, graph))


def _select_result(session: "Session", label: str, make: Callable[[Design, str], tuple[Design, Any]]) -> None:
    """Apply an edit that also says what it made, and select that."""
    try:
        design, made = make(session.design, session.graph_name)
    except DesignError as error:
        session.message.emit(str(error), "warning")
        return
    session.apply(design, label)
    session.select([made] if isinstance(made, str) else made)


def make_unique(window: "Window") -> None:
    """Give the selected use of a sub-graph a copy of its own."""
    from composer.core import subgraphs

    window.session.edit(f"Make {window.session.selection[0]} unique", subgraphs.make_unique, window.session.selection[0])


def enter(window: "Window") -> None:
    """Show the inside of the selected sub-graph."""
    if window.session.selection:
        window.session.enter(window.session.selection[0])


def disconnect(window: "Window") -> None:
    """Remove the wires of the selected items."""
    session = window.session
    ids = set(session.selection)
    wires = [wire for wire in session.graph.wires if wire.source in ids or wire.target in ids]
    if wires:
        session.edit(f"Remove {len(wires)} wires", edits.disconnect, wires)


def command_palette(window: "Window") -> None:
    """Search all commands by their words."""
    from composer.gui.widgets.chooser import Choice, choose

    actions = [action for action in window.command_actions() if action.isEnabled()]
    choices = [Choice(action.text().replace("…", ""), action.shortcut().toString(action.shortcut().SequenceFormat.NativeText), action) for action in actions]
    choose(window, "Do something", choices, lambda action: action.trigger())


def full_screen(window: "Window") -> None:
    """Use the whole screen, or stop doing so."""
    window.setWindowState(window.windowState() ^ window.windowState().WindowFullScreen)


def reset_panels(window: "Window") -> None:
    """Put every panel back in its first place."""
    window.docks.reset()


def train(window: "Window") -> None:
    """Start a training from the training panel, so that it is seen what is trained and how."""
    panel = window.show_panel("training")
    if panel is not None and hasattr(panel, "start"):
        panel.start()


def stop_training(window: "Window") -> None:
    """Ask all trainings to save and end."""
    for run in window.session.runs:
        if run.active:
            run.stop()


def shortcuts(window: "Window") -> None:
    """Show the shortcut sheet."""
    from composer.gui.shortcut_sheet import ShortcutSheet

    ShortcutSheet(window).open()


def about(window: "Window") -> None:
    """Say what this is, and its versions."""
    from PySide6.QtCore import qVersion
    from PySide6.QtWidgets import QMessageBox

    from composer import __version__

    box = QMessageBox(QMessageBox.Icon.NoIcon, "About Netcomposer", f"Netcomposer {__version__}", QMessageBox.StandardButton.Ok, window)
    box.setInformativeText(f"Draw a vision network, train it, look into it, take it away as code.\n\nQt {qVersion()}, MIT licence.")
    box.open()


def _folder(window: "Window") -> Path:
    return window.session.path.parent if window.session.path is not None else Path.home()


def _file_stem(session: "Session") -> str:
    from composer.core import names

    return session.path.stem if session.path is not None else names.snake(session.design.name)


def _with_suffix(path: str, suffix: str) -> Path:
    return Path(path) if Path(path).suffix else Path(path).with_suffix(suffix)
