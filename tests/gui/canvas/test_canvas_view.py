"""The canvas as a whole: layout, fit, images, heat map, minimap, breadcrumb, renaming, menus, empty state."""

import errno
import os
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.templates import template
from composer.core.graph import Design, Wire
from composer.gui.canvas import CanvasView
from composer.gui.canvas.overlays import tips
from composer.gui.session.session import Session
from tests.gui.menus import entry_text, menu_at


def test_an_empty_canvas_shows_how_to_start(session: Session, canvas: CanvasView) -> None:
    assert not canvas.empty.isVisible()
    session.new()
    assert canvas.empty.isVisible()
    assert any("Press Tab or drag a block" in label.text() for label in canvas.empty.findChildren(QLabel))
    button = canvas.empty.findChildren(QPushButton)[0]
    button.click()
    assert canvas.scene.nodes
    assert not canvas.empty.isVisible()


def test_layout_is_one_step_of_the_history(session: Session, canvas: CanvasView) -> None:
    before, step = session.document.design, session.document.undo_stack.index()
    canvas.layout()
    assert session.document.undo_stack.index() == step + 1
    ys = {session.document.graph.item(id).position[1] for id in ("image", "conv", "norm", "add", "pool")}
    assert len(ys) == 1
    session.document.undo()
    assert session.document.design is before


def test_an_unplaced_design_is_arranged(session: Session, canvas: CanvasView, tmp_path: Path, qtbot) -> None:
    heap = edits.move(session.document.design, dict.fromkeys(session.document.graph.ids(), (0.0, 0.0)))
    design_file.save(heap, tmp_path / "heap.yaml")
    session.open(tmp_path / "heap.yaml")
    qtbot.waitUntil(lambda: session.document.graph.nodes["norm"].position[0] > 0, timeout=2000)


def test_layout_of_a_selection_moves_nothing_else(session: Session, canvas: CanvasView) -> None:
    session.document.select(("pool", "dendrites"))
    canvas.layout()
    assert session.document.graph.nodes["conv"].position == (200, 0)


def test_top_down_layout_moves_the_ports_and_is_remembered(session: Session, canvas: CanvasView) -> None:
    canvas.layout("down")
    conv, norm = canvas.scene.nodes["conv"], canvas.scene.nodes["norm"]
    assert conv.port_position(True, 0).y() > conv.pos().y()
    assert norm.pos().y() > conv.pos().y()
    session.document.undo()
    assert not canvas.scene.down
    session.document.redo()
    assert canvas.scene.down
    session.new()
    assert canvas.scene.down
    canvas.set_direction("right")


def test_layout_glides_to_the_positions_of_the_design(session: Session, canvas: CanvasView, qtbot) -> None:
    canvas.set_animated(True)
    canvas.layout()
    assert canvas.scene.nodes["norm"].pos() != QPointF(*session.document.graph.nodes["norm"].position)
    qtbot.waitUntil(
        lambda: canvas.scene.nodes["norm"].pos() == QPointF(*session.document.graph.nodes["norm"].position),
        timeout=2000,
    )
    session.document.edit("Move", edits.move, {"norm": (0, 0)})
    assert canvas.scene.nodes["norm"].pos() == QPointF(0, 0)


def test_layout_fits_the_final_extent_into_the_view(session: Session, canvas: CanvasView, qtbot) -> None:
    far = {id: (index * 3000.0, 0.0) for index, id in enumerate(session.document.graph.ids())}
    session.document.edit("Move", edits.move, far)
    canvas.set_animated(True)
    canvas.layout()
    last = [*session.document.graph.ids()][-1]
    qtbot.waitUntil(
        lambda: canvas.scene.nodes[last].pos() == QPointF(*session.document.graph.item(last).position), timeout=2000
    )
    qtbot.wait(300)  # the view's own movement
    seen = canvas.view.visible_rect()
    assert seen.contains(canvas.scene.extent())
    assert canvas.view.current_scale == pytest.approx(canvas.view.scale_for(canvas.scene.extent(), 1.0), rel=0.01)


def test_fit_shows_everything_or_the_selection(session: Session, canvas: CanvasView) -> None:
    canvas.view.show_at(3.0, QPointF(-3000, 900))
    canvas.fit()
    assert canvas.view.visible_rect().contains(canvas.scene.extent())
    session.document.select(("conv",))
    canvas.fit_selection()
    assert (canvas.view.visible_rect().center() - QPointF(200, 0)).manhattanLength() < 3
    canvas.view.show_at(0.4, QPointF(100, 100))
    canvas.zoom_reset()
    assert canvas.view.current_scale == pytest.approx(1.0)
    assert session.document.add_at_view_center("Conv2d")
    assert session.document.graph.nodes[session.document.selection[0]].position == (100, 100)


@pytest.mark.parametrize("extension", ["png", "svg", "pdf"])
def test_an_image_contains_the_whole_graph_without_the_selection(
    session: Session, canvas: CanvasView, tmp_path: Path, extension: str
) -> None:
    session.document.select(("conv",))
    canvas.view.show_at(0.2, QPointF(0, 0))
    path = tmp_path / f"net.{extension}"
    canvas.export_image(path)
    assert path.stat().st_size > 2000
    assert canvas.scene.nodes["conv"].selected
    if extension == "png":
        assert QImage(str(path)).width() > 2 * canvas.scene.extent().width()
    if extension == "svg":
        text = path.read_text()
        assert "dendrites" in text
        families = set(re.findall('font-family="([^"]*)"', text))
        assert families and all(
            family.endswith(", sans-serif") for family in families
        )  # elsewhere the first may be missing


@pytest.mark.parametrize("extension", ["png", "svg", "pdf"])
def test_an_image_is_complete_or_not_written(
    canvas: CanvasView, tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / f"net.{extension}"
    path.write_text("old")
    monkeypatch.setattr("composer.core.files.atomic.os.fsync", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        canvas.export_image(path)
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir() if "net" in file.name] == [path.name]


def test_an_image_that_cannot_be_written_is_a_user_error(canvas: CanvasView, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="use one of the extensions"):
        canvas.export_image(tmp_path / "net.bmp")
    with pytest.raises(UserError, match="cannot be written"):
        canvas.export_image(tmp_path / "nowhere" / "net.png")


def test_the_heat_map_colors_cards_and_has_a_legend(session: Session, canvas: CanvasView) -> None:
    session.lens.set_heat("macs")
    assert canvas.legend.isVisible()
    assert canvas.scene.nodes["conv"].heat is not None
    session.lens.set_heat("")
    assert canvas.scene.nodes["conv"].heat is None
    assert not canvas.legend.isVisible()
    canvas.heat.show({"conv": 1.0}, "Time", "3 ms")
    assert canvas.scene.nodes["norm"].heat is None
    assert "Time" in canvas.legend.accessibleName()
    canvas.heat.show(None)


def test_the_minimap_is_visible_while_something_is_out_of_view_and_moves_the_view(
    session: Session, canvas: CanvasView, qtbot
) -> None:
    canvas.view.show_at(2.0, QPointF(0, 0))
    qtbot.waitUntil(canvas.minimap.isVisible, timeout=1000)
    canvas.minimap.grab()
    QTest.mouseClick(
        canvas.minimap, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, canvas.minimap.rect().center()
    )
    assert (canvas.view.visible_rect().center() - canvas.scene.extent().center()).manhattanLength() < 60
    canvas.fit()
    qtbot.waitUntil(lambda: not canvas.minimap.isVisible(), timeout=1000)


def test_the_breadcrumb_goes_back(session: Session, canvas: CanvasView) -> None:
    session.document.enter("stage")
    names = [button.text() for button in canvas.breadcrumb.findChildren(QToolButton) if button.isVisible()]
    assert names == ["Small", "stage"]
    canvas.breadcrumb.findChildren(QToolButton)[-2].click()
    assert session.document.instance_path == ()


def test_another_design_opens_from_inside_a_sub_graph(session: Session, canvas: CanvasView) -> None:
    session.document.enter("stage")
    drawn = []
    canvas.scene.rebuilt.connect(lambda: drawn.append(session.document.design.name))
    session.open_template(template("dendritic_mlp"))
    assert (session.document.instance_path, list(canvas.scene.nodes)) == ((), list(session.document.graph.ids()))
    assert set(canvas.scene.wires) == set(session.document.graph.wires)
    assert drawn == [session.document.design.name]


def test_rename_in_place(session: Session, canvas: CanvasView) -> None:
    session.document.select(("conv",))
    canvas.rename()
    assert canvas.field.isVisible()
    QTest.keyClicks(canvas.field, "stem")
    QTest.keyClick(canvas.field, Qt.Key.Key_Return)
    assert "stem" in canvas.scene.nodes
    assert Wire("stem", "norm") in canvas.scene.wires
    canvas.rename("norm")
    canvas.field.setText("two words")
    QTest.keyClick(canvas.field, Qt.Key.Key_Return)
    assert "norm" in session.document.graph.nodes
    QTest.keyClick(canvas.field, Qt.Key.Key_Escape)
    assert not canvas.field.isVisible()


def test_a_name_that_cannot_be_used_is_refused_with_its_reason_below_the_field(
    session: Session, canvas: CanvasView
) -> None:
    canvas.rename("norm")
    field = canvas.field
    assert not field.reason.isVisible()
    QTest.keyClicks(field, "conv")  # the name of another node
    assert field.reason.isVisible()
    assert field.reason.text() == "conv is already used in this graph"
    assert field.reason.geometry().top() > field.geometry().bottom()
    field.selectAll()
    QTest.keyClicks(field, "norm_2")
    assert not field.reason.isVisible()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.reason.text() == "The name is empty; use letters, digits and underscores"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.reason.isVisible()


def test_context_menus_depend_on_the_target(session: Session, canvas: CanvasView) -> None:
    def texts(point: QPointF) -> list[str]:
        return [entry_text(a) for a in menu_at(canvas.actions, canvas.context, point).actions() if a.text()]

    assert "Enter sub-graph" in texts(canvas.scene.nodes["stage"].pos())
    assert not {"Arrange", "Arrange selection"} & set(texts(canvas.scene.nodes["stage"].pos()))
    assert session.document.selection == ("stage",)
    assert "Delete" in texts(canvas.scene.wires[Wire("pool", "dendrites")].path.pointAtPercent(0.2))
    assert "Add block…" in texts(QPointF(600, 300))
    session.document.select(("conv", "norm"))
    assert "Arrange selection" in texts(canvas.scene.nodes["norm"].pos())
    session.document.select(())
    menu = menu_at(canvas.actions, canvas.context, canvas.scene.nodes["norm"].pos())
    next(action for action in menu.actions() if entry_text(action) == "Delete and reconnect").trigger()
    assert Wire("conv", "add") in session.document.graph.wires
    assert "norm" not in session.document.graph.nodes


def test_tooltips_show_the_facts(session: Session, canvas: CanvasView) -> None:
    text = tips.tip(canvas.scene, QPointF(200, 0), 4)
    assert "conv" in text
    assert "1 × 8 × 32 × 32" in text
    wire = canvas.scene.wires[Wire("pool", "dendrites")]
    assert "vector" in tips.tip(canvas.scene, wire.path.pointAtPercent(0.3), 4)
    assert tips.tip(canvas.scene, QPointF(600, 300), 4) == ""


def test_the_canvas_follows_the_theme(session: Session, canvas: CanvasView, qapp) -> None:
    from composer.gui.look import theme

    light = canvas.grab().toImage().pixelColor(700, 700).lightness()
    theme.apply(qapp, "dark")
    session.theme_changed.emit()
    assert canvas.grab().toImage().pixelColor(700, 700).lightness() < light - 100


def test_a_new_design_replaces_the_old_one(session: Session, canvas: CanvasView) -> None:
    session.document.edit_design("Rename", lambda design: Design("Other", design.main, design.graphs))
    assert canvas.breadcrumb.findChildren(QToolButton)[-1].text() == "Other"
