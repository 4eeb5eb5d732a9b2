"""Copying between designs: a pasted node means what it meant where it was copied."""

from collections.abc import Mapping

from hypothesis import event, given
from hypothesis import strategies as st

from composer.core import edits
from composer.core.clip import adapt, take
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Ramp, Scalar, Value, Wire
from tests.strategies import examples

NAMES = ("dim", "dim_2", "heads", "depth")
GRAPHS = ("stage", "stage_2", "body")


def meaning(design: Design, node: Node, scope: Mapping[str, Scalar]) -> object:
    """Everything that a node stands for: its resolved parameters, and for an instance all that is inside."""

    def resolved(value: Value) -> object:
        try:
            return resolve(value, scope), resolve(value, scope, 1, 3)
        except UserError:
            return "an error"

    params = {name: resolved(value) for name, value in node.params.items()}
    if node.subgraph is None:
        return node.block, params, resolved(node.repeat)
    graph = design.graphs[node.subgraph]
    inner: dict[str, Scalar] = {}
    for name, default in graph.params.items():
        try:
            inner[name] = resolve(node.params.get(name, default), scope)  # type: ignore[assignment]
        except UserError:
            inner[name] = "an error"
    inside = {**resolve_variables(design.variables), **inner}
    wires = {str(wire) for wire in graph.wires}
    return resolved(node.repeat), {id: meaning(design, item, inside) for id, item in graph.nodes.items()}, wires


def paste(
    source: Design, ids: list[str], target: Design, *, graph: str = "", into: str = "", path: tuple[str, ...] = ()
):
    """Return the design after the paste, the new id of each item, and the notes."""
    clip = take(source, ids, graph=graph, instance_path=path)
    design, items, notes = adapt(target, clip, graph=into)
    design, new_ids = edits.paste(design, items, graph=into)
    return design, new_ids, notes


def stage(channels: Value, **params: Value) -> Graph:
    nodes = {"conv": Node("conv", "Conv2d", {"out_channels": channels})}
    return Graph({"x": Input("x")}, nodes, {"y": Output("y")}, (Wire("x", "conv"), Wire("conv", "y")), params)


def using(graph: Graph, name: str = "stage", **variables: Scalar) -> Design:
    return Design(main=Graph(nodes={"s": Node("s", f"graph:{name}")}), graphs={name: graph}, variables=variables)


def test_another_sub_graph_of_the_name_comes_along_under_a_free_name() -> None:
    design, ids, notes = paste(using(stage(64)), ["s"], using(stage(2)))
    assert design.main.nodes[ids["s"]].block == "graph:stage_2"
    assert design.graphs["stage_2"].nodes["conv"].params["out_channels"] == 64
    assert design.graphs["stage"].nodes["conv"].params["out_channels"] == 2
    assert notes == ["stage is another sub-graph here, so the copies use stage_2"]
    again, ids, notes = paste(using(stage(64)), ["s"], design)  # now there is an equal one
    assert again.main.nodes[ids["s"]].block == "graph:stage_2"
    assert again.graphs == design.graphs
    assert notes == []


def test_an_equal_sub_graph_is_reused_wherever_its_nodes_are_drawn() -> None:
    moved = edits.move(using(stage(64)), {"conv": (700.0, 3.0)}, graph="stage")
    design, ids, notes = paste(using(stage(64)), ["s"], moved)
    assert design.main.nodes[ids["s"]].block == "graph:stage"
    assert (design.graphs, notes) == (moved.graphs, [])


def test_a_variable_with_another_value_comes_along_under_a_free_name() -> None:
    def conv(dim: int) -> Design:
        return Design(
            main=Graph(nodes={"conv": Node("conv", "Conv2d", {"out_channels": "=dim"})}), variables={"dim": dim}
        )

    design, ids, notes = paste(conv(64), ["conv"], conv(8))
    assert design.main.nodes[ids["conv"]].params["out_channels"] == "=dim_2"
    assert dict(design.variables) == {"dim": 8, "dim_2": 64}
    assert notes == ["dim is 8 here, so the copies use dim_2 = 64"]
    again, ids, notes = paste(conv(64), ["conv"], design)
    assert (again.main.nodes[ids["conv"]].params["out_channels"], notes) == ("=dim_2", [])
    same, ids, notes = paste(conv(8), ["conv"], design)
    assert (same.main.nodes[ids["conv"]].params["out_channels"], notes) == ("=dim", [])
    new, ids, notes = paste(conv(64), ["conv"], Design())
    assert (dict(new.variables), notes) == ({"dim": 64}, [])


def test_an_exposed_parameter_stays_in_its_graph_and_has_the_value_of_its_instance_elsewhere() -> None:
    source = using(stage("=heads", heads=4))
    source = edits.set_params(source, "s", {"heads": 16})
    same, ids, _ = paste(source, ["conv"], source, graph="stage", into="stage", path=("s",))
    assert same.graphs["stage"].nodes[ids["conv"]].params["out_channels"] == "=heads"
    assert dict(same.variables) == {}
    main, ids, _ = paste(source, ["conv"], source, graph="stage", path=("s",))
    assert main.main.nodes[ids["conv"]].params["out_channels"] == "=heads"
    assert dict(main.variables) == {"heads": 16}
    other = using(stage("=heads", heads=2), heads=9)
    inside, ids, _ = paste(source, ["conv"], other, graph="stage", into="stage", path=("s",))
    value = inside.graphs["stage"].nodes[ids["conv"]].params["out_channels"]
    assert inside.variables[str(value).removeprefix("=")] == 16


def test_a_parameter_of_a_sub_graph_hides_a_variable_of_its_name() -> None:
    source = using(stage("=dim", dim=5), dim=64)
    source = edits.add(source, Node("conv", "Conv2d", {"out_channels": "=dim"}))
    design, _, _ = paste(source, ["s", "conv"], Design(variables={"dim": 8}))
    assert design.main.nodes["conv"].params["out_channels"] == "=dim_2"  # the variable
    assert design.graphs["stage"].nodes["conv"].params["out_channels"] == "=dim"  # the parameter, 5


def test_an_undefined_name_of_the_target_gets_no_meaning_by_a_paste() -> None:
    target = Design(main=Graph(nodes={"broken": Node("broken", "Conv2d", {"out_channels": "=dim"})}))
    source = Design(main=Graph(nodes={"conv": Node("conv", "Conv2d", {"out_channels": "=dim"})}), variables={"dim": 64})
    design, ids, _ = paste(source, ["conv"], target)
    assert "dim" not in design.variables
    assert design.variables[str(design.main.nodes[ids["conv"]].params["out_channels"])[1:]] == 64


values = st.one_of(
    st.integers(1, 9),
    st.sampled_from([f"={name}" for name in NAMES] + ["=dim * 2", "=dim_2 + heads", "=max(depth, 3)"]),
    st.sampled_from((("=dim", 3), Each((1, "=heads")), Ramp("=depth", 9), "a text", None)),
)


@st.composite
def graphs(draw: st.DrawFn, inner: tuple[str, ...]) -> Graph:
    blocks = ["Conv2d", "Linear", *(f"graph:{name}" for name in inner)]
    params = st.dictionaries(st.sampled_from((*NAMES, "out_channels")), values, max_size=3)
    ids = draw(st.lists(st.sampled_from(("a", "b", "c")), min_size=1, unique=True))
    repeats = st.sampled_from((1, 2, "=depth"))
    return Graph(
        nodes={id: Node(id, draw(st.sampled_from(blocks)), draw(params), repeat=draw(repeats)) for id in ids},
        params=draw(st.dictionaries(st.sampled_from(NAMES), st.one_of(st.integers(1, 9), values), max_size=2)),
    )


@st.composite
def documents(draw: st.DrawFn) -> Design:
    """Designs whose few names clash with those of others."""
    subs: dict[str, Graph] = {}
    for name in draw(st.lists(st.sampled_from(GRAPHS), max_size=3, unique=True)):
        subs[name] = draw(graphs(tuple(subs)))
    variables = {
        "dim": draw(st.integers(1, 3)),
        "dim_2": draw(st.one_of(st.integers(1, 3), st.just("=dim * 2"))),
        "heads": draw(st.one_of(st.integers(1, 3), st.just("=dim + 1"), st.just("=dim_2"))),
        "depth": draw(st.integers(1, 3)),
    }
    kept = draw(st.sampled_from((("dim", "dim_2", "heads", "depth"), ("dim", "dim_2", "depth"), ("dim",), ())))
    main = draw(graphs(tuple(subs)))
    return Design(
        main=Graph(nodes=main.nodes),
        graphs=subs,
        variables={name: value for name, value in variables.items() if name in kept and _closed(value, kept)},
    )


def _closed(value: Scalar, kept: tuple[str, ...]) -> bool:
    return not isinstance(value, str) or value.strip("=").split()[0] in kept


@examples(300)
@given(documents(), documents(), st.data())
def test_pasted_nodes_mean_what_they_meant_and_the_rest_stays_as_it_was(
    source: Design, target: Design, data: st.DataObject
) -> None:
    ids = data.draw(st.lists(st.sampled_from(list(source.main.nodes)), min_size=1, unique=True))
    complete = {*NAMES} == set(source.variables)
    into = data.draw(st.sampled_from(["", *target.graphs]))
    before = resolve_variables(source.variables)
    old = {name: dict(graph.nodes) for name, graph in target.all_graphs()}
    try:
        design, new_ids, _ = paste(source, ids, target, into=into)
    except UserError:  # an equal sub-graph would be put inside itself
        event("refused")
        return
    after = resolve_variables(design.variables)
    exposed = {name: f"the parameter {name}" for name in target.graph(into).params}
    if complete:  # an undefined name of the source is whatever it is in the target
        for id in ids:
            was = meaning(source, source.main.nodes[id], before)
            assert meaning(design, design.graph(into).nodes[new_ids[id]], {**after, **exposed}) == was
    for name, nodes in old.items():
        own = dict.fromkeys(target.graph(name).params, 1)
        scope = {**resolve_variables(target.variables), **own}
        for id, node in nodes.items():
            now = meaning(design, design.graph(name).nodes[id], {**after, **own})
            if not into or node.subgraph is None:
                assert now == meaning(target, node, scope)
