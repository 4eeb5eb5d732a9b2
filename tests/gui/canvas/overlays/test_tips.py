"""The tooltips of the canvas."""

from dataclasses import replace

from composer.core import edits
from composer.gui.canvas import CanvasView
from composer.gui.canvas.overlays.tips import node_tip
from composer.gui.session.session import Session
from tests.gui.canvas.conftest import deliver


def test_a_repeat_by_expression_is_a_number_on_the_card_and_both_in_the_tooltip(
    session: Session, canvas: CanvasView
) -> None:
    before = session.facts
    session.document.edit("Set repeat", edits.update_item, "norm", repeat="=depths[0]")
    node = canvas.scene.nodes["norm"]
    assert node.content.badge == "×depths[0]"
    assert "depths[0]</td>" in node_tip(canvas.scene, node)
    norm = replace(before.nodes["norm"], repeat=12)
    deliver(session, replace(before, nodes={**before.nodes, "norm": norm}))
    assert node.content.badge == "×12"
    assert "depths[0] = 12" in node_tip(canvas.scene, node)
