"""The texts of cards."""

from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.facts import NodeFacts, PortSpec
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Ramp
from composer.gui.canvas.items.content import content

CATALOG = read_catalog()


def card(node: Node, facts: NodeFacts | None = None, catalog: Catalog = CATALOG):
    design = Design(
        main=Graph(nodes={node.id: node}), graphs={"stage": Graph({"x": Input("x")}, outputs={"y": Output("y")})}
    )
    return content(design, catalog, "", node.id, facts)


def test_a_card_names_the_block_and_what_differs_from_the_defaults() -> None:
    node = Node("mb", "MBConv", {"out_channels": 64, "kernel_size": 5, "stride": 2, "expand_ratio": 6.0})
    assert card(node).line == "MBConv  k5 s2 e6"
    assert card(Node("mb", "MBConv")).line == "MBConv"
    assert (
        card(Node("mb", "MBConv", {"out_channels": 32, "kernel_size": 5, "stride": 2, "act": "gelu"})).line
        == "MBConv  c32 k5 s2 …"
    )


def test_expressions_show_their_value_once_it_is_resolved() -> None:
    node = Node("c", "Conv2d", {"out_channels": "=width * 2"})
    assert card(node).line == "Conv2d  cwidth*2"
    assert card(node, NodeFacts(resolved={"out_channels": 64})).line == "Conv2d  c64"


def test_values_that_differ_between_iterations() -> None:
    assert card(Node("mb", "MBConv", {"kernel_size": Each((3, 5))}, repeat=4)).line == "MBConv  k3/5"
    assert card(Node("mb", "MBConv", {"drop_path": Ramp(0.0, 0.2)}, repeat=4)).line == "MBConv  dp0…0.2"


def test_costs_errors_and_waiting() -> None:
    node = Node("c", "Conv2d")
    assert card(node).detail == ""
    assert card(node, NodeFacts(params=25_600_000, macs=4_089_184_256)).detail == "25.6 M params · 4.1 G MACs"
    assert card(node, NodeFacts()).detail == "no weights"
    assert card(node, NodeFacts(waits_for="stem")).detail == "waits for stem"
    assert card(node, NodeFacts(error="c: no")).error == "c: no"
    assert "unknown" in str(card(Node("c", "NoSuchBlock")).error)


def test_merges_instances_and_ends() -> None:
    assert (card(Node("add", "Add")).shape, card(Node("add", "Add")).sign) == ("merge", "+")
    assert card(Node("add", "Add", repeat=2)).shape == "card"
    use = card(Node("s", "graph:stage", repeat="=depth"))
    assert (use.stacked, use.line, use.badge, use.inputs, use.outputs) == (True, "stage", "×depth", ("x",), ("y",))
    assert card(Node("s", "graph:stage", repeat="=depth"), NodeFacts(repeat=3)).badge == "×3"
    assert card(Node("s", "graph:stage", repeat=4), NodeFacts(repeat=3)).badge == "×4"  # facts of the edit before
    design = Design(main=Graph({"image": Input("image", (3, "=size", "=size"))}, outputs={"out": Output("out")}))
    assert content(design, CATALOG, "", "image", None).line == "size × size × 3"
    assert content(design, CATALOG, "", "out", NodeFacts(outputs=(PortSpec("", (1, 10)),))).line == "10"
