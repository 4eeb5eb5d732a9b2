"""Diffs: they name everything that differs, so that taking only that from the target gives the target."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from composer.core import edits
from composer.core.diff import Diff, diff
from composer.core.files.design_json import from_json, to_json
from composer.core.graph import Design, Frame, Graph, Input, Node, Output, Training, Wire, frozen
from tests.strategies import designs, examples, histories


def patched(design: Design, change: Diff) -> Design:
    """Return a design with everything that a diff names taken from the diff's target: equal to it if the diff is
    complete.
    """
    for name, part in change.graphs.items():
        if name and name not in change.after.graphs:
            design = replace(design, graphs=frozen({key: graph for key, graph in design.graphs.items() if key != name}))
            continue
        old = design.main if not name else design.graphs.get(name, Graph())
        new = change.after.graph(name)
        touched = {*part.added, *part.changed, *part.moved}

        def merged(
            before: Mapping[str, Any], after: Mapping[str, Any], touched: set[str] = touched
        ) -> Mapping[str, Any]:
            return frozen({id: after[id] if id in touched or id not in before else before[id] for id in after})

        design = design.with_graph(
            name,
            Graph(
                inputs=merged(old.inputs, new.inputs),
                nodes=merged(old.nodes, new.nodes),
                outputs=merged(old.outputs, new.outputs),
                wires=new.wires if part.wires_added or part.wires_removed or part.other or part.bent else old.wires,
                params=new.params if part.other else old.params,
                frames=new.frames if part.framed else old.frames,
            ),
        )
    ordered = {name: design.graphs[name] for name in change.after.graphs}
    return replace(design, graphs=frozen(ordered), **{name: getattr(change.after, name) for name in change.fields})


def order(design: Design) -> list[list[str]]:
    return [list(graph.ids()) for _, graph in design.all_graphs()]


@examples(60)
@given(histories(), st.data())
def test_applied_gives_the_target(history: list[Design], data: st.DataObject) -> None:
    before, after = data.draw(st.sampled_from(history)), data.draw(st.sampled_from(history))
    result = patched(before, diff(before, after))
    assert result == after
    assert order(result) == order(after), "order is part of a document"


@examples(40)
@given(designs(), designs())
def test_applied_gives_the_target_of_unrelated_designs(before: Design, after: Design) -> None:
    result = patched(before, diff(before, after))
    assert result == after and order(result) == order(after)


@examples(40)
@given(designs())
def test_equal_designs_have_an_empty_diff(design: Design) -> None:
    assert diff(design, design).empty
    copy = from_json(to_json(design))
    assert copy is not design and diff(design, copy).empty
    assert patched(design, diff(design, copy)) == design


def base() -> Design:
    return Design(
        main=Graph(
            {"image": Input("image", (3,))},
            {"a": Node("a", "Linear")},
            {"out": Output("out")},
            (Wire("image", "a"), Wire("a", "out")),
        )
    )


def test_a_move_is_not_structural() -> None:
    change = diff(base(), edits.move(base(), {"a": (5.0, 6.0)}))
    assert change.graphs[""].moved == ("a",) and not change.structural and not change.empty


def test_a_frame_is_a_change_and_not_structural() -> None:
    framed = edits.set_frames(base(), [Frame("frame", "Head", (0.0, 0.0, 100.0, 50.0), ())])
    change = diff(base(), framed)
    assert change.graphs[""].framed
    assert not change.structural
    assert not change.empty
    assert patched(base(), change) == framed


def test_kinds_of_change() -> None:
    design = edits.set_params(base(), "a", {"bias": False})
    assert diff(base(), design).graphs[""].changed == ("a",)
    design = edits.add(base(), Node("b", "Linear"))
    assert diff(base(), design).graphs[""].added == ("b",)
    change = diff(base(), edits.remove(base(), ["a"]))
    assert change.graphs[""].removed == ("a",) and len(change.graphs[""].wires_removed) == 2 and change.structural


def test_training_is_a_field_and_not_structural() -> None:
    change = diff(base(), edits.set_training(base(), Training(epochs=1)))
    assert change.fields == ("training",) and not change.structural


def test_variables_are_structural() -> None:
    assert diff(base(), edits.set_variable(base(), "width", 3)).structural


def test_the_order_of_wires_into_a_port_is_a_change() -> None:
    wires = (Wire("a", "b"), Wire("c", "b"))
    nodes = {id: Node(id, "Concat") for id in "abc"}
    one, two = Design(main=Graph(nodes=nodes, wires=wires)), Design(main=Graph(nodes=nodes, wires=wires[::-1]))
    assert diff(one, two).structural
    assert patched(one, diff(one, two)).main.wires == wires[::-1]


def test_an_item_of_another_kind_under_the_same_id() -> None:
    one = Design(main=Graph(nodes={"a": Node("a", "Linear")}))
    two = Design(main=Graph(outputs={"a": Output("a")}))
    result = patched(one, diff(one, two))
    assert result == two


def test_untouched_items_stay_the_same_objects() -> None:
    before = base()
    after = edits.set_params(before, "a", {"bias": False})
    assert patched(before, diff(before, after)).main.inputs["image"] is before.main.inputs["image"]
