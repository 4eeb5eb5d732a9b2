"""Commands that change the selection, and Find."""

from composer.core.node_paths import first_instance
from composer.gui.shell.commands import Command
from composer.gui.shell.commands.edit import has_anything, has_items
from composer.gui.shell.context import Context
from composer.gui.widgets.chooser import Choice, choose


def find(context: Context) -> None:
    """Search the nodes of all graphs by name or block and go to one."""
    design = context.document.design
    choices = []
    for name, graph in design.all_graphs():
        path = first_instance(design, name)
        if path is not None:  # a sub-graph without an instance cannot be shown
            parents = f"{'/'.join(path)}/  " if path else ""
            choices += [Choice(node.id, f"{parents}{node.block}", (path, node.id)) for node in graph.nodes.values()]
    choose(context.window, "Go to a node", choices, lambda value: _go_to(context, *value))


def _go_to(context: Context, path: tuple[str, ...], id: str) -> None:
    context.document.show_graph(path)
    context.document.select((id,))
    context.canvas.fit_selection()


def select_all(context: Context) -> None:
    """Select all items of the shown graph."""
    context.document.select(context.document.graph.ids())


def select_none(context: Context) -> None:
    """Clear the selection."""
    context.document.select(())


def escape(context: Context) -> None:
    """Clear the selection; if nothing is selected, end the comparison."""
    if has_anything(context):
        context.document.select(())
    else:
        context.session.comparison.stop()


def invert_selection(context: Context) -> None:
    """Select the items that are not selected."""
    selected = set(context.document.selection)
    context.document.select(id for id in context.document.graph.ids() if id not in selected)


def select_upstream(context: Context) -> None:
    """Add everything that the selection depends on."""
    _extend_selection(context, downstream=False)


def select_downstream(context: Context) -> None:
    """Add everything that depends on the selection."""
    _extend_selection(context, downstream=True)


def _extend_selection(context: Context, *, downstream: bool) -> None:
    import networkx as nx

    document = context.document
    topology = document.graph.to_networkx()
    reachable = nx.descendants if downstream else nx.ancestors
    ids = set(document.selection).union(*(reachable(topology, id) for id in document.selection))
    document.select(id for id in document.graph.ids() if id in ids)


COMMANDS = (
    Command("find", "Find…", find, "Edit", 41, ("Ctrl+F",), "find", tip="Go to a node by its name"),
    Command("select_all", "Select all", select_all, "Edit", 51, ("Ctrl+A",), context_menus={"canvas": 21}),
    Command("select_none", "Select none", select_none, "Edit", 52, ("Ctrl+Shift+A",), enabled=has_anything),
    Command("select_invert", "Invert selection", invert_selection, "Edit", 53, ("Ctrl+I",)),
    Command(
        "select_upstream",
        "Select upstream",
        select_upstream,
        "Edit",
        54,
        ("[",),
        enabled=has_items,
        on_canvas=True,
        tip="Add everything that the selection depends on",
    ),
    Command(
        "select_downstream",
        "Select downstream",
        select_downstream,
        "Edit",
        55,
        ("]",),
        enabled=has_items,
        on_canvas=True,
        tip="Add everything that depends on the selection",
    ),
    Command("escape", "Clear selection or end comparison", escape, shortcuts=("Escape",), on_canvas=True),
)
