"""The field of a path: typing, browsing, and an empty field where none is needed."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from composer.gui.widgets.path_field import PathField


def type_into(field: PathField, qtbot: QtBot, text: str) -> None:
    field.text.setFocus()
    field.text.selectAll()
    qtbot.keyClick(field.text, Qt.Key.Key_Delete)
    qtbot.keyClicks(field.text, text)
    qtbot.keyClick(field.text, Qt.Key.Key_Return)


@pytest.mark.parametrize(("optional", "reported"), [(True, ["a", ""]), (False, ["a"])])
def test_only_an_optional_path_can_be_cleared(qtbot: QtBot, optional: bool, reported: list[str]) -> None:
    field = PathField(optional=optional)
    qtbot.addWidget(field)
    paths: list[str] = []
    field.edited.connect(paths.append)
    field.edited.connect(field.set_value)
    type_into(field, qtbot, "a")
    type_into(field, qtbot, "")
    assert paths == reported
    assert field.text.text() == ("" if optional else "a")


def test_browsing_starts_where_the_path_is(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def choose(_parent: object, _title: str, start: str) -> str:
        starts.append(start)
        return str(tmp_path / "others")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    (tmp_path / "photos").mkdir()
    field = PathField()
    qtbot.addWidget(field)
    field.folder = tmp_path
    field.set_value("photos")  # relative to the folder of the design
    paths: list[str] = []
    field.edited.connect(paths.append)
    field.browse_folder()
    assert starts == [str(tmp_path / "photos")]
    assert paths == [str(tmp_path / "others")]
