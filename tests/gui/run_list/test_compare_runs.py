"""The comparison of two runs."""

from pathlib import Path

from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.run_table import RunRow, read_row
from composer.gui.run_list.compare_runs import CompareRuns
from composer.gui.session.session import Session
from tests.gui.tiny import tiny, write_run


def two_runs(folder: Path) -> list[RunRow]:
    wide = edits.set_params(tiny(), "stem", {"out_channels": 16})
    return [read_row(write_run(folder / "a", tiny())), read_row(write_run(folder / "b", wide, epochs=5))]


def lines(section: QTreeWidgetItem) -> dict[str, tuple[str, str]]:
    items = [section.child(number) for number in range(section.childCount())]
    return {item.text(0): (item.text(1), item.text(2)) for item in items}


def test_results_settings_and_networks_are_side_by_side(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = CompareRuns(session, *two_runs(tmp_path))
    results, settings, network = (dialog.table.topLevelItem(number) for number in range(3))
    assert lines(results)["Best"] == ("90.0 %", "94.0 %")
    assert lines(results)["State"] == ("Done", "Done")
    assert lines(settings) == {"Epochs": ("3", "5")}
    qtbot.waitUntil(lambda: network.text(0) == "Network")
    assert lines(network)["~  node  stem"][0] == "out_channels: 8 → 16"
    dialog.reject()


def test_with_an_engine_the_changes_have_their_costs(live: Session, tmp_path: Path, qtbot: QtBot) -> None:
    dialog = CompareRuns(live, *two_runs(tmp_path))
    network = dialog.table.topLevelItem(2)
    qtbot.waitUntil(lambda: all(facts is not None for facts in dialog._facts))
    qtbot.waitUntil(lambda: not dialog._reading.busy)
    assert network.text(0) == "Network"
    dialog.reject()


def test_equal_networks_and_a_missing_design(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    rows = [read_row(write_run(tmp_path / name, tiny())) for name in "ab"]
    same = CompareRuns(session, *rows)
    qtbot.waitUntil(lambda: same.table.topLevelItem(2).text(0) == "Network: the same")
    assert same.table.topLevelItem(1).text(0) == "Settings: the same"
    same.reject()
    (tmp_path / "b" / "design.yaml").unlink()
    broken = CompareRuns(session, *rows)
    qtbot.waitUntil(lambda: "design.yaml" in broken.table.topLevelItem(2).text(0))
    broken.reject()
