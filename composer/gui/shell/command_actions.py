"""What commands do that needs the window: files, dialogs, selections. Everything else is a method of the session or the canvas."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from composer.core import edits
from composer.core.errors import DesignError, UserError
from composer.core.files.design_json import to_json
from composer.core.graph import Design

if TYPE_CHECKING:
    from composer.gui.session.session import Session
    from composer.gui.shell.workbench import Workbench

DESIGN_FILES = "Designs (*.yaml *.yml)"


def nothing(bench: "Workbench") -> None:
    """The head of a menu of its own does nothing."""


def new(bench: "Workbench") -> None:
    """Begin an empty design, once unsaved work is cared for."""
    bench.when_saved(bench.session.new)


def open_file(bench: "Workbench", path: Path | str | None = None) -> None:
    """Ask for a file, unless one is given, and open it."""

    def ask() -> None:
        chosen = path or QFileDialog.getOpenFileName(bench.window, "Open design", str(_folder(bench)), DESIGN_FILES)[0]
        if chosen:
            bench.session.open(chosen)

    bench.when_saved(ask)


def open_template(bench: "Workbench", path: Path | str) -> None:
    """Begin with a copy of a template."""
    bench.when_saved(lambda: bench.session.open_template(path))


def save(bench: "Workbench") -> bool:
    """Save; the first time, ask where."""
    return bench.session.save() if bench.session.path is not None else save_as(bench)


def save_as(bench: "Workbench") -> bool:
    """Ask for a file and save to it."""
    session = bench.session
    suggested = session.path or _folder(bench) / f"{_file_stem(session)}.yaml"
    chosen = QFileDialog.getSaveFileName(bench.window, "Save design", str(suggested), DESIGN_FILES)[0]
    return bool(chosen) and session.save_as(_with_suffix(chosen, ".yaml"))


def export(bench: "Workbench", target: str = "python") -> None:
    """Open the dialog with all targets."""
    from composer.gui.dialogs.export_dialog import ExportDialog

    dialog = ExportDialog(bench.session, bench.canvas.export_image, bench.window)
    dialog.select_target(target)
    dialog.open()


def compare_with(bench: "Workbench", path: Path | str | None = None) -> None:
    """Ask for a design file, unless one is given, and show what differs from it."""
    chosen = path or QFileDialog.getOpenFileName(bench.window, "Compare with", str(_folder(bench)), DESIGN_FILES)[0]
    if chosen:
        try:
            bench.session.comparison.start(Path(chosen))
        except UserError as error:
            bench.session.message.emit(str(error), "error")


def compare_saved(bench: "Workbench") -> None:
    """Show what differs from the file as it was last saved."""
    if bench.session.path is not None:
        compare_with(bench, bench.session.path)


def export_python(bench: "Workbench", path: Path | str | None = None) -> None:
    """Write the generated model to a file that needs only torch."""
    _export(bench, "python", "Export Python", "Python (*.py)", ".py", path)


def export_yaml(bench: "Workbench", path: Path | str | None = None) -> None:
    """Write a copy of the design."""
    _export(bench, "yaml", "Export YAML", DESIGN_FILES, ".yaml", path)


def _export(bench: "Workbench", target: str, title: str, kinds: str, suffix: str, path: Path | str | None) -> None:
    session = bench.session
    suggested = _folder(bench) / f"{_file_stem(session)}{suffix}"
    chosen = str(path) if path else QFileDialog.getSaveFileName(bench.window, title, str(suggested), kinds)[0]
    if chosen:
        file = _with_suffix(chosen, suffix)
        params = {"design": to_json(session.document.design), "target": target, "path": str(file)}
        session.request(
            "export",
            params,
            lambda _: session.message.emit(f"Exported {file.name}", "info"),
            lambda reason: session.message.emit(f"Not exported: {reason}", "error"),
        )


def export_picture(bench: "Workbench") -> None:
    """Draw the shown graph to a file."""
    suggested = _folder(bench) / f"{_file_stem(bench.session)}.png"
    chosen = QFileDialog.getSaveFileName(
        bench.window, "Export picture", str(suggested), "Pictures (*.png *.svg *.pdf)"
    )[0]
    if chosen:
        file = Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(".png")
        try:
            bench.canvas.export_image(file)
        except UserError as error:
            bench.session.message.emit(str(error), "error")
            return
        bench.session.message.emit(f"Exported {file.name}", "info")


def quit(bench: "Workbench") -> None:
    """Close the window, which asks about unsaved work."""
    bench.window.close()


def rename(bench: "Workbench") -> None:
    """Edit the name of the selected item in its place."""
    bench.canvas.rename()


def find(bench: "Workbench") -> None:
    """Search the nodes of all graphs by name or block and go to one."""
    from composer.gui.widgets.chooser import Choice, choose

    session = bench.session
    choices = []
    for name, path in _shown_graphs(session.document.design):
        for node in session.document.design.graph(name).nodes.values():
            where = "/".join(path)
            choices.append(Choice(node.id, f"{where}/  {node.block}" if where else node.block, (path, node.id)))
    choose(bench.window, "Go to a node", choices, lambda found: _go(bench, *found))


def _go(bench: "Workbench", path: tuple[str, ...], id: str) -> None:
    bench.session.document.show_graph(path)
    bench.session.document.select((id,))
    bench.canvas.fit_selection()


def _shown_graphs(design: Design) -> list[tuple[str, tuple[str, ...]]]:
    from composer.core.node_paths import first_instance

    return [(name, path) for name, _ in design.all_graphs() if (path := first_instance(design, name)) is not None]


def select_all(bench: "Workbench") -> None:
    """Select everything in the shown graph."""
    bench.session.document.select(bench.session.document.graph.ids())


def select_none(bench: "Workbench") -> None:
    """Select nothing."""
    bench.session.document.select(())


def select_invert(bench: "Workbench") -> None:
    """Select what is not selected."""
    chosen = set(bench.session.document.selection)
    bench.session.document.select(id for id in bench.session.document.graph.ids() if id not in chosen)


def select_upstream(bench: "Workbench") -> None:
    """Add what the selection depends on."""
    _extend(bench, forward=False)


def select_downstream(bench: "Workbench") -> None:
    """Add what depends on the selection."""
    _extend(bench, forward=True)


def _extend(bench: "Workbench", *, forward: bool) -> None:
    import networkx as nx

    session = bench.session
    topology = session.document.graph.to_networkx()
    reach = nx.descendants if forward else nx.ancestors
    found = set(session.document.selection).union(*(reach(topology, id) for id in session.document.selection))
    session.document.select(id for id in session.document.graph.ids() if id in found)


def group(bench: "Workbench") -> None:
    """Turn the selected nodes into a sub-graph."""
    from composer.core import subgraphs

    session = bench.session
    ids = [id for id in session.document.selection if id in session.document.graph.nodes]

    def made(design: Design, graph: str) -> tuple[Design, str]:
        design, use = subgraphs.make(design, ids, "part", graph)
        return session.document.make_space(design, (use,), graph), use

    _select_result(session, "Make sub-graph", made)


def ungroup(bench: "Workbench") -> None:
    """Put the nodes of a sub-graph in the place of its use."""
    from composer.core import subgraphs

    session = bench.session
    id = session.document.selection[0]

    def unpacked(design: Design, graph: str) -> tuple[Design, list[str]]:
        design, ids = subgraphs.unpack(design, id, graph)
        return session.document.make_space(design, ids, graph), ids

    _select_result(session, f"Unpack {id}", unpacked)


def _select_result(session: "Session", label: str, make: Callable[[Design, str], tuple[Design, Any]]) -> None:
    """Apply an edit that also says what it made, and select that."""
    try:
        design, made = make(session.document.design, session.document.graph_name)
    except DesignError as error:
        session.message.emit(str(error), "warning")
        return
    session.document.apply(design, label)
    session.document.select([made] if isinstance(made, str) else made)


def make_unique(bench: "Workbench") -> None:
    """Give the selected use of a sub-graph a copy of its own."""
    from composer.core import subgraphs

    bench.session.document.edit(
        f"Make {bench.session.document.selection[0]} unique", subgraphs.make_unique, bench.session.document.selection[0]
    )


def enter(bench: "Workbench") -> None:
    """Show the inside of the selected sub-graph."""
    if bench.session.document.selection:
        bench.session.document.enter(bench.session.document.selection[0])


def disconnect(bench: "Workbench") -> None:
    """Remove the wires of the selected items."""
    session = bench.session
    ids = set(session.document.selection)
    wires = [wire for wire in session.document.graph.wires if wire.source in ids or wire.target in ids]
    if wires:
        session.document.edit(f"Remove {len(wires)} wires", edits.disconnect, wires)


def command_palette(bench: "Workbench") -> None:
    """Search all commands by their words."""
    from composer.gui.widgets.chooser import Choice, choose

    actions = [action for action in bench.command_actions() if action.isEnabled()]
    choices = [
        Choice(
            action.text().replace("…", ""),
            action.shortcut().toString(action.shortcut().SequenceFormat.NativeText),
            action,
        )
        for action in actions
    ]
    choose(bench.window, "Do something", choices, lambda action: action.trigger())


def full_screen(bench: "Workbench") -> None:
    """Use the whole screen, or stop doing so."""
    bench.window.setWindowState(bench.window.windowState() ^ Qt.WindowState.WindowFullScreen)


def reset_panels(bench: "Workbench") -> None:
    """Put every panel back in its first place."""
    bench.docks.reset()


def train(bench: "Workbench") -> None:
    """Start a training from the training panel, so that it is seen what is trained and how."""
    panel = bench.docks.show("training")
    if panel is not None and hasattr(panel, "start"):
        panel.start()


def stop_training(bench: "Workbench") -> None:
    """Ask all trainings to save and end."""
    for run in bench.session.runs:
        if run.active:
            run.stop()


def trust_blocks(bench: "Workbench") -> None:
    """Ask whether the code of the blocks may run that the design uses; of the first folder, where there are several."""
    from composer.gui.dialogs.trust import ask_trust

    session = bench.session
    folder = next(iter(session.custom_blocks.untrusted(session.document.design)), None)
    if folder is not None:
        ask_trust(bench.window, folder, lambda yes: trust_folder(session, folder) if yes else None)


def trust_folder(session: "Session", folder: Path) -> None:
    """Let the code of a folder run from now on."""
    try:
        session.custom_blocks.keep(folder, trusted=True)
    except UserError as error:
        session.message.emit(str(error), "error")


def preferences(bench: "Workbench", page: str = "") -> None:
    """Open the preferences."""
    from composer.gui.dialogs.preferences import Preferences

    dialog = Preferences(bench)
    if page:
        dialog.show_page(page)
    dialog.open()


def shortcuts(bench: "Workbench") -> None:
    """Show the shortcut sheet."""
    from composer.gui.dialogs.shortcut_sheet import ShortcutSheet

    ShortcutSheet(bench.window).open()


def about(bench: "Workbench") -> None:
    """Say what this is, and its versions."""
    from PySide6.QtCore import qVersion
    from PySide6.QtWidgets import QMessageBox

    from composer import __version__

    box = QMessageBox(
        QMessageBox.Icon.NoIcon,
        "About Netcomposer",
        f"Netcomposer {__version__}",
        QMessageBox.StandardButton.Ok,
        bench.window,
    )
    box.setInformativeText(
        f"Draw a vision network, train it, look into it, take it away as code.\n\nQt {qVersion()}, MIT licence."
    )
    box.open()


def _folder(bench: "Workbench") -> Path:
    return bench.session.path.parent if bench.session.path is not None else Path.home()


def _file_stem(session: "Session") -> str:
    from composer.core import names

    return session.path.stem if session.path is not None else names.snake(session.document.design.name)


def _with_suffix(path: str, suffix: str) -> Path:
    return Path(path) if Path(path).suffix else Path(path).with_suffix(suffix)
