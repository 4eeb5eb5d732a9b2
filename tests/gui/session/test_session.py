"""The session: one way to change the design, exact undo, selection, clipboard, sub-graphs, facts."""

import os
import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from composer.core import edits, subgraphs
from composer.core.files.design_delta import DeltaWriter
from composer.core.files.design_file import load, save
from composer.core.graph import Design, Wire
from composer.gui.session.session import Session


def test_undo_of_two_hundred_steps_gives_the_first_design_itself(session: Session) -> None:
    first = session.design
    for number in range(200):
        session.add_block("ConvStem", (number * 10, 0))
    assert len(session.graph.nodes) == 200
    last = session.design
    while session.undo_stack.canUndo():
        session.undo()
    assert session.design is first
    while session.undo_stack.canRedo():
        session.redo()
    assert session.design is last


def test_steps_with_one_key_are_one_step(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    for value in range(8, 16):
        session.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
    session.edit("Set", edits.set_params, "conv_stem", {"out_channels": 99}, merge_key="other drag")
    assert session.undo_stack.count() == 3
    session.undo()
    assert session.graph.nodes["conv_stem"].params["out_channels"] == 15
    session.undo()
    assert session.design is small


def test_a_gesture_that_ends_where_it_began_leaves_no_step(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    for value in (65, 66, 64):
        session.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
    assert session.undo_stack.count() == 1
    assert session.design == small


def test_a_macro_is_one_step(session: Session) -> None:
    session.undo_stack.beginMacro("Both")
    session.add_block("ConvStem", (0, 0))
    session.add_block("Output", (0, 0))
    session.undo_stack.endMacro()
    session.undo()
    assert not list(session.graph.ids())


def test_a_refused_edit_changes_nothing_and_says_why(session: Session, small: Design, qtbot: QtBot) -> None:
    session.apply(small, "Begin")
    with qtbot.waitSignal(session.message) as said:
        assert not session.edit("Wire", edits.connect, Wire("attn", "conv_stem"))
    assert "cycle" in said.args[0]
    assert said.args[1] == "warning"
    assert session.design is small


def test_the_diff_and_the_initiator_are_handed_on_and_undo_is_nobodys(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    seen: list[tuple[tuple[str, ...], object]] = []
    session.design_changed.connect(lambda diff, who: seen.append((diff.graphs[""].moved, who)))
    me = object()
    session.edit("Move", edits.move, {"attn": (9.0, 9.0)}, initiator=me)
    session.undo()
    assert seen == [(("attn",), me), (("attn",), None)]


def test_ids_are_fresh_and_positions_may_be_qt_points(session: Session) -> None:
    assert [session.add_block("ConvStem", QPointF(1, 2)) for _ in range(3)] == [
        "conv_stem",
        "conv_stem_2",
        "conv_stem_3",
    ]
    assert session.graph.nodes["conv_stem"].position == (1, 2)
    assert session.selection == ("conv_stem_3",)
    assert session.add_block("Input", (0, 0)) == "image"


def test_added_at_the_centre_they_do_not_cover_each_other(session: Session) -> None:
    first, second = session.add_at_centre("ConvStem"), session.add_at_centre("ConvStem")
    assert session.graph.nodes[first].position != session.graph.nodes[second].position


def test_copy_and_paste_take_the_wires_between_and_on_demand_those_from_outside(
    session: Session, small: Design
) -> None:
    session.apply(small, "Begin")
    session.select(["conv_stem", "attn"])
    session.copy()
    session.paste()
    assert session.selection == ("conv_stem_2", "attn_2")
    assert Wire("conv_stem_2", "attn_2") in session.graph.wires
    assert Wire("image", "conv_stem_2") not in session.graph.wires
    session.paste(position=(0, 500), keep_inputs=True)
    assert Wire("image", "conv_stem_3") in session.graph.wires
    assert session.graph.nodes["conv_stem_3"].position == (0, 500)
    session.undo()
    session.undo()
    assert session.design is small


def test_pasting_into_another_design_brings_the_sub_graphs_along(session: Session, small: Design) -> None:
    grouped, use = subgraphs.make(small, ["conv_stem", "attn"], "part")
    session.apply(grouped, "Begin")
    session.select([use])
    session.copy()
    session.new()
    session.paste()
    assert list(session.design.graphs) == ["part"]


def test_junk_on_the_clipboard_is_not_pasted(session: Session) -> None:
    from PySide6.QtCore import QByteArray, QMimeData
    from PySide6.QtGui import QGuiApplication

    from composer.gui.session.clipboard import MIME

    for junk in (b"not json", b"{}", b'{"name": 3, "main": []}', b"[1]"):
        data = QMimeData()
        data.setData(MIME, QByteArray(junk))
        QGuiApplication.clipboard().setMimeData(data)
        session.paste()
    QGuiApplication.clipboard().setText("x")
    assert not list(session.graph.ids())


def test_duplicate_keeps_what_feeds_it(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    session.select(["attn"])
    session.duplicate()
    assert Wire("conv_stem", "attn_2") in session.graph.wires


def test_delete_and_reconnect(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    session.select(["attn"])
    session.delete_selection(reconnect=True)
    assert Wire("conv_stem", "logits") in session.graph.wires
    assert session.selection == ()
    session.select((), [Wire("image", "conv_stem")])
    session.delete_selection()
    assert session.graph.wires == (Wire("conv_stem", "logits"),)


def test_rename_keeps_the_selection(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    session.select(["attn", "conv_stem"])
    assert session.rename("attn", "mixer")
    assert session.selection == ("mixer", "conv_stem")
    assert not session.rename("mixer", "conv_stem")
    assert not session.rename("mixer", "not a name")


def test_a_sub_graph_is_entered_and_left_and_undo_leaves_one_that_vanishes(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    grouped, use = subgraphs.make(small, ["conv_stem", "attn"], "part")
    session.apply(grouped, "Make sub-graph")
    session.enter(use)
    assert session.graph_name == "part"
    assert session.instance_path == (use,)
    session.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    session.leave()
    assert session.selection == (use,)
    session.enter(use)
    session.undo()
    assert session.graph_name == "part"
    session.undo()
    assert session.graph_name == ""
    assert session.design is small


def test_stale_ids_cannot_be_selected(session: Session, small: Design) -> None:
    session.apply(small, "Begin")
    session.select(["attn", "ghost", "attn"], [Wire("a", "b"), Wire("attn", "logits")])
    assert session.selection == ("attn",)
    assert session.wire_selection == (Wire("attn", "logits"),)
    session.undo()
    assert session.selection == ()
    assert session.wire_selection == ()


def test_save_and_open(session: Session, small: Design, tmp_path: Path, qtbot: QtBot) -> None:
    session.apply(small, "Begin")
    assert session.dirty
    assert not session.save()
    assert session.save_as(tmp_path / "net.yaml")
    assert not session.dirty
    assert load(tmp_path / "net.yaml") == small
    session.new()
    assert session.path is None
    assert session.open(tmp_path / "net.yaml")
    assert session.design == small
    with qtbot.waitSignal(session.message) as said:
        assert not session.open(tmp_path / "missing.yaml")
    assert "not found" in said.args[0]
    assert session.design == small
    with qtbot.waitSignal(session.message):
        assert not session.save_as(tmp_path / "no" / "folder" / "net.yaml")


def test_a_design_without_places_is_laid_out(session: Session, tmp_path: Path, small: Design) -> None:
    from dataclasses import replace

    bare = edits.move(small, dict.fromkeys(small.main.ids(), (0.0, 0.0)))
    save(replace(bare, name="bare"), tmp_path / "bare.yaml")
    session.open(tmp_path / "bare.yaml")
    places = [session.graph.item(id).position for id in session.graph.order()]
    assert places == sorted(places)
    assert len(set(places)) == 4
    assert not session.dirty


def test_facts_follow_the_design(live: Session, small: Design, qtbot: QtBot) -> None:
    with qtbot.waitSignal(live.facts_changed) as told:
        live.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    assert {"conv_stem", "attn"} <= told.args[0]
    assert live.facts_for("conv_stem").params == 1000
    assert live.facts.totals.params == 3000
    live.set_batch(8)
    qtbot.waitUntil(lambda: live.facts_current)
    assert live.facts_for("attn").macs == 16_000


def test_moving_asks_for_no_facts(live: Session, small: Design, qtbot: QtBot) -> None:
    live.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    live.edit("Move", edits.move, {"attn": (9.0, 9.0)})
    assert live.facts_current


def test_only_one_request_is_in_flight_and_the_newest_design_wins(live: Session, small: Design, qtbot: QtBot) -> None:
    answers: list[int] = []
    live.facts_changed.connect(lambda _ids, revision: answers.append(revision))
    live.apply(small, "Begin")
    for value in range(1, 101):
        live.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
        assert len(live.engine.pending) <= 1
    qtbot.waitUntil(lambda: live.facts_current)
    assert live.facts_for("conv_stem").resolved["out_channels"] == 100
    assert len(answers) < 100


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_engine_is_told_the_design_again(live: Session, small: Design, qtbot: QtBot) -> None:
    live.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    os.kill(live.engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: live.engine_state == "restarting")
    live.edit("Set", edits.set_params, "conv_stem", {"out_channels": 7})
    qtbot.waitUntil(lambda: live.engine_state == "ready" and live.facts_current, timeout=20_000)
    assert live.facts_for("conv_stem").resolved["out_channels"] == 7


def test_an_engine_that_missed_a_version_gets_the_whole_design(live: Session, small: Design, qtbot: QtBot) -> None:
    live.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    answers: list[object] = []
    live.request("facts", {"design": DeltaWriter().write(Design()), "batch": 1, "revision": 0}, answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    for value in (7, 8):
        live.edit("Set", edits.set_params, "conv_stem", {"out_channels": value})
        qtbot.waitUntil(lambda: live.facts_current)
        assert live.facts_for("conv_stem").resolved["out_channels"] == value


def test_a_network_is_named_once_a_version(session: Session, small: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    from composer.core.files import design_file

    hashed: list[Design] = []
    real = design_file.design_hash
    monkeypatch.setattr(design_file, "design_hash", lambda design: (hashed.append(design), real(design))[1])
    session.apply(small, "Begin")
    first = session.digest
    assert session.digest == first == real(small) and hashed == [small]
    session.edit("Move", edits.move, {"attn": (9.0, 9.0)})
    assert session.digest == first
    session.edit("Set", edits.set_params, "conv_stem", {"out_channels": 7})
    assert session.digest == real(session.design) != first


def test_problems_are_listed_once_each_with_their_repairs(live: Session, small: Design, qtbot: QtBot) -> None:
    assert live.problems == []
    broken = edits.remove(edits.set_params(small, "attn", {"num_heads": 5}), ["logits"])
    live.apply(broken, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    assert [(p.path, p.level) for p in live.problems] == [(("attn",), "error"), ((), "error")]
    assert live.problems[0].repairs[0].label == "Set num_heads to 4"
