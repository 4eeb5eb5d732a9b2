"""A block that misreads the tokens on its wire: listed as a warning, marked on its card, repaired with a click."""

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.facts import DesignFacts, NodeFacts
from composer.core.graph import Design
from composer.gui.canvas.overlays.tips import node_tip
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


def test_a_misreading_node_is_marked_and_repaired(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    session = shown.session
    session.document.edit("Set", edits.set_params, "attn", {"num_heads": 7})
    qtbot.waitUntil(lambda: session.facts_current and len(session.problems) == 1)
    (problem,) = session.problems
    assert (problem.message, problem.level) == ("attn: reads tokens as channels", "warning")
    node = shown.canvas.scene.nodes["attn"]
    qtbot.waitUntil(lambda: node.content.warning == problem.message)
    assert node_tip(shown.canvas.scene, node).count(problem.message) == 1

    session.document.select(("attn",))
    inspector = shown.docks.panel("inspector")

    def offer() -> QPushButton | None:
        buttons = inspector.findChildren(QPushButton)
        return next((button for button in buttons if button.text() == "Set num_heads to 4"), None)

    qtbot.waitUntil(lambda: offer() is not None)
    button = offer()
    assert button is not None
    button.click()
    assert session.document.graph.nodes["attn"].params["num_heads"] == 4
    qtbot.waitUntil(lambda: session.facts_current and not session.problems)


def test_a_network_without_an_output_is_unfinished_and_not_wrong(window: Make, qtbot: QtBot) -> None:
    shown = window()
    shown.session.document.add_block("ConvStem", (0, 0))
    qtbot.waitUntil(lambda: shown.session.facts_current and bool(shown.session.problems))
    levels = {problem.message: problem.level for problem in shown.session.problems}
    assert levels.pop("the design has no output; add one and wire the last node to it") == "info"
    status = shown.bench.status.problems
    count = len(levels)
    qtbot.waitUntil(lambda: status.text() == (f"{count} problem" if count == 1 else "not finished"))
    titles = {"Problems  1" if count else "Problems"}
    assert shown.docks.docks["problems"].windowTitle() in titles
    training = shown.show_panel("training")
    qtbot.waitUntil(lambda: not training.controls.start.isEnabled())
