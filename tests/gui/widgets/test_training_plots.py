"""The plots of a training: a grid that stays readable, legends with values, a shared cursor, the planned rate."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.graph import Training
from composer.core.learning_rate import learning_rate
from composer.core.run_records import declared_head
from composer.gui.runs.planned_rate import planned_rate
from composer.gui.runs.run_curves import RunCurves
from composer.gui.widgets.plot_grid import MIN_CELL, grid
from composer.gui.widgets.training_plots import TrainingPlots

EPOCHS, STEPS = 8, 10


@pytest.fixture
def curves() -> RunCurves:
    """Half of a run of eight epochs, with everything that is measured."""
    curves = RunCurves(EPOCHS)
    curves.add(declared_head("classification").to_record())
    curves.plan = planned_rate(Training(epochs=EPOCHS), STEPS)
    rate = learning_rate(Training(epochs=EPOCHS), STEPS)
    for step in range(1, EPOCHS * STEPS // 2 + 1):
        measured = {"lr": rate(step - 1), "samples_per_s": 500.0, "grad_norm": 1.0 + step % 2, "memory_bytes": 2e9}
        curves.add({"kind": "step", "step": step, "x": step / STEPS, "loss": 2.0 / step, **measured})
        if step % STEPS == 0:
            values = {"loss": 2.0 / step, "accuracy": step / 100}
            curves.add({"kind": "epoch", "epoch": step // STEPS, "metrics": {"train": values, "val": values}})
    return curves


@pytest.fixture
def plots(curves: RunCurves, qtbot: QtBot) -> TrainingPlots:
    plots = TrainingPlots()
    qtbot.addWidget(plots)
    plots.resize(782, 166)  # in the bottom dock of a window of 1366 x 768
    with qtbot.waitExposed(plots):
        plots.show()
    plots.show_curves(curves)
    return plots


def test_a_low_dock_scrolls_instead_of_squeezing_the_plots(plots: TrainingPlots, qtbot: QtBot) -> None:
    cells = plots.grid.cells
    assert [cell.heading.text() for cell in cells] == [
        "Loss",
        "Accuracy",
        "Learning rate",
        "Gradient norm",
        "Speed",
        "Memory",
    ]
    assert min(cell.height() for cell in cells) >= MIN_CELL.height()
    assert min(cell.width() for cell in cells) >= MIN_CELL.width()
    assert [cell.y() for cell in cells[:3]] == [0, 0, 0]
    assert cells[3].y() < plots.height()  # the heads of the next row show that there is one
    assert plots.grid.verticalScrollBar().maximum() > 0


def test_the_wheel_is_left_to_the_grid_and_zooms_with_ctrl(plots: TrainingPlots) -> None:
    loss = plots.loss
    assert loss is not None

    def turn(modifiers: Qt.KeyboardModifier) -> QWheelEvent:
        center, viewport = QPointF(loss.plot.rect().center()), loss.plot.viewport()
        at, none, buttons = viewport.mapToGlobal(center), QPoint(), Qt.MouseButton.NoButton
        phase = Qt.ScrollPhase.NoScrollPhase
        wheel = QWheelEvent(center, at, none, QPoint(0, 240), buttons, modifiers, phase, False)
        QApplication.sendEvent(viewport, wheel)
        return wheel

    before = loss.view.viewRange()
    assert not turn(Qt.KeyboardModifier.NoModifier).isAccepted()  # so that Qt hands it to the parent, which scrolls
    assert loss.view.viewRange() == before
    assert turn(Qt.KeyboardModifier.ControlModifier).isAccepted()
    assert loss.view.viewRange() != before


@pytest.mark.parametrize(
    ("size", "count", "columns"), [((782, 166), 6, 3), ((330, 170), 6, 1), ((1340, 500), 6, 3), ((1340, 220), 5, 5)]
)
def test_columns_by_width_and_rows_as_even_as_possible(size: tuple[int, int], count: int, columns: int) -> None:
    assert grid(QSize(*size), count)[0] == columns
    assert grid(QSize(*size), count)[1] >= MIN_CELL.height()


def test_the_legend_shows_the_last_values_and_those_under_the_cursor_of_any_plot(
    plots: TrainingPlots, curves: RunCurves
) -> None:
    accuracy = plots.metrics["accuracy"]
    assert "validation 40.0 %" in accuracy.legend.text()
    assert plots.loss is not None
    plots.loss.cursor_moved.emit(1.0)
    assert "validation 10.0 %" in accuracy.legend.text()
    plots.loss.cursor_moved.emit(None)
    assert "validation 40.0 %" in accuracy.legend.text()


def test_the_whole_learning_rate_is_drawn_from_the_start(plots: TrainingPlots) -> None:
    rate = plots.measures["lr"]
    plan = rate._lines["run plan"]
    assert plan.x[-1] == EPOCHS
    assert len(rate._lines["run train"].x) < len(plan.x)
    assert rate.values_at(2.0)[0][1] == pytest.approx(rate.values_at(2.0)[1][1])


def test_a_measure_that_no_record_has_gets_no_plot(qtbot: QtBot) -> None:
    curves = RunCurves(3)
    curves.add({"kind": "step", "step": 1, "x": 0.1, "loss": 1.0, "samples_per_s": 10.0})
    plots = TrainingPlots()
    qtbot.addWidget(plots)
    plots.show_curves(curves)
    assert set(plots.measures) == {"samples_per_s"}
    assert curves.trends["samples_per_s"].y[0] == 10.0


def test_memory_is_measured_from_zero_and_written_in_its_unit(plots: TrainingPlots, qtbot: QtBot) -> None:
    memory = plots.measures["memory_bytes"]
    low, high = memory.view.viewRange()[1]
    assert low <= 0
    assert high >= 2e9
    assert memory.plot.getAxis("left").tickStrings([1e9], 1.0, 1.0) == ["1.0 GB"]
