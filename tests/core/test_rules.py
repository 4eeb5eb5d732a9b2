"""Structural rules: one sentence for each thing that is wrong, at the item it concerns."""

from dataclasses import replace

import pytest
from hypothesis import given

from composer.core.blocks.catalog import read_catalog
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.core.rules import check
from tests.strategies import designs, examples, networks

CATALOG = read_catalog()


def design(nodes: dict[str, Node] | None = None, wires: tuple[Wire, ...] | None = None, **more: object) -> Design:
    nodes = {"a": Node("a", "Conv2d"), "b": Node("b", "Conv2d")} if nodes is None else nodes
    wires = (Wire("image", "a"), Wire("a", "b"), Wire("b", "out")) if wires is None else wires
    return Design(main=Graph({"image": Input("image", (3, 8, 8))}, nodes, {"out": Output("out")}, wires), **more)  # type: ignore[arg-type]


def problems(of: Design) -> list[tuple[str | None, str, str, str]]:
    return [(problem.node, problem.graph, problem.level, problem.message) for problem in check(of, CATALOG)]


def test_nothing_is_wrong() -> None:
    assert problems(design()) == []


@pytest.mark.parametrize(
    ("made", "node", "words"),
    [
        (Design(), None, "no input"),
        (Design(), None, "no output"),
        (design(variables={"a": "=a"}), None, "cycle: a -> a"),
        (design(nodes={"a": Node("a", "Convv2d")}, wires=()), "a", "block 'Convv2d' is unknown"),
        (
            design(nodes={"a": Node("a", "graph:stage")}, wires=()),
            "a",
            "sub-graph 'stage' does not exist; the design has: none",
        ),
        (design(nodes={"self": Node("self", "Conv2d")}, wires=()), "self", "name 'self' is used by Python"),
        (design(wires=(Wire("image", "b"), Wire("b", "out"))), "a", "input is not wired"),
        (design(wires=(Wire("image", "a"), Wire("a", "b"))), "out", "input is not wired"),
        (
            design(wires=(Wire("image", "a"), Wire("image", "b"), Wire("a", "b"), Wire("b", "out"))),
            "b",
            "2 wires end at port x, which takes one",
        ),
        (
            design(wires=(Wire("image", "a"), Wire("a", "b", "", "y"), Wire("b", "out"))),
            "b",
            "port 'y', which does not exist; ports: x",
        ),
        (
            design(wires=(Wire("image", "a"), Wire("a", "b", "second"), Wire("b", "out"))),
            "b",
            "starts at port 'second', which does not exist",
        ),
        (
            design(wires=(Wire("image", "a"), Wire("a", "b"), Wire("b", "a"), Wire("b", "out"))),
            "a",
            "wires form a cycle: a -> b -> a",
        ),
        (
            design(wires=(Wire("image", "a"), Wire("ghost", "b"), Wire("b", "out"))),
            "b",
            "'ghost', which does not exist",
        ),
        (
            design(nodes={"a": Node("a", "MultiHeadCrossAttention")}, wires=(Wire("image", "a"), Wire("a", "out"))),
            "a",
            "input context is not wired",
        ),
        (
            design(
                nodes={"a": Node("a", "graph:s")},
                wires=(Wire("image", "a"),),
                graphs={"s": Graph(outputs={"y": Output("y")})},
            ),
            "a",
            "'a', which has no input",
        ),
        (
            design(
                nodes={"a": Node("a", "graph:s", {"k": 1})},
                graphs={"s": Graph({"x": Input("x")}, {}, {}, (), {"width": 1})},
            ),
            "a",
            "exposes no parameter 'k'; it has: width",
        ),
    ],
)
def test_problems(made: Design, node: str | None, words: str) -> None:
    messages = problems(made)
    assert any(id == node and words in message and level == "error" for id, _, level, message in messages), messages
    assert all("\n" not in message for *_, message in messages)


def test_what_leads_nowhere_is_a_warning() -> None:
    example = design(wires=(Wire("image", "a"), Wire("image", "b"), Wire("b", "out")))
    assert [(id, level) for id, _, level, _ in problems(example)] == [("a", "warning")]
    assert example.main.live_nodes() == {"image", "b", "out"}


def test_problems_inside_a_subgraph_name_it() -> None:
    inner = Graph({"x": Input("x")}, {"c": Node("c", "Nope")}, {"y": Output("y")}, (Wire("x", "c"), Wire("c", "y")))
    example = design(
        nodes={"a": Node("a", "graph:s")}, wires=(Wire("image", "a"), Wire("a", "out")), graphs={"s": inner}
    )
    assert [(id, graph) for id, graph, _, _ in problems(example)] == [("c", "s")]


def test_a_subgraph_inside_itself_is_reported() -> None:
    inner = Graph({"x": Input("x")}, {"c": Node("c", "graph:s")}, {"y": Output("y")}, (Wire("x", "c"), Wire("c", "y")))
    example = design(
        nodes={"a": Node("a", "graph:s")}, wires=(Wire("image", "a"), Wire("a", "out")), graphs={"s": inner}
    )
    assert any("inside itself" in message or "contain each other" in message for *_, message in problems(example))


def test_optional_and_variadic_ports() -> None:
    nodes = {"a": Node("a", "Add"), "b": Node("b", "ArcFaceHead")}
    example = design(
        nodes=nodes, wires=(Wire("image", "a"), Wire("image", "a", "", "inputs"), Wire("a", "b"), Wire("b", "out"))
    )
    assert problems(example) == []


@examples(60)
@given(designs())
def test_any_document_can_be_checked(made: Design) -> None:
    for problem in check(made, CATALOG):
        assert problem.message and problem.level in ("error", "warning")
        assert problem.node is None or made.graph(problem.graph).item(problem.node) is not None


@examples(30)
@given(networks())
def test_networks_have_no_errors_and_every_cut_wire_is_told(made: Design) -> None:
    assert [problem for problem in check(made, CATALOG) if problem.level == "error"] == []
    cut = made.main.wires[0]
    broken = replace(made, main=replace(made.main, wires=made.main.wires[1:]))
    variadic = made.main.nodes[cut.target].block in ("Add", "Concat")
    assert variadic or any(problem.node == cut.target for problem in check(broken, CATALOG))
