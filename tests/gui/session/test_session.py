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
from composer.core.files.design_file import load, loads, save
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.gui.session.session import Session


def test_undo_of_two_hundred_steps_gives_the_first_design_itself(session: Session) -> None:
    first = session.document.design
    for number in range(200):
        session.document.add_block("ConvStem", (number * 10, 0))
    assert len(session.document.graph.nodes) == 200
    last = session.document.design
    while session.document.undo_stack.canUndo():
        session.document.undo()
    assert session.document.design is first
    while session.document.undo_stack.canRedo():
        session.document.redo()
    assert session.document.design is last


def test_steps_with_one_key_are_one_step(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    for value in range(8, 16):
        session.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
    session.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": 99}, merge_key="other drag")
    assert session.document.undo_stack.count() == 3
    session.document.undo()
    assert session.document.graph.nodes["conv_stem"].params["out_channels"] == 15
    session.document.undo()
    assert session.document.design is small


def test_a_gesture_that_ends_where_it_began_leaves_no_step(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    for value in (65, 66, 64):
        session.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
    assert session.document.undo_stack.count() == 1
    assert session.document.design == small


def test_a_macro_is_one_step(session: Session) -> None:
    session.document.undo_stack.beginMacro("Both")
    session.document.add_block("ConvStem", (0, 0))
    session.document.add_block("Output", (0, 0))
    session.document.undo_stack.endMacro()
    session.document.undo()
    assert not list(session.document.graph.ids())


def test_a_refused_edit_changes_nothing_and_says_why(session: Session, small: Design, qtbot: QtBot) -> None:
    session.document.apply(small, "Begin")
    with qtbot.waitSignal(session.message) as message:
        assert not session.document.edit("Wire", edits.connect, Wire("attn", "conv_stem"))
    assert "cycle" in message.args[0]
    assert message.args[1] == "warning"
    assert session.document.design is small


def test_the_diff_and_the_initiator_are_handed_on_and_undo_is_nobodys(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    seen: list[tuple[tuple[str, ...], object]] = []
    session.document.design_changed.connect(lambda diff, who: seen.append((diff.graphs[""].moved, who)))
    me = object()
    session.document.edit("Move", edits.move, {"attn": (9.0, 9.0)}, initiator=me)
    session.document.undo()
    assert seen == [(("attn",), me), (("attn",), None)]


def test_ids_are_fresh_and_positions_may_be_qt_points(session: Session) -> None:
    assert [session.document.add_block("ConvStem", QPointF(1, 2)) for _ in range(3)] == [
        "conv_stem",
        "conv_stem_2",
        "conv_stem_3",
    ]
    assert session.document.graph.nodes["conv_stem"].position == (1, 2)
    assert session.document.selection == ("conv_stem_3",)
    assert session.document.add_block("Input", (0, 0)) == "image"


def test_added_at_the_centre_they_do_not_cover_each_other(session: Session) -> None:
    first, second = session.document.add_at_view_center("ConvStem"), session.document.add_at_view_center("ConvStem")
    assert session.document.graph.nodes[first].position != session.document.graph.nodes[second].position


def test_copy_and_paste_take_the_wires_between_and_on_demand_those_from_outside(
    session: Session, small: Design
) -> None:
    session.document.apply(small, "Begin")
    session.document.select(["conv_stem", "attn"])
    session.document.copy()
    session.document.paste()
    assert session.document.selection == ("conv_stem_2", "attn_2")
    assert Wire("conv_stem_2", "attn_2") in session.document.graph.wires
    assert Wire("image", "conv_stem_2") not in session.document.graph.wires
    session.document.paste(position=(0, 500), keep_inputs=True)
    assert Wire("image", "conv_stem_3") in session.document.graph.wires
    assert session.document.graph.nodes["conv_stem_3"].position == (0, 500)
    session.document.undo()
    session.document.undo()
    assert session.document.design is small


def test_pasting_into_another_design_brings_the_sub_graphs_along(session: Session, small: Design) -> None:
    grouped, use = subgraphs.make(small, ["conv_stem", "attn"], "part")
    session.document.apply(grouped, "Begin")
    session.document.select([use])
    session.document.copy()
    session.new()
    session.document.paste()
    assert list(session.document.design.graphs) == ["part"]


def other_window(session: Session) -> Session:
    """A second session, with which the first shares the clipboard only."""
    return Session(engine=None, parent=session)


def test_a_paste_in_another_window_means_the_same_and_states_new_names(session: Session) -> None:
    def design(channels: int) -> Design:
        conv = Node("conv", "Conv2d", {"out_channels": channels})
        part = Graph({"x": Input("x")}, {"conv": conv}, {"y": Output("y")}, (Wire("x", "conv"), Wire("conv", "y")))
        nodes = {"s": Node("s", "graph:stage"), "c": Node("c", "Conv2d", {"out_channels": "=dim"})}
        return Design(main=Graph(nodes=nodes), graphs={"stage": part}, variables={"dim": channels})

    messages: list[str] = []
    other = other_window(session)
    other.message.connect(lambda text, _: messages.append(text))
    session.document.apply(design(64), "Begin")
    other.document.apply(design(8), "Begin")
    before = other.document.design
    session.document.select(["s", "c"])
    session.document.copy()
    other.document.paste()
    now = other.document.design
    assert now.main.nodes["s_2"].block == "graph:stage_2"
    assert now.graphs["stage_2"].nodes["conv"].params["out_channels"] == 64
    assert now.main.nodes["c_2"].params["out_channels"] == "=dim_2"
    assert dict(now.variables) == {"dim": 8, "dim_2": 64}
    assert messages == [
        "dim is 8 here, so the copies use dim_2 = 64; stage is another sub-graph here, so the copies use stage_2"
    ]
    other.document.undo()
    assert other.document.design is before  # one step, with all that came along
    session.document.cut()
    other.document.paste()
    assert "s_2" in other.document.graph.nodes
    assert not session.document.graph.nodes
    other.close()


def test_text_that_a_person_wrote_is_pasted(session: Session) -> None:
    from PySide6.QtGui import QGuiApplication

    messages: list[str] = []
    session.message.connect(lambda text, _: messages.append(text))
    session.document.edit_design("Set width", edits.set_variable, "width", 32)
    board = QGuiApplication.clipboard()
    board.setText("""
nodes:
  stem: {block: ConvStem, params: {out_channels: "=width"}}
  head: {block: ClassifierHead, params: {num_classes: 10}}
wires: [stem -> head]
""")
    session.document.paste()
    assert list(session.document.graph.nodes) == ["stem", "head"]
    assert session.document.graph.wires == (Wire("stem", "head"),)
    positions = {node.position for node in session.document.graph.nodes.values()}
    assert len(positions) == 2  # not on top of each other
    assert dict(session.document.design.variables) == {"width": 32}
    board.setText("nodes:\n  stem: {block: 3}\n")
    session.document.paste()
    assert len(session.document.graph.nodes) == 2
    assert "the text on the clipboard" in messages[-1]
    board.setText("just some prose: with a colon")
    session.document.paste()
    assert len(messages) == 1


def test_the_text_of_a_copy_is_a_design_that_means_the_same(session: Session) -> None:
    from PySide6.QtGui import QGuiApplication

    part = Graph(nodes={"conv": Node("conv", "Conv2d", {"out_channels": "=heads * dim"})}, params={"heads": 2})
    main = Graph(nodes={"s": Node("s", "graph:stage", {"heads": 4})})
    session.document.apply(Design(main=main, graphs={"stage": part}, variables={"dim": 3}), "Begin")
    session.document.enter("s")
    session.document.select(["conv"])
    session.document.copy()
    design = loads(QGuiApplication.clipboard().text())
    assert dict(design.variables) == {"heads": 4, "dim": 3}
    QGuiApplication.clipboard().setText(QGuiApplication.clipboard().text())  # as after a mail: the text alone
    session.document.leave()
    session.document.paste()
    assert session.document.graph.nodes["conv"].params["out_channels"] == "=heads * dim"
    assert dict(session.document.design.variables) == {"dim": 3, "heads": 4}


def test_junk_on_the_clipboard_is_not_pasted(session: Session) -> None:
    from PySide6.QtCore import QByteArray, QMimeData
    from PySide6.QtGui import QGuiApplication

    from composer.gui.session.clipboard import MIME

    for junk in (b"not json", b"{}", b'{"name": 3, "main": []}', b"[1]"):
        data = QMimeData()
        data.setData(MIME, QByteArray(junk))
        QGuiApplication.clipboard().setMimeData(data)
        session.document.paste()
    QGuiApplication.clipboard().setText("x")
    assert not list(session.document.graph.ids())


def test_duplicate_keeps_what_feeds_it(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    session.document.select(["attn"])
    session.document.duplicate()
    assert Wire("conv_stem", "attn_2") in session.document.graph.wires


def test_delete_and_reconnect(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    session.document.select(["attn"])
    session.document.delete_selection(reconnect=True)
    assert Wire("conv_stem", "logits") in session.document.graph.wires
    assert session.document.selection == ()
    session.document.select((), [Wire("image", "conv_stem")])
    session.document.delete_selection()
    assert session.document.graph.wires == (Wire("conv_stem", "logits"),)


def test_rename_keeps_the_selection(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    session.document.select(["attn", "conv_stem"])
    assert session.document.rename("attn", "mixer")
    assert session.document.selection == ("mixer", "conv_stem")
    assert not session.document.rename("mixer", "conv_stem")
    assert not session.document.rename("mixer", "not a name")


def test_a_sub_graph_is_entered_and_left_and_undo_leaves_one_that_vanishes(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    grouped, use = subgraphs.make(small, ["conv_stem", "attn"], "part")
    session.document.apply(grouped, "Make sub-graph")
    session.document.enter(use)
    assert session.document.graph_name == "part"
    assert session.document.instance_path == (use,)
    session.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    session.document.leave()
    assert session.document.selection == (use,)
    session.document.enter(use)
    session.document.undo()
    assert session.document.graph_name == "part"
    session.document.undo()
    assert session.document.graph_name == ""
    assert session.document.design is small


def test_stale_ids_cannot_be_selected(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    session.document.select(["attn", "ghost", "attn"], [Wire("a", "b"), Wire("attn", "logits")])
    assert session.document.selection == ("attn",)
    assert session.document.wire_selection == (Wire("attn", "logits"),)
    session.document.undo()
    assert session.document.selection == ()
    assert session.document.wire_selection == ()


def test_save_and_open(session: Session, small: Design, tmp_path: Path, qtbot: QtBot) -> None:
    session.document.apply(small, "Begin")
    assert session.document.dirty
    assert not session.save()
    assert session.save_as(tmp_path / "net.yaml")
    assert not session.document.dirty
    assert load(tmp_path / "net.yaml") == small
    session.new()
    assert session.path is None
    assert session.open(tmp_path / "net.yaml")
    assert session.document.design == small
    with qtbot.waitSignal(session.message) as message:
        assert not session.open(tmp_path / "missing.yaml")
    assert "missing.yaml: file does not exist" in message.args[0]
    assert session.document.design == small
    with qtbot.waitSignal(session.message):
        assert not session.save_as(tmp_path / "no" / "folder" / "net.yaml")


def test_a_design_without_places_is_laid_out(session: Session, tmp_path: Path, small: Design) -> None:
    from dataclasses import replace

    bare = edits.move(small, dict.fromkeys(small.main.ids(), (0.0, 0.0)))
    save(replace(bare, name="bare"), tmp_path / "bare.yaml")
    session.open(tmp_path / "bare.yaml")
    places = [session.document.graph.item(id).position for id in session.document.graph.order()]
    assert places == sorted(places)
    assert len(set(places)) == 4
    assert not session.document.dirty


def test_facts_follow_the_design(live: Session, small: Design, qtbot: QtBot) -> None:
    with qtbot.waitSignal(live.facts_changed) as change:
        live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    assert {"conv_stem", "attn"} <= change.args[0]
    assert live.facts_for("conv_stem").params == 1000
    assert live.facts.totals.params == 3000
    live.set_batch(8)
    qtbot.waitUntil(lambda: live.facts_current)
    assert live.facts_for("attn").macs == 16_000


def test_moving_asks_for_no_facts(live: Session, small: Design, qtbot: QtBot) -> None:
    live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    live.document.edit("Move", edits.move, {"attn": (9.0, 9.0)})
    assert live.facts_current


def test_only_one_request_is_in_flight_and_the_newest_design_wins(live: Session, small: Design, qtbot: QtBot) -> None:
    answers: list[int] = []
    live.facts_changed.connect(lambda _ids, revision: answers.append(revision))
    live.document.apply(small, "Begin")
    for value in range(1, 101):
        live.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": value}, merge_key="drag")
        assert len(live.engine.pending) <= 1
    qtbot.waitUntil(lambda: live.facts_current)
    assert live.facts_for("conv_stem").resolved["out_channels"] == 100
    assert len(answers) < 100


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_engine_is_told_the_design_again(live: Session, small: Design, qtbot: QtBot) -> None:
    live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    os.kill(live.engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: live.engine_state == "restarting")
    live.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": 7})
    qtbot.waitUntil(lambda: live.engine_state == "ready" and live.facts_current, timeout=20_000)
    assert live.facts_for("conv_stem").resolved["out_channels"] == 7


def test_an_engine_that_missed_a_version_gets_the_whole_design(live: Session, small: Design, qtbot: QtBot) -> None:
    live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    answers: list[object] = []
    live.request("facts", {"design": DeltaWriter().write(Design()), "batch": 1, "revision": 0}, answers.append)
    qtbot.waitUntil(lambda: bool(answers))
    for value in (7, 8):
        live.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": value})
        qtbot.waitUntil(lambda: live.facts_current)
        assert live.facts_for("conv_stem").resolved["out_channels"] == value


def test_a_network_is_named_once_a_version(session: Session, small: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    from composer.core.files import design_file

    hashed: list[Design] = []
    real = design_file.design_hash
    monkeypatch.setattr(design_file, "design_hash", lambda design: (hashed.append(design), real(design))[1])
    session.document.apply(small, "Begin")
    first = session.digest
    assert session.digest == first == real(small) and hashed == [small]
    session.document.edit("Move", edits.move, {"attn": (9.0, 9.0)})
    assert session.digest == first
    session.document.edit("Set", edits.set_params, "conv_stem", {"out_channels": 7})
    assert session.digest == real(session.document.design) != first


def test_problems_are_listed_once_each_with_their_repairs(live: Session, small: Design, qtbot: QtBot) -> None:
    assert live.problems == []
    broken = edits.remove(edits.set_params(small, "attn", {"num_heads": 5}), ["logits"])
    live.document.apply(broken, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    assert [(p.path, p.level) for p in live.problems] == [(("attn",), "error"), ((), "info")]
    assert live.problems[0].repairs[0].label == "Set num_heads to 4"
