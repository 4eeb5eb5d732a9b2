"""Repairs where an error is looked at: the context menu, the inspector, and one that came too late."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.facts import DesignFacts, NodeFacts, Repair
from composer.core.graph import Design, Wire
from composer.core.repairs import call
from composer.gui.session.problems import list_problems
from composer.gui.session.session import Session
from composer.gui.window import Window
from tests.gui.menus import context_menu

Make = Callable[..., Window]


def broken(window: Make, small: Design, qtbot: QtBot) -> Window:
    """A window with one error."""
    shown = window(design=small)
    shown.session.document.edit("Set", edits.set_params, "attn", {"num_heads": 5})
    qtbot.waitUntil(lambda: shown.session.facts_current and len(shown.session.problems) == 1)
    return shown


def test_the_context_menu_repairs(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = broken(window, small, qtbot)
    menu = context_menu(shown, shown.canvas.scene.nodes["attn"].pos())
    menu.popup(shown.mapToGlobal(shown.rect().center()))
    assert menu.actions()[0].text() == "Looking for repairs…"
    assert not menu.actions()[0].isEnabled()

    def found() -> QAction | None:
        return next((action for action in menu.actions() if action.text() == "Set num_heads to 4"), None)

    qtbot.waitUntil(lambda: found() is not None)
    count = shown.session.document.undo_stack.count()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(found()).center())
    assert shown.session.document.graph.nodes["attn"].params["num_heads"] == 4
    assert shown.session.document.undo_stack.count() == count + 1
    assert shown.session.document.undo_stack.undoText() == "Set num_heads to 4"
    QApplication.processEvents()


def test_the_inspector_repairs_under_the_sentence(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = broken(window, small, qtbot)
    shown.session.document.select(("attn",))
    inspector = shown.docks.panel("inspector")

    def offered() -> QPushButton | None:
        buttons = inspector.findChildren(QPushButton)
        return next(
            (button for button in buttons if button.text() == "Set num_heads to 4" and button.isVisible()), None
        )

    qtbot.waitUntil(lambda: offered() is not None)
    qtbot.mouseClick(offered(), Qt.MouseButton.LeftButton)
    assert shown.session.document.graph.nodes["attn"].params["num_heads"] == 4
    qtbot.waitUntil(lambda: offered() is None)


def test_offers_are_asked_once_for_a_design_and_anew_for_the_next(live: Session, small: Design, qtbot: QtBot) -> None:
    live.document.apply(edits.set_params(small, "attn", {"num_heads": 5}), "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    requests: list[str] = []
    request = live.engine.request
    live.engine.request = lambda method, *rest: (requests.append(method), request(method, *rest))[1]  # type: ignore[method-assign,assignment]
    assert live.offers.of("attn") is None
    with qtbot.waitSignal(live.offers.changed):
        assert live.offers.of("attn") is None
    assert [repair.label for repair in live.offers.of("attn") or ()] == ["Set num_heads to 4"]
    assert requests == ["repairs"]
    live.document.edit("Set", edits.set_params, "attn", {"num_heads": 4})
    with qtbot.waitSignal(live.offers.changed):
        assert live.offers.of("attn") is None
    assert live.offers.of("attn") == ()


def test_a_cause_inside_a_sub_graph_is_listed_once(small: Design) -> None:
    wrong = {
        "stage": NodeFacts(error="stage: inside part: attn: 5 heads"),
        "stage/0/attn": NodeFacts(error="attn: 5 heads"),
    }
    assert [shown.path for shown in list_problems(small, DesignFacts(wrong), ())] == [("stage", "attn")]
    alone = {"stage": NodeFacts(error="stage: inside part: an output is not wired")}
    assert [shown.path for shown in list_problems(small, DesignFacts(alone), ())] == [("stage",)]


def test_without_an_engine_what_is_known_is_offered(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    hint = Repair("Reset num_heads", (call(edits.reset_params, id="attn", params=["num_heads"]),))
    assert session.offers.of("attn", hints=(hint,)) == (hint,)


def test_a_repair_that_no_longer_applies_is_refused(session: Session, small: Design, qtbot: QtBot) -> None:
    session.document.apply(small, "Begin")
    repair = Repair("Set num_heads to 4", (call(edits.set_params, id="attn", params={"num_heads": 4}),))
    session.document.select(("attn",))
    session.document.delete_selection()
    for late in (repair, Repair("Wire the output", (call(edits.connect, wire=Wire("attn", "out")),))):
        with qtbot.waitSignal(session.message) as heard:
            assert not session.repair(late, "")
        assert heard.args is not None
        assert heard.args[0].startswith(f"“{late.label}” no longer applies: ")
        assert heard.args[1] == "warning"
