"""Gestures by real mouse events: what each one does to the design, and that it does nothing before its end."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from composer.core import edits
from composer.core.graph import Wire
from composer.gui.canvas import CanvasView
from composer.gui.session.session import Session

NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


def steps(session: Session) -> int:
    return session.document.undo_stack.index()


def test_a_click_selects_and_a_click_on_the_background_deselects(session, hand):
    hand.click("conv")
    assert session.document.selection == ("conv",)
    hand.click("norm", CTRL)
    assert session.document.selection == ("conv", "norm")
    hand.click("conv", CTRL)
    assert session.document.selection == ("norm",)
    hand.click((600, 300))
    assert session.document.selection == ()


def test_shift_click_selects_up_or_downstream(session, canvas, hand):
    body = canvas.scene.nodes["norm"].scene_body()
    hand.click(QPointF(body.left() + 15, body.center().y() + 20), SHIFT)
    assert set(session.document.selection) == {"image", "conv", "norm"}
    hand.click((600, 300))
    hand.click(QPointF(body.right() - 15, body.center().y() + 20), SHIFT)
    assert set(session.document.selection) == {"norm", "add", "pool", "dendrites"}


def test_a_drag_moves_on_the_grid_in_one_step(session, hand):
    before = steps(session)
    hand.drag("loose", (500, 301))
    assert session.document.graph.nodes["loose"].position == (500, 300)
    assert steps(session) == before + 1
    session.document.undo()
    assert session.document.graph.nodes["loose"].position == (420, 240)


def test_a_drag_moves_the_whole_selection(session, hand):
    session.document.select(("loose", "stage"))
    hand.drag("loose", (420, 300))
    assert session.document.graph.nodes["loose"].position == (420, 300)
    assert session.document.graph.nodes["stage"].position == (200, 300)


def test_a_dragged_node_lines_up_with_what_it_is_wired_to(session, hand):
    hand.drag("norm", (420, 40))
    hand.drag("norm", (420, 5))
    assert session.document.graph.nodes["norm"].position == (420, 0)


def test_nothing_is_edited_before_the_release_and_escape_cancels(session, canvas, hand):
    before, design = steps(session), session.document.design
    hand.press("conv")
    for point in ((230, 40), (300, 90)):
        hand.move(point)
    assert session.document.design is design
    assert canvas.scene.nodes["conv"].pos() != QPointF(200, 0)
    hand.key(Qt.Key.Key_Escape)
    assert canvas.scene.nodes["conv"].pos() == QPointF(200, 0)
    hand.release((300, 90))
    assert (session.document.design, steps(session)) == (design, before)


def test_a_second_button_cancels_the_gesture(session, canvas, hand):
    design = session.document.design
    hand.press("conv")
    hand.move((300, 90))
    hand.press((300, 90), button=RIGHT)
    hand.release((300, 90), button=RIGHT)
    hand.release((300, 90))
    assert session.document.design is design


def test_an_undo_with_the_button_held_cancels_the_drag(session, canvas, hand):
    hand.drag("conv", (230, 40))
    hand.press("conv")
    hand.move((300, 90))
    hand.move((320, 120))
    session.document.undo()
    assert canvas.view.gesture is None
    hand.move((330, 130))
    hand.release((330, 130))
    assert session.document.graph.nodes["conv"].position == (200, 0)
    assert canvas.scene.nodes["conv"].pos() == QPointF(200, 0)


@pytest.mark.parametrize("begin", ["node", "port"])
def test_another_design_ends_a_drag(session, canvas, hand, begin):
    hand.press("conv" if begin == "node" else hand.port("conv", output=True))
    hand.move((300, 90))
    hand.move((320, 120))
    session.new()
    hand.move((330, 130))
    hand.release((330, 130))
    assert canvas.view.gesture is None
    assert not list(session.document.design.main.ids())


def test_the_view_is_panned_on_while_the_design_changes(session, canvas, hand):
    hand.press((700, 300), button=MIDDLE)
    hand.move((720, 320))
    session.document.edit("Rename", edits.rename, "conv", "stem")
    assert canvas.view.gesture is not None
    hand.release((740, 330), button=MIDDLE)


def test_an_unwired_node_dropped_on_a_wire_is_inserted(session, canvas, hand):
    before = steps(session)
    hand.drag("loose", canvas.scene.wires[Wire("image", "conv")].middle)
    assert Wire("image", "loose") in session.document.graph.wires
    assert Wire("loose", "conv") in session.document.graph.wires
    assert Wire("image", "conv") not in session.document.graph.wires
    assert steps(session) == before + 1


def test_with_alt_an_unwired_node_stays_unwired(session, canvas, hand):
    hand.press("loose")
    point = canvas.scene.wires[Wire("image", "conv")].middle
    hand.move((400, 100))
    QTest.mouseMove(hand.target, hand.at(point))
    hand.release(point, ALT)
    assert Wire("image", "conv") in session.document.graph.wires


def test_a_box_selects_adds_and_toggles(session, hand):
    hand.drag((130, 300), (520, -70))
    assert set(session.document.selection) == {"conv", "norm", "loose", "stage"}
    hand.drag((690, -70), (820, 70), SHIFT)
    assert set(session.document.selection) == {"conv", "norm", "loose", "stage", "pool"}
    hand.drag((690, -70), (820, 70), CTRL)
    assert set(session.document.selection) == {"conv", "norm", "loose", "stage"}


def test_escape_leaves_the_selection_as_it_was(session, hand):
    session.document.select(("pool",))
    hand.press((130, 300))
    hand.move((300, 100))
    hand.move((520, -70))
    hand.key(Qt.Key.Key_Escape)
    hand.release((520, -70))
    assert session.document.selection == ("pool",)


def test_a_wire_is_selected_by_a_click(session, canvas, hand):
    wire = Wire("pool", "dendrites")
    hand.click(canvas.scene.wires[wire].path.pointAtPercent(0.2))
    assert session.document.wire_selection == (wire,)
    session.document.delete_selection()
    assert wire not in session.document.graph.wires


def test_a_wire_is_drawn_from_port_to_port(session, hand):
    hand.drag(hand.port("dendrites", output=True), hand.port("logits", output=False))
    assert Wire("dendrites", "logits") in session.document.graph.wires


def test_a_wire_is_drawn_backwards_too(session, hand):
    hand.drag(hand.port("logits", output=False), hand.port("dendrites", output=True))
    assert Wire("dendrites", "logits") in session.document.graph.wires


def test_a_wire_snaps_to_ports(session, hand):
    hand.drag(hand.port("dendrites", output=True), hand.port("logits", output=False) + QPointF(-20, 12))
    assert Wire("dendrites", "logits") in session.document.graph.wires


def test_a_wire_dropped_on_a_body_takes_a_free_port_that_fits(session, canvas, hand):
    hand.drag(hand.port("pool", output=True), canvas.scene.nodes["dendrites"].pos() + QPointF(30, 0))
    assert Wire("pool", "dendrites", "", "context") in session.document.graph.wires
    assert Wire("pool", "dendrites") in session.document.graph.wires


def test_a_merge_takes_any_number_of_wires(session, hand):
    hand.drag(hand.port("stage", output=True), "add")
    assert [wire.source for wire in session.document.graph.in_wires("add")] == ["norm", "conv", "stage"]


def test_ports_that_would_close_a_cycle_are_not_offered(session, canvas, hand):
    hand.press(hand.port("norm", output=True))
    hand.move((500, 100))
    assert not canvas.scene.nodes["conv"].offered
    assert canvas.scene.nodes["add"].offered
    hand.move("conv")
    hand.release("conv")
    assert not any(wire.source == "norm" and wire.target == "conv" for wire in session.document.graph.wires)


@pytest.mark.parametrize(
    ("start", "end", "words", "away"),
    [
        (("norm", True), ("conv", False), "A wire norm -> conv would close the cycle conv -> norm", 0),
        (("norm", True), ("conv", False), "A wire norm -> conv would close the cycle conv -> norm", 9),
        (("pool", True), ("norm", False), "cycle norm -> add -> pool -> norm", 9),
        (("conv", True), ("conv", False), "A wire conv -> conv would close the cycle conv -> conv", 9),
        (("stage", True), ("loose", True), "Two outputs cannot be wired to each other", 9),
        (("loose", False), ("norm", False), "Two inputs cannot be wired to each other", 9),
    ],
)
def test_a_wire_dropped_on_a_forbidden_port_states_the_reason(session, canvas, hand, start, end, words, away):
    messages: list[str] = []
    session.message.connect(lambda text, level: messages.append(text))
    design = session.document.design
    point = hand.port(end[0], output=end[1]) + QPointF(away if end[1] else -away, 0)  # on the port, or beside the card
    hand.drag(hand.port(start[0], output=start[1]), point, through=[(600, 330)])
    assert session.document.design is design
    assert not canvas.list.isVisible()
    assert len(messages) == 1
    assert words in messages[0]


def test_moving_a_wire_to_a_forbidden_port_leaves_it_where_it_was(session, hand):
    messages: list[str] = []
    session.message.connect(lambda text, level: messages.append(text))
    design = session.document.design
    # The end at pool's input is taken: add -> pool stays, and may not end at conv, which leads to add.
    point = hand.port("conv", output=False) + QPointF(-9, 0)
    hand.drag(hand.port("pool", output=False), point, through=[(600, 330)])
    assert session.document.design is design
    assert "cycle conv -> " in messages[0]


def test_ports_of_another_layout_are_not_highlighted(canvas, hand):
    hand.press(hand.port("pool", output=True))
    hand.move((800, 100))
    assert (False, 1) in canvas.scene.nodes["dendrites"].offered
    assert not canvas.scene.nodes["loose"].offered
    hand.key(Qt.Key.Key_Escape)
    assert not canvas.scene.nodes["dendrites"].offered
    hand.release((800, 100))


def test_the_end_of_a_wire_is_moved_to_another_port(session, hand):
    before = steps(session)
    hand.drag(hand.port("dendrites", 0, output=False), hand.port("dendrites", 1, output=False), through=[(800, 90)])
    assert Wire("pool", "dendrites", "", "context") in session.document.graph.wires
    assert Wire("pool", "dendrites") not in session.document.graph.wires
    assert steps(session) == before + 1


def test_the_end_of_a_wire_dropped_on_the_background_removes_it(session, canvas, hand):
    hand.drag(hand.port("norm", output=False), (330, 130))
    assert Wire("conv", "norm") not in session.document.graph.wires
    assert not canvas.list.isVisible()


def test_taking_an_end_and_putting_it_back_changes_nothing(session, hand):
    design = session.document.design
    hand.drag(hand.port("norm", output=False), hand.port("norm", output=False), through=[(330, 130)])
    assert session.document.design is design


def test_a_wire_dropped_on_the_background_opens_the_list_and_connects_the_block(session, canvas, hand):
    before = steps(session)
    hand.drag(hand.port("dendrites", output=True), (1100, 150))
    assert canvas.list.isVisible()
    names = [choice.name for choice in canvas.list.shown]
    assert "Linear" in names
    assert "Conv2d" not in names
    QTest.keyClicks(canvas.list.field, "linear")
    QTest.keyClick(canvas.list.field, Qt.Key.Key_Return)
    assert Wire("dendrites", "linear") in session.document.graph.wires
    assert session.document.selection == ("linear",)
    assert steps(session) == before + 1
    session.document.undo()
    assert "linear" not in session.document.graph.nodes


@pytest.mark.parametrize(("keys", "button"), [(CTRL, RIGHT), (ALT, Qt.MouseButton.LeftButton)])
def test_a_stroke_cuts_the_wires_it_crosses(session, hand, keys, button):
    hand.drag((510, 100), (520, -120), keys, button)
    left = set(session.document.graph.wires)
    assert Wire("norm", "add") not in left
    assert Wire("conv", "add") not in left
    assert Wire("conv", "norm") in left


def test_a_block_is_dropped_from_the_palette(session, canvas, hand):
    hand.drop("MBConv", (801, 302))
    assert session.document.graph.nodes["mb_conv"].position == (800, 304)
    assert session.document.selection == ("mb_conv",)
    assert canvas.scene.nodes["mb_conv"].pos() == QPointF(800, 304)


def test_a_block_dropped_on_a_wire_is_inserted(session, canvas, hand):
    before = steps(session)
    hand.drop("MBConv", canvas.scene.wires[Wire("conv", "norm")].middle)
    assert {Wire("conv", "mb_conv"), Wire("mb_conv", "norm")} <= set(session.document.graph.wires)
    assert steps(session) == before + 1


def test_a_block_that_is_dragged_out_again_leaves_nothing(session, canvas, hand):
    design, items = session.document.design, len(canvas.scene.items())
    hand.drop("MBConv", (800, 300), leave=True)
    assert session.document.design is design
    assert len(canvas.scene.items()) == items


def test_the_view_is_panned_by_the_middle_button_and_by_space(canvas, hand, session):
    for keys_down, button in ((False, MIDDLE), (True, Qt.MouseButton.LeftButton)):
        before = canvas.view.visible_rect().center()
        if keys_down:
            QTest.keyPress(canvas.view, Qt.Key.Key_Space)
        start = hand.at((600, 300))
        QTest.mousePress(hand.target, button, NONE, start)
        QTest.mouseMove(hand.target, start + QPoint(60, -40))
        QTest.mouseRelease(hand.target, button, NONE, start + QPoint(60, -40))
        if keys_down:
            QTest.keyRelease(canvas.view, Qt.Key.Key_Space)
        after = canvas.view.visible_rect().center()
        assert (before - after).x() == pytest.approx(60, abs=1)
        assert (before - after).y() == pytest.approx(-40, abs=1)
    assert session.document.selection == ()


def test_the_wheel_zooms_at_the_pointer(canvas, hand):
    point = QPointF(420, 0)
    at = hand.at(point)
    for delta in (120, 120, -240, -360):
        where = QPointF(at), QPointF(hand.target.mapToGlobal(at)), QPoint(), QPoint(0, delta)
        event = QWheelEvent(*where, Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False)
        before = canvas.view.current_scale
        QApplication.sendEvent(hand.target, event)
        assert (canvas.view.current_scale > before) == (delta > 0)
        assert (hand.at(point) - at).manhattanLength() <= 2


def test_a_double_click_enters_a_sub_graph_or_opens_the_list(session, canvas, hand):
    hand.double((700, 300))
    assert canvas.list.isVisible()
    QTest.keyClick(canvas.list.field, Qt.Key.Key_Escape)
    assert not canvas.list.isVisible()
    hand.double("stage")
    assert session.document.graph_name == "stage"
    assert set(canvas.scene.nodes) == {"x", "mb", "y"}
    session.document.leave()
    assert session.document.graph_name == ""


def test_keys_of_commands_work_on_the_canvas(session, canvas: CanvasView, hand):
    hand.click("loose")
    before = steps(session)
    for _ in range(3):
        hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_Up, SHIFT)
    assert session.document.graph.nodes["loose"].position == (432, 200)
    assert steps(session) == before + 1
    hand.key(Qt.Key.Key_Escape)
    assert session.document.selection == ()
    hand.click("loose")
    hand.key(Qt.Key.Key_Delete)
    assert "loose" not in session.document.graph.nodes
    hand.click("norm")
    hand.key(Qt.Key.Key_Delete, CTRL)
    assert Wire("conv", "add") in session.document.graph.wires
    assert "norm" not in session.document.graph.nodes


def test_quick_add_opens_the_list_and_enter_adds(session, canvas, hand):
    hand.click((600, 300))
    hand.key(Qt.Key.Key_Tab)
    assert canvas.list.isVisible()
    QTest.keyClicks(canvas.list.field, "mbc")
    assert canvas.list.shown[0].name == "MBConv"
    QTest.keyClick(canvas.list.field, Qt.Key.Key_Return)
    assert "mb_conv" in session.document.graph.nodes
    assert canvas.view.hasFocus() or not canvas.isActiveWindow()


def test_a_frame_is_dragged_with_its_members(session, canvas, hand):
    session.document.select(("loose",))
    canvas.actions.run("frame_selection")
    (frame,) = session.document.graph.frames
    session.document.select(())
    hand.drag((frame.rect[0] + 20, frame.rect[1] + 10), (frame.rect[0] + 60, frame.rect[1] + 50))
    assert session.document.graph.nodes["loose"].position == (460, 280)
    assert session.document.graph.frames[0].rect[:2] == (frame.rect[0] + 40, frame.rect[1] + 40)
