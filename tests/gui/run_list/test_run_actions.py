"""The actions of the runs panel: when each is possible, and what it does."""

import csv
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from composer.core.run_table import RunRow, read_row
from composer.gui.run_list.run_actions import RunActions
from composer.gui.session.session import Session
from composer.gui.widgets.notice import Notice
from tests.gui.tiny import tiny, write_run


class Selection:
    """The selected runs of a test."""

    rows: list[RunRow]

    def __init__(self) -> None:
        self.rows = []


@pytest.fixture
def selection() -> Selection:
    return Selection()


@pytest.fixture
def actions(session: Session, selection: Selection, qtbot: QtBot) -> Iterator[RunActions]:
    notice = Notice()
    qtbot.addWidget(notice)
    yield RunActions(session, lambda: selection.rows, notice, notice)
    QApplication.clipboard().clear()


def possible(actions: RunActions) -> set[str]:
    return {entry.title for group in actions.groups() for entry in group if entry.enabled}


def test_what_is_possible_depends_on_the_selection(actions: RunActions, selection: Selection, tmp_path: Path) -> None:
    done = read_row(write_run(tmp_path / "done", tiny()))
    stopped = read_row(write_run(tmp_path / "stopped", tiny(), state="stopped"))
    assert possible(actions) == set()
    selection.rows = [done]
    assert "Resume" not in possible(actions)
    assert {"Train longer…", "Show attention", "Open a copy of its design", "Show its files"} <= possible(actions)
    selection.rows = [stopped]
    assert "Resume" in possible(actions)
    selection.rows = [done, stopped]
    assert possible(actions) == {"Compare…"}
    (tmp_path / "done" / "design.yaml").unlink()
    selection.rows = [read_row(tmp_path / "done")]
    assert possible(actions) == {"Show its files"}  # a damaged run can be looked at and deleted


def test_the_command_that_reproduces_a_run_is_copied(actions: RunActions, selection: Selection, tmp_path: Path) -> None:
    selection.rows = [read_row(write_run(tmp_path / "run", tiny(), epochs=7))]
    actions.copy_command()
    words = shlex.split(QApplication.clipboard().text())
    assert words[:3] == ["netcomposer", "train", str(tmp_path / "run" / "design.yaml")]
    assert "epochs=7" in words
    (tmp_path / "run" / "settings.json").write_text("{")
    actions.copy_command()
    assert "settings.json" in actions._notice.text


def test_the_table_is_exported_as_csv(actions: RunActions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [read_row(write_run(tmp_path / name, tiny())) for name in ("a", "b")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "table"), ""))
    actions.export_csv(rows)
    with (tmp_path / "table.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["name"] for row in table] == ["a", "b"]
    assert table[0]["training.data"] == "digits"
    assert actions._notice.text == f"Exported 2 runs to {tmp_path / 'table.csv'}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "table.csv"), ""))
    actions.export_csv(rows)
    assert actions._notice.level == "error"


def test_folder_design_and_attention_are_shown_elsewhere(
    actions: RunActions, selection: Selection, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "run", tiny())
    selection.rows = [read_row(folder)]
    opened: list[str] = []
    requested: list[tuple[str, object]] = []
    panels: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    session.command_requested.connect(lambda name, argument: requested.append((name, argument)))
    session.panel_requested.connect(panels.append)
    actions.reveal()
    actions.open_design()
    actions.inspect()
    actions.show_results()
    assert opened == [str(folder)]
    assert requested == [("open_template", folder / "design.yaml")]
    assert panels == ["attention", "results"]
    assert session.selected_run == folder
