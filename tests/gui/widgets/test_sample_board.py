"""The validation images of a run: tiles that fit the width, marks of right and wrong, a slider through the epochs."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from composer.core.files.run_samples import read_samples, sample_epochs
from composer.gui.widgets.sample_board import SampleBoard


def write_epoch(run: Path, epoch: int, *, predicted: str = "cat") -> None:
    """Write the images of an epoch as a training does."""
    folder = run / "samples" / f"epoch_{epoch:04d}"
    folder.mkdir(parents=True)
    rows = []
    for number in range(8):
        for path in (folder.parent / f"image_{number}.png", folder / f"{number}.png"):
            image = QImage(32, 32, QImage.Format.Format_RGB32)
            image.fill(Qt.GlobalColor.darkGreen if path.parent == folder else Qt.GlobalColor.darkRed)
            image.save(str(path))
        files = {"image": f"samples/image_{number}.png", "file": f"samples/{folder.name}/{number}.png"}
        rows.append({"name": f"val {number}", "label": "cat", "predicted": predicted, "score": 0.75, **files})
    content = {"epoch": epoch, "map": "attn: attention", "note": "", "images": rows}
    (folder.parent / f"{folder.name}.json").write_text(json.dumps(content))


@pytest.fixture
def board(qtbot: QtBot) -> SampleBoard:
    board = SampleBoard()
    qtbot.addWidget(board)
    board.resize(766, board.heightForWidth(766))
    return board


def test_the_latest_epoch_is_shown_until_the_user_looks_back(board: SampleBoard, tmp_path: Path) -> None:
    board.show_run(tmp_path)
    assert board.isHidden()
    write_epoch(tmp_path, 1, predicted="dog")
    board.show_run(tmp_path)
    assert not board.isHidden()
    assert board.shown.epoch == 1
    assert board.tiles.samples[0].right is False
    write_epoch(tmp_path, 2)
    board.show_run(tmp_path)
    assert board.shown.epoch == 2
    assert board.tiles.samples[0].right is True
    board.slider.setValue(0)
    assert board.shown.epoch == 1
    write_epoch(tmp_path, 3)
    board.show_run(tmp_path)
    assert board.shown.epoch == 1  # nothing moves under somebody who looks back
    assert board.epochs == [1, 2, 3]


def test_eight_images_are_one_row_where_they_fit_and_even_rows_elsewhere(board: SampleBoard, tmp_path: Path) -> None:
    write_epoch(tmp_path, 1)
    board.show_run(tmp_path)
    assert board.tiles.columns(766) == 8
    assert board.tiles.columns(400) == 4
    assert board.tiles.heightForWidth(400) > board.tiles.heightForWidth(766)
    board.tiles.resize(766, board.tiles.heightForWidth(766))
    assert board.tiles.sample_at(board.tiles.cell(7).center()) == 7


def test_an_unfinished_or_damaged_epoch_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "samples" / "epoch_0004").mkdir(parents=True)
    assert sample_epochs(tmp_path) == []
    (tmp_path / "samples" / "epoch_0004.json").write_text('{"images": [{"name"')
    assert read_samples(tmp_path, 4) is None


def test_torn_samples_are_left_out_and_do_not_matter(board: SampleBoard, tmp_path: Path) -> None:
    write_epoch(tmp_path, 1)
    description = tmp_path / "samples" / "epoch_0001.json"
    content = description.read_bytes()
    description.write_bytes(bytes(len(content)))
    board.show_run(tmp_path)
    assert board.isHidden()
    description.write_bytes(content)
    image = tmp_path / "samples" / "epoch_0001" / "0.png"
    image.write_bytes(bytes(100))
    (image.parent / "1.png").unlink()
    board.show_run(tmp_path)
    assert not board.isHidden()
    assert not board.grab().isNull()
    assert len(board.tiles.samples) == 8
