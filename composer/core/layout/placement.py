"""Places where nothing is drawn that could be measured: of designs written by hand, by a script, or shipped as templates."""

from collections.abc import Collection

from composer.core import edits
from composer.core.graph import Design, Graph, Node
from composer.core.layout import insertion
from composer.core.layout.layered import Spacing, direction_of, layout

# About what the canvas draws; the layout needs to know no better.
CARD, MERGE, END = (200.0, 72.0), (32.0, 32.0), (96.0, 48.0)
# Wires carry their shapes as text: a little more than such a text between two cards.
GAPS = Spacing(layer=96.0)
MERGES = frozenset({"Add", "Concat", "Multiply"})


def placed(design: Design) -> Design:
    """The design with every graph laid out whose items all lie on one spot."""
    for name, graph in design.all_graphs():
        items = [item for id in graph.ids() if (item := graph.item(id)) is not None]
        if len(items) > 1 and len({item.position for item in items}) == 1:
            design = edits.move(design, layout(graph, {id: _size(graph, id) for id in graph.ids()}, spacing=GAPS), name)
    return design


def with_room(design: Design, placed: Collection[str], graph: str) -> Design:
    """The design with room for items that were just put into a graph; see `composer.core.layout.insertion.with_room`."""
    home = design.graph(graph)
    sizes = {id: _size(home, id) for id in home.ids()}
    return insertion.with_room(design, placed, sizes, graph, direction=direction_of(home) or "right", spacing=GAPS)


def _size(graph: Graph, id: str) -> tuple[float, float]:
    item = graph.item(id)
    if not isinstance(item, Node):
        return END
    return MERGE if item.block in MERGES else CARD
