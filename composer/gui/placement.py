"""Places designs that come without places: those written by hand, by a script, or shipped as templates."""

from composer.core import edits
from composer.core.autolayout import Spacing, layout
from composer.core.graph import Design, Graph, Node

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


def _size(graph: Graph, id: str) -> tuple[float, float]:
    item = graph.item(id)
    if not isinstance(item, Node):
        return END
    return MERGE if item.block in MERGES else CARD
