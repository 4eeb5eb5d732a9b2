"""Bends of wires: dragged, double-clicked, deleted, undone, and moved along with cards."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt

from composer.core.bends import bends_of
from composer.core.graph import Wire
from composer.gui.canvas.routing.bent_route import through_bends
from composer.gui.canvas.routing.route import RouteRequest

WIRE = Wire("pool", "dendrites")


def bends(session) -> tuple:
    return bends_of(session.document.graph, WIRE)


def middle(canvas) -> QPointF:
    return canvas.scene.wires[WIRE].path.pointAtPercent(0.3)


def test_dragging_a_wire_adds_a_bend(session, canvas, hand):
    before = session.document.undo_stack.index()
    hand.drag(middle(canvas), (871, 122))
    assert bends(session) == ((872, 120),)
    assert session.document.undo_stack.index() == before + 1
    assert canvas.scene.wires[WIRE].is_near(QPointF(872, 120), 2)
    assert session.document.wire_selection == (WIRE,) and session.document.bend == (WIRE, 0)
    session.document.undo()
    assert bends(session) == () and not canvas.scene.wires[WIRE].is_near(QPointF(872, 120), 2)
    session.document.redo()
    assert canvas.scene.wires[WIRE].is_near(QPointF(872, 120), 2)


def test_nothing_is_edited_before_the_release(session, canvas, hand):
    design, path = session.document.design, canvas.scene.wires[WIRE].path
    hand.press(middle(canvas))
    hand.move((860, 60))
    hand.move((872, 120))
    assert session.document.design is design and canvas.scene.wires[WIRE].path != path
    hand.key(Qt.Key.Key_Escape)
    hand.release((872, 120))
    assert (
        session.document.design is design
        and canvas.scene.wires[WIRE].path == path
        and not canvas.scene.wires[WIRE].bends
    )


def test_a_bend_is_dragged_and_new_ones_are_ordered_along_the_wire(session, canvas, hand):
    hand.drag(middle(canvas), (872, 120))
    hand.drag((872, 120), (840, 160))
    assert bends(session) == ((840, 160),)
    path = canvas.scene.wires[WIRE].path
    hand.drag(path.pointAtPercent(0.6), (880, 200))
    assert bends(session) == ((840, 160), (880, 200))


def test_a_double_click_bends_and_straightens(session, canvas, hand):
    point = middle(canvas)
    hand.click(point)
    hand.double(point)
    assert len(bends(session)) == 1
    assert not canvas.list.isVisible()
    (bend,) = bends(session)
    hand.click(bend)
    hand.double(bend)
    assert bends(session) == () and WIRE in session.document.graph.wires


def test_delete_removes_the_selected_bend_then_the_wire(session, canvas, hand):
    hand.drag(middle(canvas), (872, 120))
    hand.drag(canvas.scene.wires[WIRE].path.pointAtPercent(0.9), (940, 60))
    hand.click((872, 120))
    session.document.delete_selection()
    assert bends(session) == ((940, 60),)
    hand.click((940, 60))
    session.document.delete_selection()
    assert bends(session) == () and session.document.wire_selection == (WIRE,)
    session.document.delete_selection()
    assert WIRE not in session.document.graph.wires


def test_bends_move_with_both_ends(session, canvas, hand):
    hand.drag(middle(canvas), (872, 120))
    session.document.select(("pool", "dendrites"))
    hand.press("pool")
    hand.move((780, 60))
    hand.move((760, 100))
    assert canvas.scene.wires[WIRE].is_near(QPointF(872, 220), 2)
    hand.release((760, 100))
    assert bends(session) == ((872, 220),)
    assert canvas.scene.wires[WIRE].is_near(QPointF(872, 220), 2)


def test_arranging_straightens(session, canvas, hand):
    hand.drag(middle(canvas), (872, 120))
    canvas.layout("right")
    assert bends(session) == () and not canvas.scene.wires[WIRE].bends


def test_a_graph_with_bends_is_drawn_when_it_is_opened(session, canvas, hand):
    hand.drag(middle(canvas), (872, 120))
    canvas.scene.rebuild()
    assert canvas.scene.wires[WIRE].is_near(QPointF(872, 120), 2)


def test_top_down_wires_bend_too(session, canvas, hand):
    canvas.scene.set_direction("down")
    hand.drag(middle(canvas), (872, 160))
    assert canvas.scene.wires[WIRE].is_near(QPointF(*bends(session)[0]), 4)


@given(
    st.lists(st.tuples(*[st.integers(-40, 40).map(lambda step: 10.0 * step)] * 2), max_size=4),
    st.sampled_from((0.0, 14.0)),
)
def test_a_route_has_right_angles_and_passes_every_bend(line, radius):
    link = RouteRequest("a", "b", (0.0, 0.0), (300.0, 20.0), radius)
    points = through_bends(link, line).points
    assert points[0] == link.start and points[-1] == link.end
    stretches = list(pairwise(points))
    assert all((one[0] == other[0]) != (one[1] == other[1]) for one, other in stretches), points
    for x, y in line:
        assert any(min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d) for (a, b), (c, d) in stretches)


def test_one_bend_makes_an_arc():
    assert through_bends(RouteRequest("a", "b", (0, 0), (300, 0)), [(150, -80)]).points == (
        (0, 0),
        (12, 0),
        (12, -80),
        (288, -80),
        (288, 0),
        (300, 0),
    )
    assert through_bends(RouteRequest("a", "b", (0, 0), (300, 0), 14.0), [(150, -80)]).points == (
        (0, 0),
        (12, 0),
        (12, -80),
        (300, -80),
        (300, 0),
    )
    assert through_bends(RouteRequest("a", "b", (0, 0), (300, 0)), [(150, 0)]).points == ((0, 0), (300, 0))
