"""The heat map follows the cost lens and the facts."""

from composer.gui.canvas import CanvasView
from composer.gui.canvas.overlays.heat import heat_color, shares
from composer.gui.session.session import Session


def test_shares_are_relative_to_the_largest_and_leave_out_what_is_unknown() -> None:
    assert shares({"a": 2.0, "b": 8.0, "c": None}) == ({"a": 0.25, "b": 1.0}, 8.0)
    assert shares({"a": 0.0}) == ({}, 0.0)


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
