"""Replacing blocks: searched, tried before it is done, refused with a sentence, one step of the history."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.graph import Design, Node
from composer.gui.canvas.overlays.replace_list import ReplaceList
from composer.gui.window import Window

Make = Callable[..., Window]
CTRL = Qt.KeyboardModifier.ControlModifier


def asked(shown: Window, qtbot: QtBot, *ids: str, text: str) -> ReplaceList:
    """The list, opened by its key, with something typed and tried."""
    shown.session.document.select(ids)
    shown.canvas.view.setFocus()
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_R, CTRL)
    found = shown.canvas.replace_list
    assert found.isVisible()
    QTest.keyClicks(found.field, text)
    qtbot.waitUntil(lambda: bool(found.said.text()))
    return found


def test_a_block_is_replaced_and_wires_stay(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    wires, count = set(shown.session.document.graph.wires), shown.session.document.undo_stack.count()
    found = asked(shown, qtbot, "conv_stem", text="patchemb")
    assert found.said.text().startswith("1 node")
    assert found.go.isEnabled()
    assert not found.everywhere.isVisible()
    QTest.keyClick(found.field, Qt.Key.Key_Return)
    assert not found.isVisible()
    assert shown.session.document.graph.nodes["conv_stem"].block == "PatchEmbed"
    assert set(shown.session.document.graph.wires) == wires
    assert shown.session.document.undo_stack.count() == count + 1
    shown.session.document.undo()
    assert shown.session.document.graph.nodes["conv_stem"].block == "ConvStem"


def test_return_before_the_trial_waits_for_it(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    shown.session.document.select(("conv_stem",))
    shown.canvas.replace_block()
    found = shown.canvas.replace_list
    QTest.keyClicks(found.field, "patchembed")
    QTest.keyClick(found.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.session.document.graph.nodes["conv_stem"].block == "PatchEmbed")
    assert not found.isVisible()


def test_what_does_not_fit_is_refused_with_the_sentence(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    before = shown.session.document.design
    found = asked(shown, qtbot, "attn", text="identity")
    assert found.go.isEnabled()
    found._judge(False, "attn: it does not fit")
    QTest.keyClick(found.field, Qt.Key.Key_Return)
    assert found.isVisible()
    assert not found.go.isEnabled()
    assert shown.session.document.design is before
    QTest.keyClick(found.field, Qt.Key.Key_Escape)
    assert not found.isVisible()


def test_a_new_error_of_the_trial_is_the_sentence(window: Make, small: Design, qtbot: QtBot) -> None:
    # Of the fake engine any node with five heads is wrong; the stem's five become an attention's.
    design = edits.add(small, Node("other", "WindowAttention", {"num_heads": 5}, (440, 200)))
    shown = window(design=design)
    found = asked(shown, qtbot, "conv_stem", text="patchemb")
    found._tried({"errors": ["conv_stem: shape is wrong"], "totals": {"params": 0, "macs": 0}})
    assert found.said.text() == "conv_stem: shape is wrong"
    assert found.said.property("role") == "error"
    known = shown.session.problems[0].message
    found._tried({"errors": [known], "totals": {"params": 2_001_000, "macs": 0}})
    assert found.go.isEnabled()
    assert "+2.0 M params" in found.said.text()


def test_everywhere_replaces_all_of_a_block(window: Make, small: Design, qtbot: QtBot) -> None:
    design = edits.add(small, Node("late", "ConvStem", {"out_channels": 8}, (440, 200)))
    shown = window(design=design)
    found = asked(shown, qtbot, "conv_stem", text="patchemb")
    assert found.everywhere.text() == "All 2 ConvStem"
    qtbot.mouseClick(found.everywhere, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: found.said.text().startswith("2 nodes"))
    qtbot.mouseClick(found.go, Qt.MouseButton.LeftButton)
    assert {shown.session.document.graph.nodes[id].block for id in ("conv_stem", "late")} == {"PatchEmbed"}


def test_what_could_be_wired_alike_is_offered_first(window: Make, small: Design, qtbot: QtBot) -> None:
    design = edits.add(small, Node("mix", "MultiHeadSelfAttention", {"num_heads": 4}, (440, 200)))
    shown = window(design=design)
    shown.session.document.select(("mix",))
    shown.canvas.replace_block()
    offered = [choice.name for choice in shown.canvas.replace_list.shown]
    tokens, maps = offered.index("TalkingHeadsAttention"), offered.index("BoTAttention")
    assert tokens < offered.index("ClassAttention")  # of its family too, and gives one token for all
    assert tokens < offered.index("Mlp") < maps  # its family first, then other blocks of tokens, then maps
    assert maps < offered.index("ConvStem")
    assert offered.index("Mlp") < offered.index("AdditiveAttention")  # which wants a second wire
    shown.canvas.replace_list.close_()
