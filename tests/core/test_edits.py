"""Edits: pure, undoable, and refusing what is illegal with one sentence."""

from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given

from composer.core import edits, names, subgraphs
from composer.core.errors import DesignError
from composer.core.files.design_json import from_json, to_json
from composer.core.graph import Design, Each, Frame, Graph, Input, Node, Output, Wire
from tests.strategies import examples, histories


def chain() -> Design:
    nodes = {"a": Node("a", "Conv2d"), "b": Node("b", "Conv2d")}
    wires = (Wire("image", "a"), Wire("a", "b"), Wire("b", "out"))
    return Design(main=Graph({"image": Input("image", (3, 8, 8))}, nodes, {"out": Output("out")}, wires))


def with_subgraph() -> Design:
    inner = Graph({"x": Input("x"), "context": Input("context")}, {"c": Node("c", "Add")}, {"y": Output("y")})
    nodes = {"use": Node("use", "graph:stage"), "b": Node("b", "Conv2d")}
    wires = (Wire("image", "use", "", "context"), Wire("use", "b", "y"))
    return Design(main=Graph({"image": Input("image", (3,))}, nodes, {}, wires), graphs={"stage": inner})


def _sound(design: Design) -> None:
    """What every design holds, whatever was done to it."""
    uses: nx.DiGraph[str] = nx.DiGraph()
    for name, graph in design.all_graphs():
        ids = list(graph.ids())
        assert len(set(ids)) == len(ids)
        assert all(names.problem(id) is None for id in ids)
        assert all(
            key == item.id for items in (graph.inputs, graph.nodes, graph.outputs) for key, item in items.items()
        )
        assert len(set(graph.wires)) == len(graph.wires)
        for wire in graph.wires:
            assert wire.source in ids and wire.target in ids
            assert wire.source not in graph.outputs and wire.target not in graph.inputs
        graph.order()
        uses.add_edges_from((name, node.subgraph) for node in graph.nodes.values() if node.subgraph)
    assert nx.is_directed_acyclic_graph(uses)


@examples(80)
@given(histories())
def test_undo_to_the_start_gives_the_first_design(history: list[Design]) -> None:
    # What undo puts back are the very objects; that they are still what they were is the claim.
    frozen = [to_json(design) for design in history]
    for design in history:
        _sound(design)
    undone = history[-1]
    for before in reversed(history[:-1]):
        undone = before
    assert undone == history[0]
    assert [to_json(design) for design in history] == frozen


@examples(60)
@given(histories(length=3))
def test_pipe_form_is_lossless(history: list[Design]) -> None:
    import json

    for design in history:
        again = from_json(json.loads(json.dumps(to_json(design))))
        assert again == design
        assert [list(graph.ids()) for _, graph in again.all_graphs()] == [
            list(graph.ids()) for _, graph in design.all_graphs()
        ]


def test_mappings_cannot_be_changed() -> None:
    design = chain()
    with pytest.raises(TypeError):
        design.main.nodes["c"] = Node("c", "Conv2d")  # type: ignore[index]
    with pytest.raises(TypeError):
        design.main.nodes["a"].params["bias"] = False  # type: ignore[index]
    with pytest.raises(AttributeError):
        design.name = "other"  # type: ignore[misc]


def test_a_mapping_given_by_the_caller_stays_his() -> None:
    params = {"bias": False}
    node = Node("a", "Conv2d", params)
    params["bias"] = True
    assert node.params["bias"] is False


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: edits.add(d, Node("a", "Conv2d")), "name 'a' is already used"),
        (lambda d: edits.add(d, Node("self", "Conv2d")), "name 'self' is used by Python"),
        (lambda d: edits.add(d, Node("1st", "Conv2d")), "name '1st' is not a plain identifier"),
        (lambda d: edits.add(d, Node("c", "graph:nowhere")), "sub-graph 'nowhere' does not exist"),
        (lambda d: edits.add(d, Node("c", "Conv2d"), graph="nowhere"), "sub-graph 'nowhere' does not exist"),
        (lambda d: edits.connect(d, Wire("b", "a")), "wire b -> a would close a cycle"),
        (lambda d: edits.connect(d, Wire("a", "a")), "wire a -> a would close a cycle"),
        (lambda d: edits.connect(d, Wire("out", "a")), "wire out -> a runs the wrong way"),
        (lambda d: edits.connect(d, Wire("a", "image")), "wire a -> image runs the wrong way"),
        (lambda d: edits.connect(d, Wire("a", "ghost")), "'ghost' does not exist"),
        (lambda d: edits.set_params(d, "ghost", {}), "node 'ghost' does not exist"),
        (lambda d: edits.set_params(d, "image", {}), "node 'image' does not exist"),
        (lambda d: edits.reset_params(d, "ghost", ()), "node 'ghost' does not exist"),
        (lambda d: edits.update_item(d, "ghost", note=""), "'ghost' does not exist"),
        (lambda d: edits.rename(d, "a", "b"), "name 'b' is already used"),
        (lambda d: edits.rename(d, "a", "class"), "name 'class' is a Python keyword"),
        (lambda d: edits.rename(d, "ghost", "c"), "'ghost' does not exist"),
        (lambda d: edits.insert_on_wire(d, Wire("a", "out"), Node("c", "Conv2d")), "wire a -> out does not exist"),
        (lambda d: edits.insert_on_wire(d, Wire("image", "a"), Node("b", "Conv2d")), "would close a cycle"),
        (lambda d: edits.update_item(d, "a", repeat=Each((1, 2))), "expected an integer from 1 to 10000"),
        (lambda d: edits.update_item(d, "a", repeat=0), "expected an integer from 1 to 10000"),
        (lambda d: edits.set_variable(d, "a b", 1), "variable 'a b' is not a plain identifier"),
    ],
)
def test_what_is_illegal_is_refused(edit: object, message: str) -> None:
    with pytest.raises(DesignError) as caught:
        edit(chain())  # type: ignore[operator]
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_subgraph_cannot_come_inside_itself() -> None:
    design = with_subgraph().with_graph("outer", Graph(nodes={"s": Node("s", "graph:stage")}))
    for graph, block in (("stage", "graph:stage"), ("stage", "graph:outer")):
        with pytest.raises(DesignError, match="inside itself"):
            edits.add(design, Node("n", block), graph=graph)
        with pytest.raises(DesignError, match="inside itself"):
            edits.update_item(design, "c", graph=graph, block=block)


def test_a_wire_to_a_taken_port_replaces_unless_the_port_takes_many() -> None:
    design = chain()
    assert edits.connect(design, Wire("image", "b")).main.in_wires("b") == (Wire("image", "b"),)
    assert edits.connect(design, Wire("image", "b"), variadic=True).main.in_wires("b") == (
        Wire("a", "b"),
        Wire("image", "b"),
    )
    assert edits.connect(design, Wire("a", "b")) is design


def test_remove_takes_wires_and_frame_members_along() -> None:
    design = edits.set_frames(chain(), (Frame("f", "both", (0, 0, 1, 1), ("a", "b")),))
    after = edits.remove(design, ["a", "ghost"])
    assert list(after.main.nodes) == ["b"] and after.main.wires == (Wire("b", "out"),)
    assert after.main.frames[0].nodes == ("b",)


def test_remove_can_close_the_gap() -> None:
    assert edits.remove(chain(), ["a", "b"], reconnect=True).main.wires == (Wire("image", "out"),)


def test_insert_keeps_the_place_of_the_wire() -> None:
    design = edits.add(chain(), Node("join", "Add"))
    for source in ("image", "a", "b"):
        design = edits.connect(design, Wire(source, "join"), variadic=True)
    after = edits.insert_on_wire(design, Wire("a", "join"), Node("c", "Conv2d"))
    assert [wire.source for wire in after.main.in_wires("join")] == ["image", "c", "b"]


def test_rename_keeps_order_wires_and_frames() -> None:
    design = edits.set_frames(chain(), (Frame("f", "", (0, 0, 1, 1), ("a",)),))
    after = edits.rename(design, "a", "stem")
    assert list(after.main.nodes) == ["stem", "b"]
    assert after.main.wires == (Wire("image", "stem"), Wire("stem", "b"), Wire("b", "out"))
    assert after.main.frames[0].nodes == ("stem",)


def test_renaming_a_port_of_a_subgraph_reaches_its_uses() -> None:
    design = edits.rename(
        edits.rename(with_subgraph(), "context", "memory", graph="stage"), "y", "result", graph="stage"
    )
    assert design.main.wires == (Wire("image", "use", "", "memory"), Wire("use", "b", "result"))


def test_paste_gives_fresh_names_and_keeps_outer_sources() -> None:
    design = chain()
    clip = edits.excerpt(design, ["a", "b"])
    after, fresh = edits.paste(design, clip, (10.0, 20.0))
    assert fresh == {"a": "a_2", "b": "b_2"}
    assert after.main.in_wires("a_2") == (Wire("image", "a_2"),)
    assert after.main.in_wires("b_2") == (Wire("a_2", "b_2"),)
    assert after.main.nodes["a_2"].position == (10.0, 20.0)


def test_paste_into_another_graph_does_not_wire_from_its_outputs() -> None:
    design = chain().with_graph("stage", Graph(outputs={"image": Output("image")}))
    after, fresh = edits.paste(design, edits.excerpt(design, ["a"]), graph="stage")
    assert after.graphs["stage"].in_wires(fresh["a"]) == ()


def test_a_subgraph_made_and_unpacked_is_the_same_network() -> None:
    result, use = subgraphs.make(chain(), ["a", "b"], "Body")
    assert use == "body" and result.main.wires == (Wire("image", "body"), Wire("body", "out"))
    unpacked, ids = subgraphs.unpack(result, use)
    assert ids == ["a", "b"]
    assert set(unpacked.main.wires) == set(chain().main.wires)


def test_a_graph_is_told_of_its_wires_only_by_one_with_the_same() -> None:
    one = chain().main
    order, cycle = one.order(), one.cycle
    same = replace(one).share_caches_with(one)
    assert same.__dict__["_order"] is order and same.cycle is cycle
    other = replace(one, wires=one.wires[:-1]).share_caches_with(one)
    fewer = replace(one, outputs={}).share_caches_with(one)
    assert "_order" not in other.__dict__ and "_order" not in fewer.__dict__


def test_an_edit_of_a_parameter_orders_nothing_anew() -> None:
    design = chain()
    order = design.main.order()
    id = next(iter(design.main.nodes))
    assert edits.update_item(design, id, note="seen").main.__dict__["_order"] is order
    assert "_order" not in edits.remove(design, [id]).main.__dict__
