"""A block that misreads the tokens on its wire: listed as a warning, marked on its card, repaired with a click."""

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.facts import DesignFacts, NodeFacts
from composer.core.graph import Design
from composer.gui.session.problems import list_problems
from composer.gui.window import Window

Make = Callable[..., Window]


def test_a_warning_of_the_engine_is_listed_after_errors(small: Design) -> None:
    facts = DesignFacts({"stem": NodeFacts(warning="reads tokens"), "attn": NodeFacts(error="attn: wrong")})
    rows = list_problems(small, facts, ())
    assert [(row.message, row.level, row.path, row.repairable) for row in rows] == [
        ("attn: wrong", "error", ("attn",), True),
        ("stem: reads tokens", "warning", ("stem",), True),
    ]


def test_a_head_on_tokens_is_marked_and_repaired(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    session = shown.session
    session.document.edit("Set", edits.update_item, "head", block="ClassifierHead", params={})
    qtbot.waitUntil(lambda: session.facts_current and len(session.problems) == 1)
    (problem,) = session.problems
    assert problem.level == "warning" and "ClassifierHead reads" in problem.message
    node = shown.canvas.scene.nodes["head"]
    qtbot.waitUntil(lambda: node.content.warning == problem.message)

    session.document.select(("head",))
    inspector = shown.docks.panel("inspector")

    def offer() -> QPushButton | None:
        buttons = inspector.findChildren(QPushButton)
        return next((button for button in buttons if button.text() == "Use TokenClassifierHead with pooling avg"), None)

    qtbot.waitUntil(lambda: offer() is not None)
    button = offer()
    assert button is not None
    button.click()
    assert session.document.graph.nodes["head"].block == "TokenClassifierHead"
    qtbot.waitUntil(lambda: session.facts_current and not session.problems)
