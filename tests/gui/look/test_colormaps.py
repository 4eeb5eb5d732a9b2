"""The one table of colour maps: pyqtgraph's values, for the window, for files and for the canvas."""

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from composer.core import colormaps
from composer.gui.canvas.overlays import heat
from composer.gui.look.gradients import gradient_stops
from composer.gui.widgets.heat_view import HeatView

SHARES = np.linspace(0, 1, 256)


@pytest.mark.parametrize("name", colormaps.NAMES)
def test_the_colours_are_those_of_pyqtgraph(name: str) -> None:
    expected = pyqtgraph.colormap.get(name).getColors("byte")[:, :3]
    assert np.array_equal(np.array(colormaps.colors(name)), expected)


@pytest.mark.parametrize("name", colormaps.NAMES)
def test_colours_grow_brighter(name: str) -> None:
    light = np.array(colormaps.colors(name)) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > -1.5).all() and light[-1] > light[0] + 150


def test_files_the_window_and_the_canvas_use_the_same_colours(qapp: QApplication) -> None:
    from composer.engine.maps import overlay

    files = overlay.colorize(SHARES)
    view = HeatView()
    view.set_colors(overlay.COLORMAP)
    view.set_map(SHARES[None].astype(np.float32), over_image=False)
    window = view._heat.convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(window.constBits(), np.uint8)[: 256 * 3].reshape(256, 3)
    assert np.array_equal(pixels, files)
    assert np.array_equal(files, np.array(colormaps.colors(overlay.COLORMAP)))
    canvas = [heat.heat_color(share).getRgb()[:3] for share in SHARES]
    assert canvas == list(colormaps.colors(heat.COLORMAP))
    assert [color.getRgb()[:3] for _, color in gradient_stops(heat.COLORMAP)] == canvas
