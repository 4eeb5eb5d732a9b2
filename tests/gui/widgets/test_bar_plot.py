"""Bars: their readout, their number labels, and the image that is saved."""

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.gui.look import theme
from composer.gui.widgets.bar_plot import MAX_BAR_WIDTH, BarPlot


@pytest.fixture
def plot(qapp: QApplication, qtbot: QtBot) -> BarPlot:
    plot = BarPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 240)
    plot.set_bars([0.25, -0.5, 1.0], "branch")
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


def test_few_bars_stay_narrow_and_each_is_numbered(plot: BarPlot) -> None:
    assert plot._plot.width() < 4 * MAX_BAR_WIDTH + 100
    (ticks,) = plot._plot.getAxis("bottom")._tickLevels
    assert [text for _, text in ticks] == ["1", "2", "3"]
    plot.set_bars(list(range(200)), "channel")
    (ticks,) = plot._plot.getAxis("bottom")._tickLevels
    assert 5 < len(ticks) < 40


def test_the_readout_shows_the_bar_under_the_cursor(plot: BarPlot, qtbot: QtBot) -> None:
    view = plot._plot.getViewBox()
    position = plot._plot.mapFromScene(view.mapViewToScene(QPointF(2, 0)))
    qtbot.mouseMove(plot._plot.viewport(), QPoint(int(position.x()), int(position.y())))
    readout = plot.readout
    assert readout is not None
    qtbot.waitUntil(lambda: readout.isVisible())
    assert readout.heading == "branch 2:  -0.5"
    plot.set_bars([1.0], "branch")
    assert not readout.isVisible()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_image_has_the_colours_of_the_theme(qapp: QApplication, plot: BarPlot, mode: str) -> None:
    before = theme.mode()
    try:
        theme.use(qapp, mode)
        image = plot.to_image(640, 320)
        accent = QColor(theme.tokens().accent).rgb()
        columns = [sum(image.pixel(x, y) == accent for y in range(320)) for x in range(640)]
        assert (image.width(), image.height()) == (640, 320)
        assert max(columns) > 100  # the tallest of three bars, which take two thirds of the height
        assert image.pixel(639, 0) == theme.color("panel").rgb()
    finally:
        theme.use(qapp, before)
