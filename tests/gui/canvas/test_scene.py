"""The scene follows the design: after any edits and undos it equals a scene that is drawn from scratch."""

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QGraphicsItem

from composer.core import edits
from composer.core.facts import NodeFacts
from composer.core.graph import Frame, Node, Wire
from composer.gui.canvas import CanvasView
from composer.gui.canvas.hit_test import node_at
from composer.gui.canvas.items.overview_item import OverviewItem
from composer.gui.canvas.items.wire_item import ChipItem
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session

BLOCKS = ("Conv2d", "Add", "SqueezeExcite", "ActiveDendrites", "graph:stage", "Concat", "Linear")


def snapshot(scene: DesignScene) -> object:
    """Return all that is drawn, as plain values."""
    nodes = {
        id: (item.content, item.pos().toTuple(), item.body.getRect(), type(item).__name__)
        for id, item in scene.nodes.items()
    }
    wires = {
        wire: (item.route, item.shape_, item.kind, item.state, item.middle.toTuple())
        for wire, item in scene.wires.items()
    }
    chips = {wire: (chip.text, chip.pos().toTuple()) for wire, chip in scene.drawn.chips.items()}
    frames = {id: item.frame for id, item in scene.frames.items()}
    return nodes, wires, chips, frames, scene.extent().getRect()


def drawn_items(scene: DesignScene) -> list[QGraphicsItem]:
    drawn = scene.drawn
    return [*drawn.nodes.values(), *drawn.wires.values(), *drawn.chips.values()]


def fresh(session: Session) -> object:
    return snapshot(DesignScene(session))


def random_edit(session: Session, dice: random.Random) -> None:
    """Make an edit of any kind; the document refuses illegal ones."""
    graph = session.document.graph
    ids = list(graph.ids())
    some = dice.sample(ids, min(len(ids), dice.randint(1, 3)))
    choices: list[Callable[[], object]] = [
        lambda: session.document.add_block(
            dice.choice(BLOCKS), (dice.randrange(-800, 1600, 4), dice.randrange(-400, 400, 4))
        ),
        lambda: session.document.edit(
            "move", edits.move, {id: (dice.randrange(-800, 1600, 4), dice.randrange(-400, 400, 4)) for id in some}
        ),
        lambda: session.document.edit("remove", edits.remove, some[:1], reconnect=dice.random() < 0.5),
        lambda: session.document.edit(
            "wire", edits.connect, Wire(dice.choice(ids), dice.choice(ids)), variadic=dice.random() < 0.5
        ),
        lambda: graph.wires and session.document.edit("cut", edits.disconnect, [dice.choice(graph.wires)]),
        lambda: (
            graph.nodes
            and session.document.edit(
                "set", edits.set_params, dice.choice(list(graph.nodes)), {"stride": dice.choice([1, 2, 3])}
            )
        ),
        lambda: (
            graph.nodes
            and session.document.edit(
                "repeat", edits.update_item, dice.choice(list(graph.nodes)), repeat=dice.choice([1, 4])
            )
        ),
        lambda: (
            graph.nodes
            and session.document.edit(
                "swap", edits.update_item, dice.choice(list(graph.nodes)), block=dice.choice(BLOCKS)
            )
        ),
        lambda: session.document.rename(dice.choice(ids), f"name_{dice.randrange(1000)}"),
        lambda: session.document.edit(
            "frame", edits.set_frames, [Frame("f", "F", (0, 0, 100.0 + dice.randrange(50), 80), ())]
        ),
        lambda: session.document.select(some),
        session.document.duplicate,
        session.document.undo,
        session.document.redo,
    ]
    dice.choice(choices)()


@pytest.mark.parametrize("seed", range(6))
def test_the_scene_equals_a_new_one_after_random_edits_and_undo(
    session: Session, canvas: CanvasView, seed: int
) -> None:
    dice = random.Random(seed)
    scene = canvas.scene
    first = None
    session.document.select(())
    first = snapshot(scene)
    begun = session.document.undo_stack.index()
    for _ in range(60):
        if session.document.undo_stack.index() > begun or dice.random() < 0.9:
            random_edit(session, dice)
        if session.document.undo_stack.index() < begun:
            session.document.redo()
        assert set(scene.nodes) == set(session.document.graph.ids())
        assert set(scene.wires) == set(session.document.graph.wires)
    assert snapshot(scene) == fresh(session)
    while session.document.undo_stack.index() > begun:
        session.document.undo()
    session.document.select(())
    assert snapshot(scene) == first == fresh(session)


def test_no_item_is_left_behind(session: Session, canvas: CanvasView) -> None:
    dice = random.Random(11)
    for _ in range(80):
        random_edit(session, dice)
    scene = canvas.scene
    drawn: set[QGraphicsItem] = {*drawn_items(scene), *scene.frames.values()}
    rest = [item for item in scene.items() if item not in drawn]
    assert all(isinstance(item, OverviewItem | ChipItem) for item in rest)
    assert sum(isinstance(item, ChipItem) for item in rest) <= 1


def test_only_what_facts_name_is_touched(session: Session, canvas: CanvasView, monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[str] = []
    real = Session.facts_for
    monkeypatch.setattr(
        Session, "facts_for", lambda self, id, graph=None: requested.append(id) or real(self, id, graph)
    )
    session.facts_changed.emit(frozenset({"norm"}), 2)
    assert set(requested) == {"norm"}


def test_facts_update_shapes_costs_and_errors(session: Session, canvas: CanvasView) -> None:
    scene = canvas.scene
    assert scene.nodes["conv"].content.detail == "100 params · 1.0 k MACs"
    assert {str(wire) for wire in scene.drawn.chips} == {"image -> conv", "conv -> norm", "pool -> dendrites"}
    assert scene.wires[Wire("pool", "dendrites")].kind == "vector"
    nodes = dict(session.facts.nodes)
    nodes["norm"] = NodeFacts("", error="norm: no")
    nodes["add"] = NodeFacts("", waits_for="norm")
    from tests.gui.canvas.conftest import deliver

    deliver(session, type(session.facts)(nodes))
    assert scene.nodes["norm"].content.error == "norm: no"
    assert scene.nodes["add"].content.waiting == "norm"
    assert scene.nodes["add"].opacity() < 1
    assert scene.wires[Wire("norm", "add")].shape_ is None


def test_a_changed_sub_graph_changes_the_ports_of_its_instances(session: Session, canvas: CanvasView) -> None:
    from composer.core.graph import Output

    assert canvas.scene.nodes["stage"].content.outputs == ("y",)
    session.document.apply(edits.add(session.document.design, Output("gate"), graph="stage"), "Add gate")
    assert canvas.scene.nodes["stage"].content.outputs == ("y", "gate")
    session.document.undo()
    assert canvas.scene.nodes["stage"].content.outputs == ("y",)


def test_a_node_that_becomes_a_merge_becomes_a_circle(session: Session, canvas: CanvasView) -> None:
    session.document.edit("swap", edits.update_item, "norm", block="Multiply")
    assert canvas.scene.nodes["norm"].content.sign == "×"
    assert canvas.scene.nodes["norm"].body.width() == canvas.scene.nodes["norm"].body.height()


def test_wires_of_the_selection_stand_out(session: Session, canvas: CanvasView) -> None:
    session.document.select(("norm",))
    states = {str(wire): item.state for wire, item in canvas.scene.wires.items()}
    assert states["conv -> norm"] == states["norm -> add"] == "selected"
    assert states["pool -> dendrites"] == "faded"
    session.document.select(())
    assert {item.state for item in canvas.scene.wires.values()} == {"rest"}


def test_the_overview_paints_for_the_items(session: Session, canvas: CanvasView) -> None:
    canvas.view.show_at(0.2, QPointF(600, 100))
    scene = canvas.scene
    flag = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents
    assert all(item.flags() & flag for item in drawn_items(scene))
    session.document.edit("add", edits.add, Node("late", "Conv2d", {}, (600, 300)))
    assert scene.nodes["late"].flags() & flag
    assert node_at(scene, QPointF(600, 300)) is scene.nodes["late"]
    canvas.grab()
    canvas.view.show_at(1.0, QPointF(600, 100))
    assert not any(item.flags() & flag for item in drawn_items(scene))
