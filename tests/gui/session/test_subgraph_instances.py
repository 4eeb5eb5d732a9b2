"""Sub-graphs: made, entered, exposed, set per instance and iteration, renamed, made unique, unpacked."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from composer.core.graph import Design, Each, Ramp
from composer.gui.inspector.design_page import DesignPage
from composer.gui.inspector.node_page import NodePage
from composer.gui.window import Window
from tests.gui.menus import context_menu, entry_text

Make = Callable[..., Window]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def inside(window: Make, small: Design, qtbot: QtBot) -> Window:
    """A window in the sub-graph that was made of the attention layer by its key."""
    shown = window(design=small)
    shown.canvas.view.setFocus()
    shown.session.document.select(("attn",))
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_G, CTRL)
    assert shown.session.document.selection == ("part",)
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_PageDown)
    assert shown.session.document.graph_name == "part"
    return shown


def form(shown: Window, qtbot: QtBot, id: str) -> NodePage:
    """The inspector's page of a node."""
    inspector = shown.docks.panel("inspector")
    shown.session.document.select((id,))
    qtbot.waitUntil(lambda: isinstance(inspector.page, NodePage) and inspector.page.ids == (id,))
    return inspector.page


def type_in(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def expose(shown: Window, qtbot: QtBot) -> None:
    """Expose the heads of the attention layer by the button beside them."""
    button = form(shown, qtbot, "attn").rows["num_heads"].expose
    assert button is not None
    qtbot.mouseClick(button, LEFT)


def test_a_parameter_is_exposed_and_set_for_a_use(inside: Window, qtbot: QtBot) -> None:
    session = inside.session
    expose(inside, qtbot)
    assert dict(session.document.graph.params) == {"num_heads": 4}
    assert session.document.graph.nodes["attn"].params["num_heads"] == "=num_heads"
    qtbot.waitUntil(lambda: form(inside, qtbot, "attn").rows["num_heads"].expose.isHidden())
    session.document.leave()
    row = form(inside, qtbot, "part").rows["num_heads"]
    assert row.field.text() == "4"
    assert row.field.property("unset")
    for text, value in (("8", 8), ("each: 2, 4", Each((2, 4))), ("ramp: 2 .. 8", Ramp(2, 8))):
        type_in(row.field, text)
        assert session.document.graph.nodes["part"].params["num_heads"] == value
        qtbot.waitUntil(lambda: not row.field.property("unset"))
        shown = row.field.text()
        type_in(row.field, "1")
        type_in(row.field, shown)  # what is shown is read back as the same
        assert session.document.graph.nodes["part"].params["num_heads"] == value
    qtbot.mouseClick(row.end, LEFT)
    assert "num_heads" not in session.document.graph.nodes["part"].params


def test_a_value_that_the_inner_block_refuses_is_refused_at_the_use(inside: Window, qtbot: QtBot) -> None:
    expose(inside, qtbot)
    inside.session.document.leave()
    row = form(inside, qtbot, "part").rows["num_heads"]
    type_in(row.field, "many")
    assert row.problem.isVisibleTo(row.parentWidget())
    assert "num_heads" not in inside.session.document.graph.nodes["part"].params


def test_exposed_parameters_are_listed_renamed_and_taken_back(inside: Window, qtbot: QtBot) -> None:
    session, inspector = inside.session, inside.docks.panel("inspector")
    expose(inside, qtbot)
    session.document.select(())
    qtbot.waitUntil(lambda: isinstance(inspector.page, DesignPage) and "num_heads" in inspector.page.fields)
    page = inspector.page
    type_in(page.fields["num_heads"], "8")
    assert dict(session.document.graph.params) == {"num_heads": 8}
    name = next(field for field in page.findChildren(QLineEdit) if field.accessibleName() == "name of num_heads")
    type_in(name, "heads")
    assert dict(session.document.graph.params) == {"heads": 8}
    assert session.document.graph.nodes["attn"].params["num_heads"] == "=heads"
    qtbot.waitUntil(lambda: "heads" in page.fields)
    remove = next(button for button in page.findChildren(QToolButton) if button.toolTip() == "Remove heads")
    qtbot.mouseClick(remove, LEFT)
    assert dict(session.document.graph.params) == {}
    assert session.document.graph.nodes["attn"].params["num_heads"] == 8


def test_a_sub_graph_is_renamed_in_the_breadcrumb(inside: Window, qtbot: QtBot) -> None:
    session, crumbs = inside.session, inside.canvas.breadcrumb
    qtbot.mouseDClick(crumbs.findChildren(QToolButton)[-1], LEFT)
    field = crumbs.findChild(QLineEdit)
    assert field.isVisible()
    type_in(field, "body")
    assert list(session.document.design.graphs) == ["body"]
    assert session.document.graph_name == "body"
    assert set(inside.canvas.scene.nodes) == {"x", "attn", "y"}
    assert len([item for item in inside.canvas.scene.items() if hasattr(item, "content")]) == 3
    session.document.undo()
    assert session.document.graph_name == "part"
    qtbot.mouseDClick(crumbs.findChildren(QToolButton)[-1], LEFT)
    field = crumbs.findChildren(QLineEdit)[-1]
    QTest.keyClicks(field, "other")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert session.document.graph_name == "part"


def test_undo_of_making_it_from_inside_draws_everything_once(inside: Window) -> None:
    inside.session.document.undo()
    assert inside.session.document.instance_path == ()
    scene = inside.canvas.scene
    assert len([item for item in scene.items() if hasattr(item, "content")]) == len(scene.nodes) == 4


def test_the_context_menu_makes_and_unpacks(window: Make, small: Design) -> None:
    shown = window(design=small)

    def run(id: str, text: str) -> None:
        menu = context_menu(shown, shown.canvas.scene.nodes[id].pos())
        next(action for action in menu.actions() if entry_text(action) == text).trigger()
        menu.close()

    run("attn", "Make sub-graph")
    assert shown.session.document.selection == ("part",)
    run("part", "Make unique")
    assert shown.session.document.graph.nodes["part"].subgraph == "part_2"
    run("part", "Unpack sub-graph")
    assert set(shown.session.document.graph.nodes) == {"conv_stem", "attn"}


def test_all_uses_follow_until_one_is_made_unique_and_unpacked(inside: Window, qtbot: QtBot) -> None:
    session, view = inside.session, inside.canvas.view
    session.document.leave()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_D, CTRL)
    second = session.document.selection[0]
    inside.bench.action("make_unique").trigger()
    assert session.document.graph.nodes[second].subgraph == "part_2"
    session.document.undo()
    assert {session.document.graph.nodes[id].subgraph for id in ("part", second)} == {"part"}
    session.document.select((second,))
    QTest.keyClick(view, Qt.Key.Key_G, CTRL | SHIFT)
    assert session.document.graph.nodes[session.document.selection[0]].block == "TransformerEncoderLayer"
