"""Module paths of a network and the nodes of its design."""

import pytest

from composer.core.graph import Design, Graph, Node
from composer.core.node_paths import BlockNode, block_at

INNER = Graph(nodes={"conv": Node("conv", "Conv2d"), "layers": Node("layers", "Mlp", repeat="=depth")})
MAIN = Graph(nodes={"stem": Node("stem", "ConvNormAct"), "stage": Node("stage", "graph:inner", repeat=2)})
DESIGN = Design(main=MAIN, graphs={"inner": INNER})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("stem", BlockNode("ConvNormAct", 1)),
        ("stem.conv.weight", BlockNode("ConvNormAct", 1)),
        ("stage.1.conv", BlockNode("Conv2d", 3)),
        ("stage.0.layers.2.fc1", BlockNode("Mlp", 4)),
        ("stage", None),
        ("stage.1", None),
        ("stage.1.layers", None),
        ("stage.1.other", None),
        ("", None),
    ],
)
def test_a_module_path_leads_to_the_node_of_a_block(path: str, expected: BlockNode | None) -> None:
    assert block_at(DESIGN, path.split(".")) == expected


def test_a_missing_sub_graph_is_no_block() -> None:
    assert block_at(Design(main=Graph(nodes={"a": Node("a", "graph:gone")})), ["a", "conv"]) is None
