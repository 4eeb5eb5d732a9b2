"""Space for new cards, made by real gestures: no card covers another, in one step of the history."""

from itertools import combinations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from composer.core import edits
from composer.core.facts import Repair
from composer.core.files.templates import template
from composer.core.graph import Node, Wire
from composer.core.repairs import call
from composer.gui.canvas import CanvasView
from composer.gui.canvas.items.wire_labels import NAMES_GAP
from composer.gui.session.session import Session


def covered(canvas: CanvasView) -> list[tuple[str, str]]:
    bodies = {id: node.scene_body() for id, node in canvas.scene.nodes.items()}
    return [(one, other) for one, other in combinations(bodies, 2) if bodies[one].intersects(bodies[other])]


def steps(session: Session) -> int:
    return session.document.undo_stack.index()


@pytest.fixture(autouse=True)
def apart(session: Session, canvas: CanvasView) -> None:
    assert covered(canvas) == []


def drop(session, canvas, hand):
    hand.drop("SqueezeExcite", canvas.scene.wires[Wire("conv", "norm")].middle)


def drag(session, canvas, hand):
    hand.drag("loose", canvas.scene.wires[Wire("conv", "norm")].middle)


def selected_wire(session, canvas, hand):
    session.document.select((), (Wire("conv", "norm"),))
    canvas.quick_add()
    assert all(choice.takes and choice.gives for choice in canvas.list.shown)
    canvas.list.picked.emit("SqueezeExcite")


def repair(session, canvas, hand):
    graph = session.document.graph
    (x, y), (right, _) = graph.nodes["conv"].position, graph.nodes["norm"].position
    node = Node("gate", "SqueezeExcite", position=((x + right) / 2, y))
    assert session.repair(Repair("Insert", (call(edits.insert_on_wire, wire=Wire("conv", "norm"), node=node),)), "")


@pytest.mark.parametrize("splice", [drop, drag, selected_wire, repair])
def test_a_block_inserted_on_a_wire_pushes_what_it_feeds(session, canvas, hand, splice):
    before, positions, design = (
        steps(session),
        {id: session.document.graph.item(id).position for id in session.document.graph.ids()},
        session.document.design,
    )
    splice(session, canvas, hand)
    (new,) = (wire.target for wire in session.document.graph.wires if wire.source == "conv" and wire.target != "add")
    assert Wire(new, "norm") in session.document.graph.wires
    assert covered(canvas) == []
    assert steps(session) == before + 1
    for id in ("image", "conv", "stage"):
        assert session.document.graph.item(id).position == positions[id]
    assert session.document.graph.nodes["norm"].position[0] > positions["norm"][0]
    session.document.undo()
    assert session.document.design is design


@pytest.mark.parametrize("selected", [("norm",), ("conv", "norm", "add"), ("image",)])
def test_copies_cover_nothing_and_move_nothing(session, canvas, selected):
    before = session.document.graph
    session.document.select(selected)
    for _ in range(3):
        session.document.select(selected)
        session.document.duplicate()
    session.document.copy()
    session.document.paste()
    session.document.paste(QPointF(420, 0))
    assert len(canvas.scene.nodes) == len(list(before.ids())) + 5 * len(selected)
    assert covered(canvas) == []
    assert all(session.document.graph.item(id) == before.item(id) for id in before.ids())


def test_a_copy_out_of_view_is_brought_into_view(session, canvas):
    canvas.view.show_at(1.0, QPointF(420, -360))
    session.document.select(("norm",))
    session.document.duplicate()
    assert canvas.view.visible_rect().contains(canvas.scene.nodes[session.document.selection[0]].scene_body())


def test_a_block_added_at_the_center_covers_nothing(session, canvas):
    canvas.view.show_at(1.0, QPointF(420, 0))
    for _ in range(3):
        session.document.add_at_view_center("MBConv")
    assert covered(canvas) == []


def test_an_unpacked_sub_graph_covers_nothing(session, canvas):
    for wire in (Wire("conv", "norm"), Wire("add", "pool")):
        session.document.insert_on_wire(wire, "graph:stage", canvas.scene.wires[wire].middle)
        assert covered(canvas) == []
        before = steps(session)
        canvas.actions.run("ungroup")
        assert covered(canvas) == [] and steps(session) == before + 1
        session.document.undo()
        session.document.select(("stage_2",))
        canvas.actions.run("ungroup")


def test_top_down_wires_push_down(session, canvas, hand):
    canvas.layout("down")
    canvas.view.show_at(1.0, QPointF(100, 200))
    before = session.document.graph
    hand.drop(
        "SqueezeExcite", canvas.scene.wires[Wire("conv", "norm")].path.pointAtPercent(0.9)
    )  # the skip is further away there
    assert covered(canvas) == []
    for id in before.ids():
        (x, y), (u, v) = before.item(id).position, session.document.graph.item(id).position
        assert u == x and v >= y
    assert session.document.graph.nodes["norm"].position[1] > before.nodes["norm"].position[1]


def test_cards_that_make_space_glide(session, canvas, hand, qtbot):
    canvas.set_animated(True)
    first = canvas.scene.nodes["norm"].pos()
    drop(session, canvas, hand)
    assert session.document.graph.nodes["norm"].position[0] > first.x()
    assert canvas.scene.nodes["norm"].pos().x() < session.document.graph.nodes["norm"].position[0]
    qtbot.waitUntil(lambda: canvas.scene.nodes["norm"].pos().toTuple() == session.document.graph.nodes["norm"].position)
    QApplication.processEvents()


def test_a_refused_splice_lets_nothing_glide_later(session, canvas, hand):
    canvas.set_animated(True)
    before = session.document.design
    assert not session.document.insert_on_wire(Wire("conv", "norm"), session.document.graph.nodes["conv"])
    assert session.document.design is before
    hand.drag("loose", (420, 300))
    assert canvas.scene.nodes["loose"].pos() == QPointF(420, 300)


def test_port_names_keep_their_space(session, canvas):
    """Of a card with several inputs: when all is arranged, and when a block is put on one of its wires."""
    session.open_template(template("hybrid_dendritic"))
    wire, classify = Wire("last_norm", "classify"), canvas.scene.nodes["classify"]
    needed = classify.labels_width(False) + NAMES_GAP
    canvas.layout("right")
    assert classify.scene_body().left() - canvas.scene.nodes["last_norm"].scene_body().right() >= needed
    session.document.insert_on_wire(wire, "Identity", canvas.scene.wires[wire].middle)
    assert classify.scene_body().left() - canvas.scene.nodes["identity"].scene_body().right() >= needed
