"""The attention panel: images, maps of every kind, positions, the canvas, runs, errors; once with the real engine."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer import paths
from composer.core import edits, run_table
from composer.core.files.run_folder import RunInfo, read_run
from composer.core.graph import Graph, Input, Node
from composer.gui.panels.attention import AttentionPanel
from composer.gui.session.session import Session
from tests.gui.tiny import tiny, write_run


@pytest.fixture
def session(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session((sys.executable, str(Path(__file__).parents[1] / "fake_maps.py"), str(tmp_path)))
    design = tiny()
    for id in ("attn", "dend"):
        design = design.with_graph("", _with(design.main, id))
    session.document.apply(design, "Begin")
    session.start_engine()
    qtbot.waitUntil(lambda: session.engine_state == "ready", timeout=20_000)
    yield session
    session.close()


def _with(graph: Graph, id: str) -> Graph:
    return replace(graph, nodes={**graph.nodes, id: Node(id, "Identity")})


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> AttentionPanel:
    return shown(session, qtbot)


def shown(session: Session, qtbot: QtBot) -> AttentionPanel:
    panel = AttentionPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: panel.strip.count() > 0, timeout=30_000)
    return panel


def capture(panel: AttentionPanel, qtbot: QtBot, row: int = 2) -> None:
    qtbot.mouseClick(
        panel.strip.viewport(),
        Qt.MouseButton.LeftButton,
        pos=panel.strip.visualItemRect(panel.strip.item(row)).center(),
    )
    qtbot.waitUntil(lambda: bool(panel.maps), timeout=30_000)


def test_it_teaches_before_an_image_is_chosen(panel: AttentionPanel) -> None:
    assert panel.view.title.text() == "Choose an image"
    assert panel.strip.count() == 6
    assert panel.weights.currentText() == "Untrained weights"
    assert not panel.controls.isVisible()


def test_it_says_why_there_are_no_images(panel: AttentionPanel, session: Session, qtbot: QtBot) -> None:
    session.document.edit("Add", edits.add, Input("other", (1, 8, 8)))
    qtbot.waitUntil(lambda: panel.view.title.text() == "No sample images")
    panel.refresh()  # as after each edit
    assert panel.view.text.text() == "The design has 2 inputs, but image data fills exactly one"
    session.document.undo()
    qtbot.waitUntil(lambda: panel.view.title.text() == "Choose an image" and panel.strip.count() == 6)


def test_a_click_on_an_image_shows_its_attention_and_the_prediction(panel: AttentionPanel, qtbot: QtBot) -> None:
    capture(panel, qtbot)
    titles = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert titles == ["stem: channel", "attn: token_pairs", "stage.0.sk: branch", "dend: segment"]
    assert panel.current_map is not None
    assert panel.current_map.node == "attn"  # the first that lies over the image
    assert panel.view.currentWidget() is panel.view.heat
    place = panel.view.heat.image_rect()
    assert place.width() == place.height()
    assert place.width() % 16 == 0  # whole factors only
    assert panel.controls.prediction.rows[0] == ("9", 0.9)
    assert panel.controls.prediction.truth == "9"
    assert "random" in panel.controls.notes.text()


def test_a_click_on_the_picture_asks_that_place(panel: AttentionPanel, qtbot: QtBot) -> None:
    capture(panel, qtbot)
    heat = panel.view.heat
    place = heat.image_rect()
    at = QPoint(int(place.left() + 0.6 * place.width()), int(place.top() + 0.9 * place.height()))
    qtbot.mouseClick(heat, Qt.MouseButton.LeftButton, pos=at)
    assert heat.mark == (0.75, 0.5, 0.25, 0.25)
    assert heat.values[3, 2] == pytest.approx(0.75)
    assert heat.values.sum() == pytest.approx(0.75)
    panel.controls.views.setCurrentIndex(2)
    panel.controls.views.activated.emit(2)
    assert panel.controls.views.currentText() == "Head 2"
    assert heat.values[3, 2] == pytest.approx(0.5)
    qtbot.mouseMove(heat, at)
    qtbot.waitUntil(lambda: heat.readout.isVisible())
    assert heat.readout.text() == "0.5  in row 4, column 3"
    qtbot.mouseClick(panel.controls.clear_mark, Qt.MouseButton.LeftButton)
    assert heat.mark is None
    assert panel.controls.views.currentText() == "Received, mean of heads"


def test_gates_branches_and_segments_are_bars(panel: AttentionPanel, qtbot: QtBot) -> None:
    capture(panel, qtbot)
    bars = panel.view.bars
    panel.list.setCurrentRow(0)
    assert panel.view.currentWidget() is bars
    assert (len(bars.values), bars.axis) == (24, "channel")
    panel.list.setCurrentRow(2)
    assert bars.values == pytest.approx([0.3, 0.7])
    panel.controls.view_selected.emit(1)
    assert panel.view.currentWidget() is panel.view.heat
    panel.list.setCurrentRow(3)
    assert bars.values == [1, 3, 0]


def test_the_list_follows_the_canvas(panel: AttentionPanel, session: Session, qtbot: QtBot) -> None:
    capture(panel, qtbot)
    session.document.select(["dend"])
    assert panel.current_map is not None
    assert panel.current_map.node == "dend"
    session.document.select(["head"])  # has no map: what is shown stays
    assert panel.current_map.node == "dend"


def test_maps_that_went_with_their_engine_are_made_again(
    panel: AttentionPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    capture(panel, qtbot)
    session.restart_engine()
    for file in tmp_path.glob("netcomposer-fake-maps-*/*.npy"):
        file.unlink()  # as the real engine does at its end
    qtbot.waitUntil(lambda: session.engine_state == "ready")
    panel.list.setCurrentRow(3)
    assert panel.view.title.text() == "This map no longer exists"
    again = panel.notice.action("Capture again")
    assert again is not None
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel._request is None)
    assert panel.notice.text == ""
    assert panel.view.currentWidget() is panel.view.bars


def test_opacity_and_colours_change_the_picture_that_is_saved(
    panel: AttentionPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    capture(panel, qtbot)
    colors_at_corner = set()
    for opacity, colors in ((0, 0), (100, 0), (100, 1)):
        panel.controls.opacity.setValue(opacity)
        panel.controls.colors.setCurrentIndex(colors)
        path = tmp_path / f"{opacity}-{colors}.png"
        assert panel.save_image_to(str(path))
        picture = QImage(str(path))
        assert picture.height() >= 512
        colors_at_corner.add(picture.pixelColor(40, 40).name())
    assert len(colors_at_corner) == 3


def test_weights_come_from_the_newest_run_of_this_network(session: Session, home: Path, qtbot: QtBot) -> None:
    write_run(home / "runs" / "old", session.document.design, created=1e9)
    newest = write_run(home / "runs" / "new", session.document.design, created=2e9)
    write_run(home / "runs" / "other", tiny(), created=3e9)
    panel = shown(session, qtbot)
    qtbot.waitUntil(lambda: panel.weights.currentData() == str(newest))
    assert "another design" in panel.weights.itemText(2)
    capture(panel, qtbot)
    assert "Run new" in panel.controls.notes.text()
    session.show_run(home / "runs" / "old", "attention")
    qtbot.waitUntil(lambda: "Run old" in panel.controls.notes.text())


def test_the_list_of_runs_is_read_in_a_thread(
    session: Session, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a thousand runs takes most of a second, which the window must not wait for."""
    runs = [write_run(home / "runs" / name, session.document.design) for name in ("a", "b", "c")]
    readers: list[tuple[Path, bool]] = []

    def read(folder: Path) -> RunInfo:
        readers.append((folder, threading.current_thread() is threading.main_thread()))
        return read_run(folder)

    monkeypatch.setattr(run_table, "read_run", read)
    panel = shown(session, qtbot)
    qtbot.waitUntil(lambda: panel.weights.count() == len(runs) + 1)
    assert sorted(set(readers)) == [(run, False) for run in runs]
    # The one run that another panel selects is read immediately, so that its weights are found to be gone.
    for checkpoint in runs[1].glob("checkpoints/*"):
        checkpoint.unlink()
    session.show_sample(runs[1], "val", 0, "x")
    assert (runs[1], True) in readers
    assert "The weights of this run are gone" in panel.notice.text


def test_weights_that_cannot_be_read_are_tried_once(session: Session, home: Path, qtbot: QtBot) -> None:
    write_run(home / "runs" / "good", session.document.design, created=2e9)
    write_run(home / "runs" / "torn", session.document.design, created=1e9)
    panel = shown(session, qtbot)
    capture(panel, qtbot)
    requests: list[str] = []
    panel.capture = lambda capture=panel.capture: (requests.append("capture"), capture())  # type: ignore[method-assign]
    session.show_run(home / "runs" / "torn", "attention")
    qtbot.waitUntil(lambda: "not a readable checkpoint" in panel.notice.text)
    qtbot.wait(200)  # each answer changes the state of the engine, and the panel hears of that
    assert requests == ["capture"]
    assert "not a readable checkpoint" in panel.notice.text


def test_another_design_is_not_looked_at_unasked(session: Session, home: Path, qtbot: QtBot) -> None:
    write_run(home / "runs" / "trained", session.document.design)
    panel = shown(session, qtbot)
    capture(panel, qtbot)
    assert "Run trained" in panel.controls.notes.text()
    session.document.apply(tiny(), "Open another")  # its weights are not trained, and it may be large
    qtbot.waitUntil(lambda: "has changed" in panel.notice.text)
    assert "Run trained" in panel.controls.notes.text()


def test_a_sample_of_a_run_is_shown_in_the_network_of_that_run(session: Session, home: Path, qtbot: QtBot) -> None:
    run = write_run(home / "runs" / "trained", tiny())
    panel = shown(session, qtbot)
    assert panel.weights.currentText() == "Untrained weights"
    session.show_sample(run, "test", 17, "cats/a.png")
    qtbot.waitUntil(lambda: bool(panel.maps))
    assert panel.weights.currentData() == str(run)
    assert panel.strip.currentItem().toolTip() == "cats/a.png"
    assert panel._image == {"sample": 17, "part": "test", "name": "cats/a.png"}
    images = panel.strip.count()
    session.show_sample(run, "test", 17, "cats/a.png")  # again: it is in the strip already
    assert panel.strip.count() == images
    qtbot.waitUntil(lambda: panel._request is None)
    session.show_sample(home / "gone", "val", 0, "x")
    assert "The weights of this run are gone" in panel.notice.text


def test_a_dropped_file_and_an_error_that_is_a_sentence(panel: AttentionPanel, tmp_path: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "gone.png"))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(panel, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    qtbot.waitUntil(lambda: panel.notice.level == "error")
    assert panel.notice.text == "gone.png: file not found"
    assert "Traceback" in panel.notice.details
    QImage(8, 8, QImage.Format.Format_RGB32).save(str(tmp_path / "gone.png"))
    panel.capture()
    qtbot.waitUntil(lambda: bool(panel.maps))
    assert panel.notice.text == ""


def test_a_changed_design_is_offered_to_be_looked_at_again(
    panel: AttentionPanel, session: Session, qtbot: QtBot
) -> None:
    capture(panel, qtbot)
    session.document.apply(
        session.document.design.with_graph("", _with(session.document.design.main, "more")), "Add more"
    )
    qtbot.waitUntil(lambda: "has changed" in panel.notice.text)
    again = panel.notice.action("Capture again")
    assert again is not None
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel._request is None)
    assert panel.notice.text == ""


def test_the_real_engine(qapp: QApplication, qtbot: QtBot) -> None:
    session = Session()
    try:
        assert session.open(paths.TEMPLATES / "hybrid_digits.yaml")
        session.start_engine()
        panel = shown(session, qtbot)
        capture(panel, qtbot)
        session.document.select(["attn"])
        assert panel.current_map is not None
        assert panel.current_map.node == "attn"
        assert panel.view.heat.values.shape == (8, 8)
        place = panel.view.heat.image_rect().center().toPoint()
        qtbot.mouseClick(panel.view.heat, Qt.MouseButton.LeftButton, pos=place)
        assert panel.view.heat.values.sum() == pytest.approx(1.0, abs=1e-4)
        assert len(panel.controls.prediction.rows) == 5
    finally:
        session.close()
