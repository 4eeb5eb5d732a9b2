"""The inspector: values are typed, stepped, chosen, reset and unlocked, each as one undo step."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits, subgraphs
from composer.core.facts import Repair
from composer.core.files.templates import load_template
from composer.core.graph import Design, Each
from composer.gui.inspector.design_page import DesignPage
from composer.gui.inspector.end_page import EndPage
from composer.gui.inspector.node_page import NodePage
from composer.gui.look import theme
from composer.gui.panels.inspector import InspectorPanel
from composer.gui.session.session import Session


@pytest.fixture
def panel(live: Session, small: Design, qtbot: QtBot) -> InspectorPanel:
    live.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: live.facts_current)
    inspector = InspectorPanel(live)
    qtbot.addWidget(inspector)
    inspector.resize(320, 700)
    with qtbot.waitExposed(inspector):
        inspector.show()
    return inspector


def page(panel: InspectorPanel, qtbot: QtBot, *ids: str) -> NodePage:
    panel.session.document.select(ids)
    qtbot.waitUntil(lambda: isinstance(panel.page, NodePage) and panel.page.ids == ids)
    assert isinstance(panel.page, NodePage)
    return panel.page


def type_in(field, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, end)


def params(panel: InspectorPanel, id: str = "conv_stem") -> dict[str, object]:
    return dict(panel.session.document.graph.nodes[id].params)


def test_a_typed_number_is_one_step(panel: InspectorPanel, qtbot: QtBot) -> None:
    field = page(panel, qtbot, "conv_stem").rows["out_channels"].field
    assert field.text() == "64"
    type_in(field, "32*3")
    assert params(panel)["out_channels"] == 96
    qtbot.waitUntil(lambda: field.text() == "96")
    panel.session.document.undo()
    assert params(panel)["out_channels"] == 64
    qtbot.waitUntil(lambda: field.text() == "64")


def test_leaving_the_field_commits_once(panel: InspectorPanel, qtbot: QtBot) -> None:
    rows = page(panel, qtbot, "conv_stem").rows
    count = panel.session.document.undo_stack.count()
    type_in(rows["out_channels"].field, "48", Qt.Key.Key_Tab)
    assert params(panel)["out_channels"] == 48
    assert panel.session.document.undo_stack.count() == count + 1


def test_an_expression_is_stored_and_its_value_shown(panel: InspectorPanel, qtbot: QtBot) -> None:
    field = page(panel, qtbot, "conv_stem").rows["out_channels"].field
    type_in(field, "=width*2")
    assert params(panel)["out_channels"] == "=width*2"
    type_in(field, "width*4")
    assert params(panel)["out_channels"] == "=width*4"
    type_in(field, "each 8, 16")
    assert params(panel)["out_channels"] == Each((8, 16))


def test_an_invalid_value_is_marked_and_not_applied_until_escape_restores_the_old_one(
    panel: InspectorPanel, qtbot: QtBot
) -> None:
    row = page(panel, qtbot, "conv_stem").rows["out_channels"]
    type_in(row.field, "many")
    assert row.field.property("invalid")
    assert row.problem.isVisible()
    assert params(panel)["out_channels"] == 64
    page(panel, qtbot, "conv_stem").update_values()  # facts that arrive leave the text and its message together
    assert (row.field.text(), row.problem.isVisible()) == ("many", True)
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert (row.field.text(), row.problem.isVisible(), row.field.property("invalid")) == ("64", False, False)
    type_in(row.field, "65")
    assert not row.problem.isVisible()
    assert params(panel)["out_channels"] == 65


def test_a_refused_text_and_its_message_go_away_together(panel: InspectorPanel, qtbot: QtBot) -> None:
    form = page(panel, qtbot, "conv_stem")
    row = form.rows["out_channels"]
    type_in(row.field, "3.7")
    assert row.problem.isVisible()
    form.rows["kernel_size"].field.setFocus()
    form.update_values()
    assert (row.field.text(), row.problem.isVisible(), row.field.property("invalid")) == ("64", False, False)


def test_reset_restores_the_default(panel: InspectorPanel, qtbot: QtBot) -> None:
    row = page(panel, qtbot, "conv_stem").rows["out_channels"]
    assert row.end.isVisible()
    qtbot.mouseClick(row.end, Qt.MouseButton.LeftButton)
    assert "out_channels" not in params(panel)
    qtbot.waitUntil(lambda: not row.end.isVisible())


def test_an_inferred_value_is_grey_until_it_is_unlocked(panel: InspectorPanel, qtbot: QtBot) -> None:
    row = page(panel, qtbot, "conv_stem").rows["in_channels"]
    assert row.field.isReadOnly()
    assert row.field.text() == "3"
    qtbot.mouseClick(row.end, Qt.MouseButton.LeftButton)
    assert params(panel)["in_channels"] == 3
    qtbot.waitUntil(lambda: not row.field.isReadOnly())
    type_in(row.field, "1")
    assert params(panel)["in_channels"] == 1


def test_choices_and_switches(panel: InspectorPanel, qtbot: QtBot) -> None:
    rows = page(panel, qtbot, "attn").rows
    switch = rows["qkv_bias"]
    before = switch.check.isChecked()
    qtbot.mouseClick(switch.check, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.check.height() // 2))
    assert params(panel, "attn")["qkv_bias"] is not before
    combo = rows["norm"].combo
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert params(panel, "attn")["norm"] == rows["norm"].choices()[1]
    rows["norm"].write_expression()
    type_in(rows["norm"].field, "=style")
    assert params(panel, "attn")["norm"] == "=style"


def test_steps_of_one_gesture_are_one_step_of_the_history(panel: InspectorPanel, qtbot: QtBot) -> None:
    field = page(panel, qtbot, "attn").rows["num_heads"].field
    count = panel.session.document.undo_stack.count()
    field.setFocus()
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert params(panel, "attn")["num_heads"] == 7
    at = QPointF(field.rect().center())
    wheel = QWheelEvent(
        at,
        field.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, wheel)
    assert params(panel, "attn")["num_heads"] == 8
    assert panel.session.document.undo_stack.count() == count + 1
    panel.session.document.undo()
    assert params(panel, "attn")["num_heads"] == 4


def test_dragging_the_label_scrubs_the_number(panel: InspectorPanel, qtbot: QtBot) -> None:
    row = page(panel, qtbot, "attn").rows["num_heads"]
    qtbot.mousePress(row.name, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    qtbot.mouseMove(row.name, QPoint(28, 10))
    qtbot.mouseRelease(row.name, Qt.MouseButton.LeftButton, pos=QPoint(28, 10))
    assert params(panel, "attn")["num_heads"] == 7


def test_rename_repeat_and_note(panel: InspectorPanel, qtbot: QtBot) -> None:
    form = page(panel, qtbot, "attn")
    type_in(form.header.name, "mixer")
    assert "mixer" in panel.session.document.graph.nodes
    form = page(panel, qtbot, "mixer")
    type_in(form.header.name, "conv_stem")
    assert form.header.name.property("invalid")
    type_in(form.repeat.field, "each 1, 2")
    assert "a value per iteration" in form.repeat.problem.text()
    assert panel.session.document.graph.nodes["mixer"].repeat == 1
    type_in(form.repeat.field, "6")
    assert panel.session.document.graph.nodes["mixer"].repeat == 6
    form.note.setFocus()
    QTest.keyClicks(form.note, "as in the paper")
    form.repeat.field.setFocus()
    assert panel.session.document.graph.nodes["mixer"].note == "as in the paper"


def test_several_nodes_of_one_block_are_changed_together(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.session.document.select(["attn"])
    panel.session.document.duplicate()
    panel.session.document.edit("Set", edits.set_params, "attn_2", {"num_heads": 8})
    form = page(panel, qtbot, "attn", "attn_2")
    assert form.rows["num_heads"].field.placeholderText() == "several values"
    type_in(form.rows["num_heads"].field, "2")
    assert params(panel, "attn")["num_heads"] == params(panel, "attn_2")["num_heads"] == 2
    panel.session.document.undo()
    assert (params(panel, "attn")["num_heads"], params(panel, "attn_2")["num_heads"]) == (4, 8)


def test_a_selection_of_different_blocks_shows_a_message(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.session.document.select(["attn", "conv_stem"])
    qtbot.waitUntil(lambda: panel.page is None)


def test_the_shape_and_type_of_an_input(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.session.document.select(["image"])
    qtbot.waitUntil(lambda: isinstance(panel.page, EndPage))
    type_in(panel.page.shape, "1, 28, 28")
    assert panel.session.document.graph.inputs["image"].shape == (1, 28, 28)
    type_in(panel.page.shape, "1, -2")
    assert panel.page.problem.isVisible()
    assert panel.session.document.graph.inputs["image"].shape == (1, 28, 28)


def test_variables_are_added_changed_and_removed(panel: InspectorPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: isinstance(panel.page, DesignPage))
    design = panel.page
    type_in(design.new_name, "depth")
    type_in(design.new_value, "2*6")
    assert panel.session.document.design.variables == {"width": 32, "depth": 12}
    qtbot.waitUntil(lambda: "depth" in design.fields)
    type_in(design.fields["depth"], "=width / 4")
    assert panel.session.document.design.variables["depth"] == "=width / 4"
    type_in(design.new_name, "not a name")
    type_in(design.new_value, "1")
    assert design.problem.isVisible()
    type_in(design.header.name, "My network")
    assert panel.session.document.design.name == "My network"


def test_a_sub_graph_shows_what_it_exposes(panel: InspectorPanel, small: Design, qtbot: QtBot) -> None:
    grouped, use = subgraphs.make(small, ["conv_stem", "attn"], "part")
    grouped, _ = subgraphs.expose(grouped, "attn", "num_heads", 4, graph="part")
    panel.session.document.apply(grouped, "Group")
    form = page(panel, qtbot, use)
    name = next(iter(grouped.graphs["part"].params))
    type_in(form.rows[name].field, "8")
    assert params(panel, use) == {name: 8}
    panel.session.document.enter(use)
    qtbot.waitUntil(lambda: isinstance(panel.page, DesignPage) and panel.page.graph_name == "part")
    type_in(panel.page.header.name, "stage")
    assert "stage" in panel.session.document.design.graphs


def test_an_error_is_shown_with_its_repairs(panel: InspectorPanel, qtbot: QtBot) -> None:
    form = page(panel, qtbot, "attn")
    type_in(form.rows["num_heads"].field, "5")
    qtbot.waitUntil(lambda: panel.session.facts_for("attn").error is not None)
    qtbot.waitUntil(lambda: any(b.text() == "Set num_heads to 4" for b in form.findChildren(QPushButton)))
    repair = next(b for b in form.findChildren(QPushButton) if b.text() == "Set num_heads to 4")
    qtbot.mouseClick(repair, Qt.MouseButton.LeftButton)
    assert params(panel, "attn")["num_heads"] == 4


WIDE_REPAIR = "Wire conv_stem -> mb_conv through a 1x1 convolution to 1 channels"


def test_a_long_repair_does_not_widen_the_page(
    panel: InspectorPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    repairs = (Repair(WIDE_REPAIR),)
    monkeypatch.setattr(panel.session.offers, "of", lambda *_: repairs)
    form = page(panel, qtbot, "attn")
    type_in(form.rows["num_heads"].field, "5")

    def laid_out() -> None:
        buttons = [b for b in form.findChildren(QPushButton) if b.text() == WIDE_REPAIR and b.isVisible()]
        assert len(buttons) == 1  # facts that arrive again replace the button
        assert buttons[0].height() > theme.CONTROL  # its label takes more than one line
        assert buttons[0].mapTo(panel, buttons[0].rect().topRight()).x() < panel.width()

    qtbot.waitUntil(laid_out)
    assert form.width() < panel.width()


def test_typing_survives_facts_that_arrive(panel: InspectorPanel, qtbot: QtBot) -> None:
    form = page(panel, qtbot, "conv_stem")
    field = form.rows["out_channels"].field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    panel.session.set_batch(4)
    qtbot.waitUntil(lambda: panel.session.facts_current)
    form.update_values()
    assert field.text() == "12"


def test_another_node_of_the_same_block_reuses_the_form(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.session.document.select(["conv_stem"])
    panel.session.document.duplicate()
    panel.session.document.edit("Set", edits.set_params, "conv_stem_2", {"out_channels": 24})
    first = page(panel, qtbot, "conv_stem")
    second = page(panel, qtbot, "conv_stem_2")
    assert second is first
    assert second.rows["out_channels"].field.text() == "24"
    assert second.header.name.text() == "conv_stem_2"
    type_in(second.rows["out_channels"].field, "40")
    assert (params(panel)["out_channels"], params(panel, "conv_stem_2")["out_channels"]) == (64, 40)


def test_typed_text_is_never_applied_to_another_node(panel: InspectorPanel, qtbot: QtBot) -> None:
    panel.session.document.select(["conv_stem"])
    panel.session.document.duplicate()
    field = page(panel, qtbot, "conv_stem").rows["out_channels"].field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "99")
    page(panel, qtbot, "conv_stem_2")
    assert params(panel, "conv_stem_2")["out_channels"] == 64


def test_a_variant_is_chosen_in_one_step(panel: InspectorPanel, qtbot: QtBot) -> None:
    document = panel.session.document
    document.apply(load_template("swin_tiny"), "Begin")
    qtbot.waitUntil(lambda: isinstance(panel.page, DesignPage) and panel.page.variants.count() == 3)
    design_page = panel.page
    assert isinstance(design_page, DesignPage)
    variants = design_page.variants
    assert [variants.itemText(index) for index in range(3)] == ["Swin-T", "Swin-S", "Swin-B"]
    variants.setCurrentIndex(1)
    variants.activated.emit(1)
    assert (document.design.name, document.design.variables["depths"]) == ("Swin-S", (2, 2, 18, 2))
    qtbot.waitUntil(lambda: design_page.fields["depths"].text() == "2, 2, 18, 2")
    type_in(design_page.fields["depths"], "2, 2, 4, 2")
    assert document.design.variables["depths"] == (2, 2, 4, 2)
    qtbot.waitUntil(lambda: variants.currentText() == "other values")
    document.undo()
    document.undo()
    qtbot.waitUntil(lambda: variants.currentText() == "Swin-T")
    assert document.design.name == "Swin-T"
