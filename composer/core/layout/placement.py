"""Positions where the sizes of the cards are not measured: of designs written by hand or by a script, and of shipped
templates.
"""

from collections.abc import Collection

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.roles import MERGE
from composer.core.graph import Design, Graph, Node
from composer.core.layout import insertion
from composer.core.layout.layered import Spacing, direction_of, layout

# About the sizes that the canvas draws, in pixels; estimates are enough for the layout.
CARD_SIZE, MERGE_SIZE, END_SIZE = (200.0, 72.0), (32.0, 32.0), (96.0, 48.0)
# Wires are labelled with their shapes: the gap is a little wider than such a label.
SPACING = Spacing(layer=96.0)


def lay_out_unplaced(design: Design, catalog: Catalog) -> Design:
    """Return the design with every graph laid out whose items all have the same position."""
    for name, graph in design.all_graphs():
        items = [item for id in graph.ids() if (item := graph.item(id)) is not None]
        if len(items) > 1 and len({item.position for item in items}) == 1:
            design = edits.move(design, layout(graph, _sizes(graph, catalog), spacing=SPACING), graph=name)
    return design


def make_space(design: Design, new_ids: Collection[str], catalog: Catalog, *, graph: str) -> Design:
    """Return the design with space for items that were just put into a graph; see `composer.core.layout.insertion`."""
    home = design.graph(graph)
    sizes, direction = _sizes(home, catalog), direction_of(home) or "right"
    return insertion.make_space(design, new_ids, sizes, graph=graph, direction=direction, spacing=SPACING)


def _sizes(graph: Graph, catalog: Catalog) -> dict[str, tuple[float, float]]:
    return {id: _size(graph, catalog, id) for id in graph.ids()}


def _size(graph: Graph, catalog: Catalog, id: str) -> tuple[float, float]:
    item = graph.item(id)
    if not isinstance(item, Node):
        return END_SIZE
    spec = catalog.get(item.block)
    return MERGE_SIZE if spec is not None and spec.role == MERGE and item.repeat == 1 else CARD_SIZE
