"""The heat map follows the cost lens and the facts."""

from collections.abc import Mapping

import pytest
from PySide6.QtCore import QObject, Signal

from composer.core import edits
from composer.gui.canvas import CanvasView
from composer.gui.canvas.overlays.heat import HeatScale, heat_color, heat_scale
from composer.gui.canvas.overlays.tips import node_tip
from composer.gui.session.run_health import RunHealth
from composer.gui.session.session import Session


class StandInRun(QObject):
    """A training of a network."""

    received = Signal(dict)
    state_changed = Signal(str, str)
    finished = Signal(object)

    def __init__(self, digest: str) -> None:
        super().__init__()
        self.digest = digest

    def send_health(self, epoch: int, nodes: Mapping[str, Mapping[str, float]]) -> None:
        """Report the health of the nodes after an epoch."""
        self.received.emit({"event": "metrics", "kind": "health", "epoch": epoch, "nodes": nodes})


def test_shares_are_relative_to_the_largest_and_leave_out_what_is_unknown() -> None:
    assert heat_scale({"a": 2.0, "b": 8.0, "c": None}) == HeatScale({"a": 0.25, "b": 1.0}, 0.0, 8.0)
    assert heat_scale({"a": 0.0}) == HeatScale({})


def test_health_is_on_a_scale_of_its_own() -> None:
    assert heat_scale({"a": 0.5, "b": None}, "share") == HeatScale({"a": 0.5}, 0.0, 1.0)
    scale = heat_scale({"a": 0.01, "b": 1.0, "c": 0.1, "d": 0.0}, "log")
    assert scale.shares == pytest.approx({"a": 0.0, "b": 1.0, "c": 0.5})
    assert (scale.low, scale.high) == (0.01, 1.0)
    assert heat_scale({"a": 0.3}, "log") == HeatScale({"a": 0.0}, 0.3, 0.3)


def test_the_health_of_a_training_colors_the_cards_live_and_only_of_its_own_network(
    session: Session, canvas: CanvasView
) -> None:
    RunHealth(session)
    run = StandInRun(session.digest)
    assert not session.lens.available("grad_norm")
    session.run_started.emit(run)
    run.send_health(1, {"conv": {"grad_norm": 0.5, "dead": 0.25}, "norm": {"grad_norm": 5.0}})
    assert session.lens.available("grad_norm")
    assert not session.lens.available("segments_used")
    session.lens.set_heat("grad_norm")
    assert canvas.scene.nodes["norm"].heat == heat_color(1.0)
    assert canvas.scene.nodes["conv"].heat == heat_color(0.0)
    assert canvas.legend.accessibleName() == "Gradient norm, epoch 1: 0.5 to 5"
    assert "dead units" in node_tip(canvas.scene, canvas.scene.nodes["conv"])
    run.send_health(2, {"conv": {"grad_norm": 7.0}, "norm": {"grad_norm": 5.0}})
    assert canvas.scene.nodes["conv"].heat == heat_color(1.0)
    session.document.edit("Widen", edits.set_params, "conv", {"out_channels": 77})  # another network
    assert not session.lens.available("grad_norm")
    assert canvas.scene.nodes["conv"].heat is None
    session.document.undo()
    assert session.lens.available("grad_norm")


def test_the_most_expensive_node_has_the_last_color(session: Session, canvas: CanvasView) -> None:
    session.lens.set_heat("macs")
    heats = {id: node.heat for id, node in canvas.scene.nodes.items() if node.heat is not None}
    assert heats["conv"] == heat_color(1.0)
    assert "image" not in heats
    session.lens.set_heat("")
    assert not any(node.heat for node in canvas.scene.nodes.values())


def test_colors_are_kept_by_a_card_that_is_drawn_again(session: Session, canvas: CanvasView) -> None:
    session.lens.set_heat("macs")
    canvas.scene.rebuild()
    assert canvas.scene.nodes["conv"].heat == heat_color(1.0)
