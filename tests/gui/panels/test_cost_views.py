"""The memory and time pages of the costs panel, and the heat maps on the canvas."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QTabBar
from pytestqt.qtbot import QtBot

from composer.core import edits, memory, roofline, units
from composer.core.device_profiles import PROFILES
from composer.core.graph import Design, Frame
from composer.gui.costs.cost_table import TITLES
from composer.gui.panels.costs import CostsPanel
from composer.gui.window import Window

Make = Callable[..., Window]


@pytest.fixture
def shown(window: Make, small: Design) -> Window:
    """A window with the small design."""
    return window(design=small)


def panel_of(window: Window) -> CostsPanel:
    panel = window.show_panel("costs")
    assert isinstance(panel, CostsPanel)
    return panel


def turn(panel: CostsPanel, page: int, qtbot: QtBot) -> None:
    bar = panel.tabs.findChild(QTabBar)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(page).center())
    qtbot.waitUntil(lambda: panel.tabs.currentIndex() == page and not panel._stale)


def choose(box: QComboBox, data: str) -> None:
    """Choose an item by keys, because the list of a drop-down is a separate window."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.findData(data)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == data


def test_the_memory_page_lists_every_part(shown: Window, qtbot: QtBot) -> None:
    panel = panel_of(shown)
    turn(panel, 1, qtbot)
    totals, values = shown.session.facts.totals, panel.parts.values
    assert panel.parts.subject.text() == "Whole network, batch 1"
    assert values["FLOPs"].text() == units.count(totals.flops)
    assert values["Frozen"].text() == "0"
    assert values["AdamW state"].text() == units.memory(memory.optimizer_bytes(totals, "adamw"))
    assert values["With SGD"].text() == units.memory(memory.training_memory(totals, "sgd").total)
    shown.session.document.select(["attn"])
    qtbot.waitUntil(lambda: panel.parts.subject.text() == "attn, batch 1")
    facts = shown.session.facts_for("attn")
    assert facts is not None
    assert values["Saved for backward"].text() == units.memory(facts.activation_bytes)


def test_the_roofline_estimate_of_a_device(shown: Window, qtbot: QtBot) -> None:
    panel, session = panel_of(shown), shown.session
    assert not session.lens.available("estimated")
    turn(panel, 2, qtbot)
    choose(panel.time.device, "h100")
    assert session.lens.device is PROFILES["h100"]
    nodes_facts = [session.facts_for(id) for id in session.document.graph.nodes]
    whole = sum(roofline.estimate(facts, PROFILES["h100"]).seconds for facts in nodes_facts if facts is not None)
    qtbot.waitUntil(lambda: units.short_time(whole) in panel.time.estimate.text())
    panel.time.precision.setFocus()
    QTest.keyClick(panel.time.precision, Qt.Key.Key_End)
    assert session.lens.precision == list(PROFILES["h100"].peaks)[-1]
    choose(panel.time.device, "this")
    qtbot.waitUntil(lambda: session.lens.device is not None and session.lens.device.title == "Fake CPU")
    assert session.lens.precision == "fp32"
    turn(panel, 0, qtbot)
    assert not panel.table.isColumnHidden(TITLES.index("Roofline"))
    assert panel.table.isColumnHidden(TITLES.index("Measured"))
    turn(panel, 2, qtbot)
    choose(panel.time.device, "")
    assert not session.lens.available("estimated")


def test_measuring_colours_the_canvas_until_the_network_changes(shown: Window, qtbot: QtBot) -> None:
    panel, session = panel_of(shown), shown.session
    turn(panel, 2, qtbot)
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.lens.measured == {"conv_stem": 0.0015, "attn": 0.0025})
    assert "4 ms per forward pass on cpu, batch 1" in panel.time.result.text()
    qtbot.waitUntil(lambda: not panel._stale)
    choose(panel.heat, "measured")
    panel.heat.activated.emit(panel.heat.currentIndex())
    assert shown.canvas.legend.accessibleName() == "Measured time: 0 to 2.5 ms"
    assert shown.canvas.scene.nodes["attn"].heat is not None
    turn(panel, 0, qtbot)
    column = TITLES.index("Measured")
    assert [panel.model.index(row, column).data() for row in range(2)] == ["1.5 ms", "2.5 ms"]
    assert "2.0 kB" in panel.model.index(0, column).data(Qt.ItemDataRole.ToolTipRole)
    session.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    assert session.lens.heat == ""
    assert not shown.canvas.legend.isVisible()
    assert shown.canvas.scene.nodes["attn"].heat is None


def test_measured_times_are_shown_inside_a_sub_graph(shown: Window, qtbot: QtBot) -> None:
    panel, session = panel_of(shown), shown.session
    session.document.select(("attn",))
    shown.canvas.view.setFocus()
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.facts_current)
    turn(panel, 2, qtbot)
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.lens.measured == {"conv_stem": 0.0015, "part": 0.0025, "part/attn": 0.0035})
    assert "took 250 µs longer" in panel.time.result.toolTip()
    session.lens.set_heat("measured")
    assert shown.canvas.legend.accessibleName() == "Measured time: 0 to 2.5 ms"
    shown.canvas.view.setFocus()
    QTest.keyClick(shown.canvas.view, Qt.Key.Key_PageDown)
    assert session.document.instance_path == ("part",)
    qtbot.waitUntil(lambda: shown.canvas.legend.accessibleName() == "Measured time: 0 to 3.5 ms")
    assert shown.canvas.scene.nodes["attn"].heat is not None
    turn(panel, 0, qtbot)
    column = TITLES.index("Measured")
    qtbot.waitUntil(lambda: panel.model.rows[0][0] == "attn")
    assert panel.model.index(0, column).data() == "3.5 ms"
    assert "2.0 kB" in panel.model.index(0, column).data(Qt.ItemDataRole.ToolTipRole)


def test_moves_and_frames_keep_a_measurement_but_an_edit_inside_a_sub_graph_drops_it(
    shown: Window, qtbot: QtBot
) -> None:
    panel, session = panel_of(shown), shown.session
    session.document.select(("attn",))
    shown.run_command("group")
    qtbot.waitUntil(lambda: session.facts_current)
    turn(panel, 2, qtbot)
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    session.document.edit("Move part", edits.move, {"part": (900.0, 80.0)})
    qtbot.waitUntil(lambda: bool(session.lens.measured))
    session.document.edit("Frame", edits.set_frames, [Frame("frame", "Head", (0.0, 0.0, 90.0, 40.0))])
    assert session.lens.measured
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    session.document.apply(
        edits.set_params(session.document.design, "attn", {"num_heads": 8}, graph="part"), "Set num_heads"
    )
    qtbot.waitUntil(lambda: "changed during" in panel.time.notice.text)
    assert not session.lens.measured


def test_a_precision_is_chosen_only_for_a_device(shown: Window, qtbot: QtBot) -> None:
    panel = panel_of(shown)
    turn(panel, 2, qtbot)
    assert panel.time.precision.isHidden()
    choose(panel.time.device, "this")
    assert panel.time.estimate.text() == "Measuring this machine"
    qtbot.waitUntil(panel.time.precision.isVisible)


def test_a_measurement_is_cancelled(shown: Window, small: Design, qtbot: QtBot) -> None:
    panel = panel_of(shown)
    shown.session.document.apply(Design("hang", small.main, variables=small.variables), "Rename")
    turn(panel, 2, qtbot)
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.time.progress.value() == 50)
    assert panel.time.measure.text() == "Cancel"
    qtbot.mouseClick(panel.time.measure, Qt.MouseButton.LeftButton)
    assert panel.time.measure.text() == "Measure"
    assert not shown.session.lens.measured


def test_the_canvas_and_the_panel_show_one_heat_map(shown: Window, qtbot: QtBot) -> None:
    panel = panel_of(shown)
    shown.session.lens.set_heat("macs")
    qtbot.waitUntil(lambda: panel.heat.currentData() == "macs")
    assert "MACs" in shown.canvas.legend.accessibleName()
    shown.session.lens.set_heat("")
    qtbot.waitUntil(lambda: panel.heat.currentData() == "")
