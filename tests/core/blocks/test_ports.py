"""Ports of inputs, outputs, blocks and uses of sub-graphs."""

from composer.core.blocks.block_file import Port
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.blocks.ports import (
    canonical,
    declared_flow,
    declared_kind,
    fits,
    index_of,
    input_ports,
    is_variadic,
    kind,
    output_ports,
)
from composer.core.graph import Design, Graph, Input, Node, Output, Wire

CATALOG = read_catalog()
INNER = Graph(inputs={"x": Input("x"), "context": Input("context")}, outputs={"y": Output("y"), "gate": Output("gate")})
DESIGN = Design(
    main=Graph(
        inputs={"image": Input("image", (3, 8, 8))},
        nodes={
            "conv": Node("conv", "Conv2d"),
            "add": Node("add", "Add"),
            "dendrites": Node("dendrites", "ActiveDendrites"),
            "stage": Node("stage", "graph:stage"),
            "odd": Node("odd", "NoSuchBlock"),
            "lost": Node("lost", "graph:nowhere"),
        },
        outputs={"logits": Output("logits")},
        wires=(Wire("image", "conv"), Wire("conv", "add"), Wire("image", "dendrites")),
    ),
    graphs={"stage": INNER},
)


def names(ports: tuple[Port, ...]) -> list[str]:
    return [port.name for port in ports]


def test_ends_of_a_graph_have_one_nameless_port() -> None:
    assert input_ports(DESIGN, CATALOG, "", "image") == ()
    assert names(output_ports(DESIGN, CATALOG, "", "image")) == [""]
    assert names(input_ports(DESIGN, CATALOG, "", "logits")) == [""]
    assert output_ports(DESIGN, CATALOG, "", "logits") == ()


def test_a_use_of_a_sub_graph_has_its_inputs_and_outputs() -> None:
    assert names(input_ports(DESIGN, CATALOG, "", "stage")) == ["x", "context"]
    assert names(output_ports(DESIGN, CATALOG, "", "stage")) == ["y", "gate"]


def test_unknown_blocks_and_ids_have_no_ports() -> None:
    for id in ("odd", "lost", "nobody"):
        assert input_ports(DESIGN, CATALOG, "", id) == () == output_ports(DESIGN, CATALOG, "", id)
    assert input_ports(DESIGN, Catalog(), "", "conv") == ()


def test_the_first_port_is_the_empty_name() -> None:
    ports = input_ports(DESIGN, CATALOG, "", "dendrites")
    assert (index_of(ports, ""), index_of(ports, "context"), index_of(ports, "nope"), index_of((), "")) == (
        0,
        1,
        None,
        None,
    )
    assert (canonical(ports, 0), canonical(ports, 1)) == ("", "context")


def test_only_some_ports_take_several_wires() -> None:
    assert is_variadic(DESIGN, CATALOG, "", Wire("conv", "add"))
    assert not is_variadic(DESIGN, CATALOG, "", Wire("image", "conv"))


def test_kinds() -> None:
    assert [kind((1,) * rank) for rank in (2, 3, 4, 5)] == ["vector", "tokens", "map", "other"]
    conv, add = CATALOG.get("Conv2d"), CATALOG.get("Add")
    assert conv is not None and add is not None
    assert declared_kind(conv, 0) == declared_kind(conv, 0, output=True) == "map"
    assert declared_kind(add, 3) == "any"
    assert fits("any", "map") and fits("map", "map") and not fits("tokens", "map")


def test_the_flow_of_a_block_is_told_in_words() -> None:
    flows = {name: declared_flow(CATALOG.blocks[name]) for name in ("MBConv", "MapToTokens", "Dropout")}
    assert flows == {"MBConv": "map → map", "MapToTokens": "map → tokens", "Dropout": "any shape"}
    assert declared_flow(CATALOG.blocks["TubeletEmbed"]).startswith("c t h w →")  # no word for a video
