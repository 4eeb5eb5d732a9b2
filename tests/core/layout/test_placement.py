"""Positions from estimated sizes: merges are as small as the canvas draws them."""

import pytest

from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.roles import MERGE
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.core.layout import placement

CATALOG = read_catalog()
SPECS = [spec for specs in CATALOG.categories().values() for spec in specs]
MERGES = sorted(spec.name for spec in SPECS if spec.role == MERGE)


def design_with(block: str, repeat: int = 1) -> Design:
    """An input, a node of the block, and an output, all at the same position."""
    wires = (Wire("x", "node"), Wire("node", "y"))
    return Design("", Graph({"x": Input("x")}, {"node": Node("node", block, repeat=repeat)}, {"y": Output("y")}, wires))


def gap(design: Design) -> float:
    """Distance between input and output after the layout."""
    graph = placement.lay_out_unplaced(design, CATALOG).main
    return graph.outputs["y"].position[0] - graph.inputs["x"].position[0]


@pytest.mark.parametrize("block", MERGES)
def test_a_merge_takes_the_space_of_a_circle(block: str) -> None:
    card_gap = gap(design_with("Identity"))
    assert gap(design_with(block)) == card_gap - (placement.CARD_SIZE[0] - placement.MERGE_SIZE[0])
    assert gap(design_with(block, repeat=2)) == card_gap  # the canvas draws a repeated merge as a card


def test_a_design_with_positions_is_unchanged() -> None:
    design = placement.lay_out_unplaced(design_with("Identity"), CATALOG)
    assert placement.lay_out_unplaced(design, CATALOG) is design
