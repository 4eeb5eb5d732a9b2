"""The items of a scene as one object: what hides them, how far they extend, how wires connect them."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QGraphicsScene
from pytestqt.qtbot import QtBot

from composer.core.graph import Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import Content
from composer.gui.canvas.items.items import EMPTY_EXTENT, NO_CONTENTS, SceneItems
from composer.gui.canvas.items.node_item import NodeItem


@pytest.fixture
def items(qapp: object) -> SceneItems:
    return SceneItems(QGraphicsScene())


def add(items: SceneItems, id: str, x: float) -> NodeItem:
    node = NodeItem(Content(id, "card", id))
    node.setPos(x, 0)
    items.nodes[id] = node
    items.add(node)
    return node


def test_items_added_while_contents_are_hidden_paint_nothing(items: SceneItems) -> None:
    first = add(items, "a", 0)
    items.hide_contents(True)
    second = add(items, "b", 300)
    assert first.flags() & NO_CONTENTS and second.flags() & NO_CONTENTS
    items.hide_contents(False)
    assert not first.flags() & NO_CONTENTS and not second.flags() & NO_CONTENTS


def test_the_extent_is_measured_again_only_after_a_move(items: SceneItems, qtbot: QtBot) -> None:
    assert items.extent() == EMPTY_EXTENT
    body = add(items, "a", 0).scene_body()
    with qtbot.waitSignal(items.changed):
        items.notify_changed(moved=False)
    assert items.extent() == EMPTY_EXTENT
    items.notify_changed()
    assert items.extent() == body


def test_wires_are_indexed_by_both_ends(items: SceneItems) -> None:
    one, other = Wire("a", "b"), Wire("b", "c")
    items.index_wires((one, other))
    assert list(items.wires_of(["b"])) == [one, other]
    items.index_wires((other,))
    assert list(items.wires_of(["a", "b", "c"])) == [other, other]


def test_flow_coordinates_swap_axes_where_wires_run_down(items: SceneItems) -> None:
    assert items.flow_point(QPointF(3, 5)) == (3, 5)
    items.down = True
    assert items.flow_point(QPointF(3, 5)) == (5, 3)


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(("needed", "optional"), [(1, 1), (1, 2), (2, 2), (2, 3)])
def test_ports_that_need_no_wire_move_no_other(qapp: object, needed: int, optional: int, down: bool) -> None:
    """A single port stays in the middle; the optional ones are behind it, inside the card, and do not overlap."""
    names = tuple(f"port_{index}" for index in range(needed + optional))
    node = NodeItem(Content("node", "card", "node", inputs=names, optional=optional))
    plain = NodeItem(Content("node", "card", "node", inputs=names[:needed]))
    node.set_down(down)
    plain.set_down(down)

    def along(item: NodeItem) -> list[float]:
        return [port.x() if down else port.y() for port in item.ports_in]

    if needed == 1:
        assert (along(node)[0], node.body) == (along(plain)[0], plain.body)
    assert node.labels_width(False) == plain.labels_width(False)
    offsets = [*along(node), node.body.right() if down else node.body.bottom()]
    gaps = [after - before for before, after in pairwise(offsets)]
    assert min(gaps[:-1]) >= 2 * metrics.PORT and gaps[-1] >= metrics.PORT
    assert all(node.boundingRect().contains(port - QPointF(40, 0)) for port in node.ports_in) or down
