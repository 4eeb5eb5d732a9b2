"""Replacing blocks: searched, checked before it is done, refused with a reason, one step of the history."""

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


def open_list(shown: Window, qtbot: QtBot, *ids: str, text: str) -> ReplaceList:
    """Return the list, opened by its key, with something typed and checked."""
    shown.session.document.select(ids)
    shown.canvas.view.setFocus()
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_R, CTRL)
    choices = shown.canvas.replace_list
    assert choices.isVisible()
    QTest.keyClicks(choices.field, text)
    qtbot.waitUntil(lambda: bool(choices.verdict.text()))
    return choices


def test_a_block_is_replaced_and_wires_stay(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    wires, count = set(shown.session.document.graph.wires), shown.session.document.undo_stack.count()
    choices = open_list(shown, qtbot, "conv_stem", text="patchemb")
    assert choices.verdict.text().startswith("1 node")
    assert choices.replace_button.isEnabled()
    assert not choices.all_button.isVisible()
    QTest.keyClick(choices.field, Qt.Key.Key_Return)
    assert not choices.isVisible()
    assert shown.session.document.graph.nodes["conv_stem"].block == "PatchEmbed"
    assert set(shown.session.document.graph.wires) == wires
    assert shown.session.document.undo_stack.count() == count + 1
    shown.session.document.undo()
    assert shown.session.document.graph.nodes["conv_stem"].block == "ConvStem"


def test_return_before_the_check_ends_replaces_once_it_fits(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    shown.session.document.select(("conv_stem",))
    shown.canvas.replace_block()
    choices = shown.canvas.replace_list
    QTest.keyClicks(choices.field, "patchembed")
    QTest.keyClick(choices.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.session.document.graph.nodes["conv_stem"].block == "PatchEmbed")
    assert not choices.isVisible()


def test_a_block_that_does_not_fit_is_refused_with_the_reason(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    before = shown.session.document.design
    choices = open_list(shown, qtbot, "attn", text="identity")
    assert choices.replace_button.isEnabled()
    choices._show_verdict(False, "attn: it does not fit")
    QTest.keyClick(choices.field, Qt.Key.Key_Return)
    assert choices.isVisible()
    assert not choices.replace_button.isEnabled()
    assert shown.session.document.design is before
    QTest.keyClick(choices.field, Qt.Key.Key_Escape)
    assert not choices.isVisible()


def test_a_new_error_is_the_reason(window: Make, small: Design, qtbot: QtBot) -> None:
    # Of the fake engine any node with five heads is wrong; the stem's five become an attention's.
    design = edits.add(small, Node("other", "WindowAttention", {"num_heads": 5}, (440, 200)))
    shown = window(design=design)
    choices = open_list(shown, qtbot, "conv_stem", text="patchemb")
    choices._on_checked({"errors": ["conv_stem: shape is wrong"], "totals": {"params": 0, "macs": 0}})
    assert choices.verdict.text() == "conv_stem: shape is wrong"
    assert choices.verdict.property("role") == "error"
    present = shown.session.problems[0].message
    choices._on_checked({"errors": [present], "totals": {"params": 2_001_000, "macs": 0}})
    assert choices.replace_button.isEnabled()
    assert "+2.0 M params" in choices.verdict.text()


def test_the_scope_all_replaces_every_node_of_the_block(window: Make, small: Design, qtbot: QtBot) -> None:
    design = edits.add(small, Node("late", "ConvStem", {"out_channels": 8}, (440, 200)))
    shown = window(design=design)
    choices = open_list(shown, qtbot, "conv_stem", text="patchemb")
    assert choices.all_button.text() == "All 2 ConvStem"
    qtbot.mouseClick(choices.all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: choices.verdict.text().startswith("2 nodes"))
    qtbot.mouseClick(choices.replace_button, Qt.MouseButton.LeftButton)
    assert {shown.session.document.graph.nodes[id].block for id in ("conv_stem", "late")} == {"PatchEmbed"}


def test_blocks_that_can_be_wired_alike_come_first(window: Make, small: Design, qtbot: QtBot) -> None:
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
