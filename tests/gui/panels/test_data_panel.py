"""The data panel: another source, figures, the gallery, one image as the network sees it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from composer.core.graph import Design, ExtensionRef
from composer.gui.panels.data import DataPanel
from composer.gui.session.session import Session
from composer.gui.widgets.gallery import PAGE
from composer.gui.widgets.path_field import PathField
from tests.gui.fake_data import CLASSES, COUNTS
from tests.gui.tiny import tiny


@pytest.fixture
def panel(live: Session, qtbot: QtBot) -> DataPanel:
    live.document.apply(tiny(), "Start")
    panel = DataPanel(live)
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: live.data.facts is not None, timeout=20_000)
    qtbot.waitUntil(lambda: panel.gallery.count > 0)
    return panel


def drop(panel: DataPanel, path: Path) -> bool:
    """Drop a path on the panel; return whether it was accepted."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.setAccepted(False)
    panel.dropEvent(event)
    return event.isAccepted()


def test_the_figures_name_parts_sizes_and_what_the_network_takes(panel: DataPanel) -> None:
    assert panel.summary.text() == "3 classes, 900 training + 180 validation + 120 test samples"
    assert "320 × 240 to 4,000 × 3,000, median 1,024 × 768" in panel.figures.lines[0]
    assert "the network takes 8 × 8 grey, the middle is cropped" in panel.figures.lines[0]
    assert panel.figures.lines[-1] == "A fifth of the training images is held out for validation"
    assert panel.figures.broken.isHidden()
    panel.figures.toggle.click()
    assert "cat/torn.jpg: the file is cut off" in panel.figures.broken.text()
    assert panel.balance.classes == CLASSES


def test_the_gallery_fetches_only_what_is_in_view(panel: DataPanel, qtbot: QtBot) -> None:
    gallery = panel.gallery
    assert gallery.count == 900
    qtbot.waitUntil(lambda: gallery.thumbnail(0) is not None)
    assert gallery.thumbnail(0).label == "bird"
    assert gallery.thumbnail(400) is None
    gallery.verticalScrollBar().setValue(gallery.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: gallery.thumbnail(899) is not None)
    assert gallery.thumbnail(899).name == "dog/0899.png"
    assert gallery.thumbnail(400) is None  # passed over


def test_one_class_and_another_part(panel: DataPanel, qtbot: QtBot) -> None:
    at = QPoint(40, panel.balance.height() - 8)  # the last row
    qtbot.mouseClick(panel.balance, Qt.MouseButton.LeftButton, pos=at)
    assert panel.gallery.count == COUNTS["train"][2]
    qtbot.waitUntil(lambda: panel.gallery.thumbnail(0) is not None)
    assert panel.gallery.thumbnail(0).label == "dog"
    panel.part.setCurrentIndex(panel.part.findData("val"))
    panel.part.activated.emit(panel.part.currentIndex())
    assert panel.gallery.count == COUNTS["val"][2]
    assert panel.filter.text() == "dog ×"
    panel.filter.click()
    assert panel.gallery.count == sum(COUNTS["val"])
    assert panel.balance.selected is None


def test_the_selected_image_is_shown_as_the_network_sees_it(panel: DataPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not panel.sample.seen.isNull())  # the first image is selected at the start
    qtbot.keyClick(panel.gallery, Qt.Key.Key_Right)
    assert panel.gallery.current == 1
    qtbot.waitUntil(lambda: panel.sample_name.text() == "bird/0001.png · bird")
    qtbot.waitUntil(lambda: len(panel.sample.draws) == 8)
    assert panel.sample.size_in_file.width() == 1024
    assert panel.sample.crop.width() == pytest.approx(0.75)
    assert panel.sample.labels == []  # they are all of the image's own class
    panel.draw_button.click()
    qtbot.waitUntil(lambda: panel.sample.labels[:2] == ["62 % cat, 38 % dog", "bird"])
    qtbot.keyClick(panel.gallery, Qt.Key.Key_End)  # an image that has not been fetched yet
    qtbot.waitUntil(lambda: panel.sample_name.text() == "dog/0899.png · dog")


def test_a_dropped_folder_becomes_the_source_and_can_be_undone(
    panel: DataPanel, live: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    assert not drop(panel, tmp_path / "missing.txt")
    assert drop(panel, photos)
    assert live.document.design.training.data == ExtensionRef("images", {"folder": str(photos)})
    assert live.document.undo_stack.undoText() == "Train on photos"
    live.document.undo()
    assert live.document.design.training.data == ExtensionRef("digits")
    qtbot.waitUntil(lambda: live.data.facts is not None)


def test_a_folder_inside_that_of_the_design_is_written_relative_to_it(live: Session, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    live.save_as(tmp_path / "net.yaml")
    live.use_data(tmp_path / "photos")
    assert live.document.design.training.data == ExtensionRef("images", {"folder": "photos"})


def test_data_that_cannot_be_read_is_a_sentence_with_the_next_step(
    panel: DataPanel, live: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    live.use_data(tmp_path / "missing")
    qtbot.waitUntil(lambda: bool(live.data.error))
    qtbot.waitUntil(lambda: panel.status.isVisible())
    assert panel.status_title.text() == "The data cannot be read"
    assert "choose another one" in panel.status.text()
    assert panel.read_button.isVisible()
    assert panel.browse_button.isVisible()
    assert panel.browse_button.text() == "Choose…"
    assert panel.figures.isHidden()


def test_a_source_without_its_folder_asks_for_it(panel: DataPanel, live: Session, qtbot: QtBot) -> None:
    panel.source.edited.emit("data", "npz", False)
    qtbot.waitUntil(lambda: panel.status_title.text() == "Where is the data?")
    assert "drop it on this panel" in panel.status.text()
    assert panel.browse_button.isVisible()
    assert not panel.read_button.isVisible()
    assert not panel.fit.isVisible()


def test_an_empty_design_reads_nothing_until_the_panel_is_shown(live: Session, qtbot: QtBot) -> None:
    live.document.apply(Design(), "Empty")
    assert live.data.facts is None
    assert not live.data._worker.running
    assert not live.data.reading


def test_the_field_of_the_folder_is_an_edit_of_the_design(
    panel: DataPanel, live: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    live.use_data(tmp_path / "photos")
    qtbot.waitUntil(lambda: isinstance(panel.source.path_field(), PathField))
    field = panel.source.path_field()
    field.text.setFocus()
    field.text.selectAll()
    qtbot.keyClicks(field.text, str(tmp_path / "others"))
    qtbot.keyClick(field.text, Qt.Key.Key_Return)
    assert live.document.design.training.data.options["folder"] == str(tmp_path / "others")
    live.document.undo()
    qtbot.waitUntil(lambda: panel.source.path_field().text.text() == str(tmp_path / "photos"))
    share = panel.source.fields["data.val_share"]
    assert not share.isVisible()  # folded: few change it
    panel.source.more.click()
    assert share.isVisible()
    assert panel.fit.isVisible()
    panel.fit.setCurrentIndex(panel.fit.findData("pad"))
    panel.fit.activated.emit(panel.fit.currentIndex())
    assert live.document.design.training.data.options["fit"] == "pad"


def test_another_fit_leaves_the_selected_image_where_it_is(
    panel: DataPanel, live: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    live.use_data(tmp_path / "photos")
    qtbot.waitUntil(lambda: panel.gallery.thumbnail(3) is not None and live.data.facts is not None)
    panel.gallery.select(3)
    shown = []
    panel.sample.show_reply = shown.append
    panel.fit.setCurrentIndex(panel.fit.findData("stretch"))
    panel.fit.activated.emit(panel.fit.currentIndex())
    qtbot.waitUntil(lambda: len(shown) > 0)  # the network sees it in another way now
    qtbot.waitUntil(lambda: live.data.facts is not None)
    qtbot.wait(50)
    assert panel.gallery.current == 3
    assert panel.gallery.thumbnail(3) is not None
    live.use_data(tmp_path / "others")
    qtbot.waitUntil(lambda: panel.gallery.current == 0)


def test_pages_are_fetched_together(panel: DataPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel.gallery.thumbnail(0) is not None)  # no earlier page is on its way
    requests = []
    panel.gallery._fetch = lambda offset, count: requests.append((offset, count))
    panel.gallery.reset(70_000)
    qtbot.waitUntil(lambda: len(requests) > 0)
    assert requests[0] == (0, PAGE)
    bar = panel.gallery.verticalScrollBar()
    requests.clear()
    for value in range(0, bar.maximum(), bar.maximum() // 500):  # a drag through everything, without a rest
        bar.setValue(value)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: len(requests) > 0)
    assert len(requests) <= 2
    assert requests[-1][0] + requests[-1][1] == 70_000
