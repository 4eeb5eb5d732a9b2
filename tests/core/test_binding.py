"""Binding: which wires feed which argument, and one key for each tensor."""

import pytest

from composer.core.binding import bound_wires, output_keys, source_key
from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.ports import input_ports
from composer.core.graph import Design, Graph, Input, Node, Wire

CATALOG = read_catalog()
WIRES = (
    Wire("image", "cut"),
    Wire("cut", "add", "first"),
    Wire("image", "add"),
    Wire("cut", "add", "second"),
    Wire("image", "attn", target_port="context"),
)
DESIGN = Design(
    main=Graph(
        {"image": Input("image", (8, 16))},
        {"cut": Node("cut", "Split"), "add": Node("add", "Add"), "attn": Node("attn", "MultiHeadCrossAttention")},
        {},
        WIRES,
    )
)


def bound(id: str) -> list[tuple[str, list[Wire]]]:
    ports = input_ports(DESIGN, CATALOG, "", id)
    return [(port.name, wires) for port, wires in bound_wires(DESIGN.main, id, ports)]


def test_a_variadic_port_has_its_wires_in_order() -> None:
    assert bound("add") == [("inputs", list(WIRES[1:4]))]


def test_a_wire_without_a_port_name_goes_to_the_first_port() -> None:
    assert bound("cut") == [("x", [WIRES[0]])]
    assert bound("attn") == [("x", []), ("context", [WIRES[4]]), ("mask", []), ("bias", [])]


@pytest.mark.parametrize(
    ("wire", "key"),
    [
        (Wire("cut", "add", "first"), ("cut", "")),
        (Wire("cut", "add"), ("cut", "")),
        (Wire("cut", "add", "second"), ("cut", "second")),
        (Wire("image", "add", "anything"), ("image", "")),
    ],
)
def test_the_first_port_has_one_key_however_a_wire_names_it(wire: Wire, key: tuple[str, str]) -> None:
    assert source_key(DESIGN, CATALOG, "", wire) == key
    assert output_keys("cut", ["first", "second"]) == [("cut", ""), ("cut", "second")]
