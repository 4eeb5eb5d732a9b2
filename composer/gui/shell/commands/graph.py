"""Commands that change the shown graph: blocks, sub-graphs, wires, layout."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF

from composer.core import edits, subgraphs
from composer.core.bends import bends_of, set_bends
from composer.core.errors import DesignError
from composer.core.graph import Design, Wire
from composer.gui.shell.commands import Command
from composer.gui.shell.commands.edit import has_one_item, has_several_items
from composer.gui.shell.context import Context


def has_subgraph(context: Context) -> bool:
    """Whether one instance of a sub-graph is selected."""
    if not has_one_item(context):
        return False
    node = context.document.graph.nodes.get(context.document.selection[0])
    return node is not None and node.subgraph in context.document.design.graphs


def has_nodes(context: Context) -> bool:
    """Whether nodes are selected, and not only inputs and outputs."""
    nodes = context.document.graph.nodes
    return any(id in nodes for id in context.document.selection)


def has_block(context: Context) -> bool:
    """Whether a node other than the instance of a sub-graph is selected."""
    nodes = context.document.graph.nodes
    return any(id in nodes and nodes[id].subgraph is None for id in context.document.selection)


def has_wires(context: Context) -> bool:
    """Whether wires end at the selected items."""
    return bool(_attached_wires(context))


def has_bent_wire(context: Context) -> bool:
    """Whether one wire is selected and has bends."""
    wires = context.document.wire_selection
    return len(wires) == 1 and bool(bends_of(context.document.graph, wires[0]))


def add_block(context: Context) -> None:
    """Open the list of blocks at the pointer or for a wire."""
    position: QPointF | None = context.target.position
    if position is None:
        context.canvas.quick_add()
    else:
        context.canvas.open_quick_add(position, context.target.wire)


def replace_block(context: Context) -> None:
    """Open the list of blocks that fit in place of the selected ones."""
    context.canvas.replace_block()


def group(context: Context) -> None:
    """Turn the selected nodes into a sub-graph."""
    document = context.document
    ids = [id for id in document.selection if id in document.graph.nodes]

    def make(design: Design, graph: str) -> tuple[Design, Iterable[str]]:
        design, id = subgraphs.make(design, ids, "part", graph=graph)
        return document.make_space(design, (id,), graph), (id,)

    _apply_and_select(context, "Make sub-graph", make)


def ungroup(context: Context) -> None:
    """Replace the instance of a sub-graph by the nodes of the sub-graph."""
    document = context.document
    id = document.selection[0]

    def unpack(design: Design, graph: str) -> tuple[Design, Iterable[str]]:
        design, ids = subgraphs.unpack(design, id, graph=graph)
        return document.make_space(design, ids, graph), ids

    _apply_and_select(context, f"Unpack {id}", unpack)


def _apply_and_select(
    context: Context, label: str, function: Callable[[Design, str], tuple[Design, Iterable[str]]]
) -> None:
    """Apply an edit that also returns the ids of its new items, and select these."""
    document = context.document
    try:
        design, ids = function(document.design, document.graph_name)
    except DesignError as error:
        context.session.message.emit(str(error), "warning")
        return
    document.apply(design, label)
    document.select(ids)


def make_unique(context: Context) -> None:
    """Give the selected instance a copy of its sub-graph."""
    id = context.document.selection[0]
    context.document.edit(f"Make {id} unique", subgraphs.make_unique, id)


def enter(context: Context) -> None:
    """Show the inside of the selected sub-graph."""
    context.document.enter(context.document.selection[0])


def leave(context: Context) -> None:
    """Show the parent graph."""
    context.document.leave()


def disconnect(context: Context) -> None:
    """Remove the wires of the selected items."""
    wires = _attached_wires(context)
    label = "Remove wire" if len(wires) == 1 else f"Remove {len(wires)} wires"
    context.document.edit(label, edits.disconnect, wires)


def _attached_wires(context: Context) -> list[Wire]:
    ids = set(context.document.selection)
    return [wire for wire in context.document.graph.wires if wire.source in ids or wire.target in ids]


def straighten(context: Context) -> None:
    """Remove all bends of the selected wire."""
    (wire,) = context.document.wire_selection
    context.document.edit(f"Straighten {wire}", set_bends, wire, ())


def arrange(context: Context) -> None:
    """Lay out the selected items, or everything."""
    context.canvas.layout()


COMMANDS = (
    Command(
        "add_block",
        "Add block…",
        add_block,
        "Graph",
        11,
        ("Tab",),
        "add",
        on_canvas=True,
        context_menus={"canvas": 11, "wire": 11},
        tip="Search all blocks, for the position of the pointer or for the selected wire",
    ),
    Command(
        "replace",
        "Replace block…",
        replace_block,
        "Graph",
        12,
        ("Ctrl+R",),
        "swap",
        has_block,
        context_menus={"node": 12},
        tip="Replace this block, all selected ones, or all of its kind",
    ),
    Command("group", "Make sub-graph", group, "Graph", 21, ("Ctrl+G",), "group", has_nodes, context_menus={"node": 31}),
    Command(
        "ungroup",
        "Unpack sub-graph",
        ungroup,
        "Graph",
        22,
        ("Ctrl+Shift+G",),
        "ungroup",
        has_subgraph,
        context_menus={"node": 14},
    ),
    Command(
        "make_unique",
        "Make unique",
        make_unique,
        "Graph",
        23,
        enabled=has_subgraph,
        context_menus={"node": 15},
        tip="Give this instance a sub-graph of its own",
    ),
    Command(
        "enter",
        "Enter sub-graph",
        enter,
        "Graph",
        24,
        ("PgDown",),
        "enter",
        has_subgraph,
        on_canvas=True,
        context_menus={"node": 13},
    ),
    Command(
        "leave",
        "Leave sub-graph",
        leave,
        "Graph",
        25,
        ("PgUp",),
        "leave",
        lambda context: bool(context.document.instance_path),
        on_canvas=True,
        context_menus={"canvas": 24},
    ),
    Command(
        "disconnect",
        "Remove wires",
        disconnect,
        "Graph",
        31,
        enabled=has_wires,
        context_menus={"node": 34},
        tip="Remove all wires of the selected nodes",
    ),
    Command(
        "straighten",
        "Straighten wire",
        straighten,
        "Graph",
        32,
        enabled=has_bent_wire,
        context_menus={"wire": 12},
        tip="Remove all bends of the selected wire",
    ),
    Command(
        "layout",
        "Arrange",
        arrange,
        "Graph",
        33,
        ("L", "Ctrl+L"),
        "layout",
        on_canvas=True,
        toolbar=True,
        context_menus={"canvas": 22},
        tip="Lay out the selected items, or everything",
    ),
    # For a single node the row above would lay out everything, which nobody expects of the menu of that node.
    Command("layout_selection", "Arrange selection", arrange, enabled=has_several_items, context_menus={"node": 33}),
)
