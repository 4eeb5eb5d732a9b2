"""Diffs: what they say is all that differs, and carrying them out gives the target."""

from hypothesis import given
from hypothesis import strategies as st

from composer.core import edits
from composer.core.diff import apply_diff, diff
from composer.core.files.design_json import from_json, to_json
from composer.core.graph import Design, Frame, Graph, Input, Node, Output, Training, Wire
from tests.strategies import designs, examples, histories


def order(design: Design) -> list[list[str]]:
    return [list(graph.ids()) for _, graph in design.all_graphs()]


@examples(60)
@given(histories(), st.data())
def test_applied_gives_the_target(history: list[Design], data: st.DataObject) -> None:
    before, after = data.draw(st.sampled_from(history)), data.draw(st.sampled_from(history))
    found = apply_diff(before, diff(before, after))
    assert found == after
    assert order(found) == order(after), "order is part of a document"


@examples(40)
@given(designs(), designs())
def test_applied_gives_the_target_of_unrelated_designs(before: Design, after: Design) -> None:
    found = apply_diff(before, diff(before, after))
    assert found == after and order(found) == order(after)


@examples(40)
@given(designs())
def test_equal_designs_have_an_empty_diff(design: Design) -> None:
    assert diff(design, design).empty
    copy = from_json(to_json(design))
    assert copy is not design and diff(design, copy).empty
    assert apply_diff(design, diff(design, copy)) == design


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
    assert apply_diff(base(), change) == framed


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
    assert apply_diff(one, diff(one, two)).main.wires == wires[::-1]


def test_an_item_of_another_kind_under_the_same_id() -> None:
    one = Design(main=Graph(nodes={"a": Node("a", "Linear")}))
    two = Design(main=Graph(outputs={"a": Output("a")}))
    found = apply_diff(one, diff(one, two))
    assert found == two


def test_untouched_items_stay_the_same_objects() -> None:
    before = base()
    after = edits.set_params(before, "a", {"bias": False})
    assert apply_diff(before, diff(before, after)).main.inputs["image"] is before.main.inputs["image"]
