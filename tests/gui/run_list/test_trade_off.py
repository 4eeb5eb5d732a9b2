"""The plot of what a metric costs."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from composer.core.run_groups import RunGroup, group_runs
from composer.core.run_table import RunRowReader
from composer.gui.run_list.trade_off import Point, TradeOff
from composer.gui.widgets.plot_style import widget_point
from tests.core.run_files import write_run


@pytest.fixture
def groups(tmp_path: Path) -> list[RunGroup]:
    """Four networks: small and bad, better and larger, beaten, best and largest; the first with two seeds."""
    runs = [
        write_run(tmp_path / name, best=best, lr=lr, seed=seed, settings={"costs": {"macs": macs, "params": 10}})
        for name, lr, seed, best, macs in (
            ("small-0", 1.0, 0, 0.7, 1000),
            ("small-1", 1.0, 1, 0.8, 1000),
            ("middle", 2.0, 0, 0.9, 20_000),
            ("beaten", 3.0, 0, 0.85, 50_000),
            ("large", 4.0, 0, 0.95, 1_000_000),
        )
    ]
    runs.append(write_run(tmp_path / "no-costs", lr=5.0, settings={"costs": None}))
    return sorted(group_runs(RunRowReader().read(runs)), key=lambda group: group.row.name)


@pytest.fixture
def plot(groups: list[RunGroup], qtbot: QtBot) -> TradeOff:
    plot = TradeOff(lambda group: group.row.name)
    qtbot.addWidget(plot)
    plot.resize(320, 200)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.show_groups(groups, {})
    return plot


def named(points: list[Point]) -> list[str]:
    return [point.group.row.name.partition("-")[0] for point in points]


def scene_point(plot: TradeOff, name: str) -> QPointF:
    point = next(point for point in plot.points if point.group.row.name.startswith(name))
    return plot.plot.getViewBox().mapViewToScene(QPointF(point.x, point.y))


def test_groups_are_points_and_the_front_is_what_nothing_beats(plot: TradeOff) -> None:
    assert sorted(named(plot.points)) == ["beaten", "large", "middle", "small"]
    assert named(plot.front) == ["small", "middle", "large"]
    small = plot.front[0]
    assert small.x == pytest.approx(3.0)
    assert small.y == pytest.approx(75.0)
    assert small.std == pytest.approx(7.07, abs=0.01)
    assert plot.value.currentText() == "Accuracy, validation"


def test_a_click_on_a_point_selects_its_runs(plot: TradeOff, groups: list[RunGroup], qtbot: QtBot) -> None:
    clicked: list[list[Path]] = []
    plot.clicked.connect(clicked.append)
    at = widget_point(plot.plot, scene_point(plot, "small"))
    qtbot.mouseMove(plot.plot.viewport(), at)
    qtbot.waitUntil(plot.readout.isVisible)
    assert "2 seeds" in plot.readout.text()
    assert "75.0 ± 7.1 %" in plot.readout.text()
    qtbot.mouseClick(plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: bool(clicked))
    assert {path.name for path in clicked[0]} == {"small-0", "small-1"}


def test_other_costs_and_values_and_nothing_to_draw(plot: TradeOff) -> None:
    plot.cost.setCurrentIndex(plot.cost.findData("params"))
    assert len(plot.points) == 4
    assert named(plot.front) == ["large"]  # all cost the same
    plot.value.setCurrentIndex(plot.value.findData("test"))
    assert plot.points == []
    assert plot.hint.text() == "No run has both: a test value and Params"
    assert plot.hint.isVisible()
    assert not plot.plot.isVisible()
