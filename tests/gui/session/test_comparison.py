"""Comparison: marks and ghosts on the canvas, a list that selects, updates on edits, an end by Escape or the banner."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits, subgraphs
from composer.core.files.design_file import save
from composer.core.graph import Design, Node, Training, Wire
from composer.gui.canvas.hit_test import node_at
from composer.gui.panels.changes import ChangesPanel
from composer.gui.widgets.banner import Banner
from composer.gui.window import Window

Make = Callable[..., Window]


@pytest.fixture
def compared(window: Make, small: Design, tmp_path: Path, qtbot: QtBot) -> Window:
    """A saved design with one node more, one less and one changed, compared with its file."""
    shown = window(design=small)
    session = shown.session
    session.save_as(tmp_path / "old.yaml")
    session.document.select(("attn",))
    session.document.delete_selection(reconnect=True)
    session.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": 32})
    session.document.edit(
        "Insert", edits.insert_on_wire, Wire("conv_stem", "logits"), Node("se", "SqueezeExcite", {}, (440, 200))
    )
    shown.bench.action("compare_saved").trigger()
    qtbot.waitUntil(lambda: "params" in session.comparison.summary())
    return shown


def test_the_canvas_tells_what_differs(compared: Window) -> None:
    scene, differences = compared.canvas.scene, compared.canvas.differences
    assert {id: node.mark for id, node in scene.nodes.items()} == {
        "image": "",
        "conv_stem": "changed",
        "se": "added",
        "logits": "",
    }
    assert set(differences.ghosts) == {"attn"}
    assert {wire for wire, item in scene.wires.items() if item.mark} == {Wire("conv_stem", "se"), Wire("se", "logits")}
    assert set(differences.ghost_wires) == {Wire("conv_stem", "attn"), Wire("attn", "logits")}
    assert node_at(scene, differences.ghosts["attn"].pos()) is None
    assert not compared.grab().isNull()
    compared.canvas.view.show_at(0.2, scene.extent().center())
    assert not compared.grab().isNull()


def test_the_list_says_what_it_costs_and_selects(compared: Window, qtbot: QtBot) -> None:
    panel = compared.docks.show("changes")
    assert isinstance(panel, ChangesPanel)
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() > 0)
    items = {
        panel.list.topLevelItem(row).text(2): panel.list.topLevelItem(row)
        for row in range(panel.list.topLevelItemCount())
    }
    assert items["se"].text(0) == "+"
    assert items["attn"].text(4).startswith("\N{MINUS SIGN}")
    assert "out_channels: 64 \N{RIGHTWARDS ARROW} 32" in items["conv_stem"].text(3)
    for name, expected in (("se", ("se",)), ("attn", ())):
        place = panel.list.visualItemRect(items[name]).center()
        panel.list.scrollToItem(items[name])
        place = panel.list.visualItemRect(items[name]).center()
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert compared.session.document.selection == expected
    wire = items["se \N{RIGHTWARDS ARROW} logits"]
    panel.list.scrollToItem(wire)
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualItemRect(wire).center())
    assert compared.session.document.wire_selection == (Wire("se", "logits"),)


def test_uses_of_a_changed_sub_graph_are_marked_at_every_level(window: Make, small: Design, qtbot: QtBot) -> None:
    inner, _ = subgraphs.make(small, ["attn"], "inner")
    old, _ = subgraphs.make(inner, ["inner"], "outer")
    shown = window(design=edits.set_params(old, "attn", {"num_heads": 8}, graph="inner"))
    session, scene = shown.session, shown.canvas.scene
    session.comparison.show(old, "old")
    assert {id for id, node in scene.nodes.items() if node.mark} == {"outer"}
    session.document.enter("outer")
    assert {id for id, node in scene.nodes.items() if node.mark} == {"inner"}
    session.document.apply(edits.move(session.document.design, {"attn": (9.0, 9.0)}, graph="inner"), "Move")
    session.document.undo()
    session.document.apply(old, "As it was")
    assert not any(node.mark for node in scene.nodes.values())
    session.document.edit_design("Set", edits.set_training, Training(epochs=7))
    assert session.comparison.summary() == "Compared with old: 1 setting."


def test_it_follows_edits_and_ends_with_escape(compared: Window, qtbot: QtBot) -> None:
    session, view = compared.session, compared.canvas.view
    session.document.undo()
    assert set(compared.canvas.scene.nodes) == {"image", "conv_stem", "logits"}
    assert all(
        item.mark != "added" or wire == Wire("conv_stem", "logits")
        for wire, item in compared.canvas.scene.wires.items()
    )
    while session.document.undo_stack.canUndo() and not session.document.undo_stack.isClean():
        session.document.undo()
    assert session.comparison.summary() == "No differences from old.yaml."
    assert compared.canvas.differences.ghosts == {}
    session.document.select(("conv_stem",))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert session.document.selection == ()
    assert session.comparison.on
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not session.comparison.on
    qtbot.waitUntil(lambda: compared.findChild(Banner) is None)


def test_the_banner_ends_it(compared: Window, qtbot: QtBot) -> None:
    banner = compared.findChild(Banner)
    assert "1 changed" in banner.text.text()
    done = next(button for button in banner.findChildren(QPushButton) if button.text() == "Done")
    qtbot.mouseClick(done, Qt.MouseButton.LeftButton)
    assert not compared.session.comparison.on
    assert not any(node.mark for node in compared.canvas.scene.nodes.values())
    assert compared.canvas.differences.ghosts == {}


def test_another_design_ends_it(compared: Window) -> None:
    compared.session.document.undo_stack.setClean()
    compared.session.new()
    assert not compared.session.comparison.on


def test_a_file_is_chosen_and_a_bad_one_refused(
    window: Make, small: Design, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = window(design=small)
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    save(small, good)
    bad.write_text("format: [")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(bad), ""))
    with qtbot.waitSignal(shown.session.message) as heard:
        shown.bench.action("compare_with").trigger()
    assert heard.args is not None
    assert heard.args[1] == "error"
    assert not shown.session.comparison.on
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(good), ""))
    shown.bench.action("compare_with").trigger()
    assert shown.session.comparison.summary() == "No differences from good.yaml."
