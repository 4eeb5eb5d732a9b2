"""Exposed parameters: renamed everywhere, taken back with their default, traced to what they stand for."""

import pytest

from composer.core.errors import DesignError
from composer.core.exposed import exposing, rename_exposed, unexpose
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Wire


def design(**params: object) -> Design:
    """A sub-graph that exposes `ratio`, used twice; one use sets it."""
    nodes = {
        "mb": Node("mb", "MBConv", {"expand_ratio": "=ratio", "out_channels": "=ratio * 8"}),
        "many": Node("many", "MBConv", {"drop_path": Each(("=ratio", 0.0)), **params}, repeat="=ratio"),
        "plain": Node("plain", "MBConv", {"act": "=x +"}),
    }
    stage = Graph(
        {"x": Input("x")}, nodes, {"y": Output("y")}, (Wire("x", "mb"), Wire("mb", "y")), {"ratio": 4, "other": 1}
    )
    main = Graph(nodes={"one": Node("one", "graph:stage", {"ratio": 6, "other": 2}), "two": Node("two", "graph:stage")})
    return Design("d", main, {"stage": stage}, {"width": 2})


def test_a_new_name_goes_everywhere() -> None:
    renamed = rename_exposed(design(), "ratio", "growth", graph="stage")
    inner = renamed.graphs["stage"]
    assert list(inner.params.items()) == [("growth", 4), ("other", 1)]
    assert inner.nodes["mb"].params["expand_ratio"] == "=growth"
    assert inner.nodes["mb"].params["out_channels"] == "=growth * 8"
    assert inner.nodes["many"].params["drop_path"] == Each(("=growth", 0.0))
    assert inner.nodes["many"].repeat == "=growth"
    assert dict(renamed.main.nodes["one"].params) == {"growth": 6, "other": 2}
    assert inner.nodes["plain"].params["act"] == "=x +"


@pytest.mark.parametrize("name", ["other", "width", "for", "2x", ""])
def test_a_name_that_is_taken_or_illegal_is_refused(name: str) -> None:
    with pytest.raises(DesignError):
        rename_exposed(design(), "ratio", name, graph="stage")


def test_the_same_name_changes_nothing() -> None:
    before = design()
    assert rename_exposed(before, "ratio", "ratio", graph="stage") is before
    assert unexpose(before, "nothing", graph="stage") is before


def test_taken_back_the_default_stands_inside() -> None:
    result = unexpose(design(), "ratio", graph="stage")
    inner = result.graphs["stage"]
    assert dict(inner.params) == {"other": 1}
    assert inner.nodes["mb"].params["expand_ratio"] == 4
    assert inner.nodes["mb"].params["out_channels"] == "=4 * 8"
    assert inner.nodes["many"].repeat == 4
    assert dict(result.main.nodes["one"].params) == {"other": 2}
    assert dict(result.main.nodes["two"].params) == {}


def test_values_by_round_cannot_stand_in_arithmetic() -> None:
    from composer.core.subgraphs import set_exposed

    result = set_exposed(design(), {"ratio": Each((1, 2))}, graph="stage")
    with pytest.raises(DesignError, match="one value first"):
        unexpose(result, "ratio", graph="stage")


def test_what_it_stands_for() -> None:
    graph = design().graphs["stage"]
    origin = exposing(graph, "ratio")
    assert origin is not None
    assert (origin[0].id, origin[1]) == ("mb", "expand_ratio")
    assert exposing(graph, "other") is None
