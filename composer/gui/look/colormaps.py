"""Perceptually uniform colour maps: equal steps of a value look equal, in grey and to colour-blind eyes too."""

from typing import Any

from PySide6.QtGui import QColor

# 33 stops each of matplotlib's maps (S. van der Walt, N. Smith, E. Firing, 2015, CC0).
STOPS = {
    "viridis": "440154 460c5f 481769 482273 472c7a 453681 423f85 3e4889 3b518b 375a8c 33628d 2f6a8e 2c718e 29798e 26818e 23888e 21908c "
    "1f978b 1f9f88 21a685 27ad80 31b57a 3dbc73 4cc26b 5cc862 6ece57 81d34c 95d83f aadc31 c0df24 d5e219 eae51a fde725",
    "magma": "000004 030311 090721 120d33 1c1046 281159 35106a 430f75 50127b 5c167f 691c81 752181 822581 8f2a81 9b2e7f a9327d b63679 "
    "c23b75 cf406f db4769 e55063 ee5b5e f4695c f9785d fb8761 fd9668 fea571 feb47b fec287 fed194 fde0a1 fceeb0 fcfdbf",
}
NAMES = tuple(STOPS)


def colours(name: str, shares: Any) -> Any:
    """Colours of a numpy array of values in [0, 1].

    Args:
        name: one of `NAMES`.
        shares: array of any shape.

    Returns:
        uint8 array with red, green and blue as a last axis.
    """
    import numpy as np

    stops = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in STOPS[name].split()], dtype=np.float64)
    at = np.linspace(0, 1, len(stops))
    parts = [np.interp(shares, at, stops[:, channel]) for channel in range(3)]
    return np.stack(parts, axis=-1).round().astype(np.uint8)


def stops(name: str) -> list[tuple[float, QColor]]:
    """The stops for a QGradient."""
    found = STOPS[name].split()
    return [(index / (len(found) - 1), QColor(f"#{stop}")) for index, stop in enumerate(found)]
