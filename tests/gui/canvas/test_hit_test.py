"""What is under the pointer: the nearest of several, and nothing beyond the reach."""

import pytest
from PySide6.QtCore import QPointF

from composer.core import edits
from composer.core.bends import set_bends
from composer.core.frames import add_frame
from composer.core.graph import Wire
from composer.gui.canvas import CanvasView
from composer.gui.canvas.hit_test import bend_at, frame_at, node_at, port_at, wire_at
from composer.gui.session.session import Session


def test_a_node_is_hit_on_its_body_only(canvas: CanvasView) -> None:
    body = canvas.scene.nodes["norm"].scene_body()
    for point in (body.center(), body.topLeft() + QPointF(1, 1)):
        node = node_at(canvas.scene, point)
        assert node is not None and node.id == "norm"
    assert node_at(canvas.scene, body.topLeft() - QPointF(2, 2)) is None


def test_the_nearest_port_within_reach_is_hit(canvas: CanvasView) -> None:
    node = canvas.scene.nodes["dendrites"]
    first, second = (node.port_position(False, index) for index in (0, 1))
    for share, index in ((0.25, 0), (0.75, 1)):
        hit = port_at(canvas.scene, first + (second - first) * share, reach=100.0)
        assert hit is not None and (hit[0].id, *hit[1:]) == ("dendrites", False, index)
    assert port_at(canvas.scene, first - QPointF(9, 0), reach=8.0) is None


def test_the_nearest_of_two_wires_is_hit(session: Session, canvas: CanvasView) -> None:
    session.document.edit("Move", edits.move, {"conv": (200, 0), "norm": (420, 0), "add": (640, 160)})
    wires = canvas.scene.wires
    for wire in (Wire("conv", "norm"), Wire("conv", "add")):
        point = wires[wire].path.pointAtPercent(0.8)
        hit = wire_at(canvas.scene, point, reach=40.0)
        assert hit is not None and hit.wire == wire


@pytest.mark.parametrize(("away", "index"), [(0.0, 0), (4.0, 0), (7.0, None)])
def test_a_bend_is_hit_within_reach(session: Session, canvas: CanvasView, away: float, index: int | None) -> None:
    session.document.edit("Bend", set_bends, Wire("pool", "dendrites"), ((872.0, 120.0),))
    hit = bend_at(canvas.scene, QPointF(872 + away, 120), reach=6.0)
    assert (None if hit is None else hit[1]) == index


def test_a_frame_is_hit_on_its_title_only(session: Session, canvas: CanvasView) -> None:
    session.document.edit("Frame", add_frame, "Group", (300.0, 400.0, 200.0, 160.0), ("loose",))
    frame = frame_at(canvas.scene, QPointF(320, 410))
    assert frame is not None and frame.frame.title == "Group"
    assert frame_at(canvas.scene, QPointF(320, 500)) is None
