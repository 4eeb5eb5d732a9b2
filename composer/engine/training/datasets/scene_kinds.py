"""The objects of generated scenes: eight kinds of outlines, and the colours that tell more than eight classes apart."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = 5  # of each channel in the colours of classes
INNER_RING = 0.6
CRESCENT_SHIFT, CRESCENT_RADIUS = 0.55, 0.85
STAR_INNER = 0.45


def class_names(classes: int) -> tuple[str, ...]:
    """Return the names of the classes: a kind, with its colour where colours tell classes apart."""
    if classes <= len(KINDS):
        return KINDS[:classes]
    return tuple(f"{KINDS[kind]} #{''.join(f'{value:02x}' for value in colour)}" for kind, colour in looks(classes))


@cache
def looks(classes: int) -> tuple[tuple[int, tuple[int, int, int]], ...]:
    """Return kind and colour of each class: all kinds in the first colour, then all in the next."""
    palette = _palette()
    return tuple((label % len(KINDS), palette[label // len(KINDS)]) for label in range(classes))


@cache
def _palette() -> tuple[tuple[int, int, int], ...]:
    """Return the colours of classes: each is the one that is farthest from the grounds and from those before it."""
    steps = np.rint(np.linspace(0, 255, LEVELS)).astype(int)
    colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    nearest = ((colours - 128) ** 2).sum(1)
    order: list[tuple[int, int, int]] = []
    for _ in range(len(colours)):
        index = int(nearest.argmax())
        red, green, blue = (int(value) for value in colours[index])
        order.append((red, green, blue))
        nearest = np.minimum(nearest, ((colours - colours[index]) ** 2).sum(1))
        nearest[index] = -1
    return tuple(order)


# -- the signed distance (negative inside) from an outline of radius 1 at points x, y ------------------------------


def _disc(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.sqrt(x * x + y * y) - 1)


def _ring(x: Floats, y: Floats) -> Floats:
    return np.abs(np.sqrt(x * x + y * y) - (1 + INNER_RING) / 2) - (1 - INNER_RING) / 2


def _rectangle(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _square(x: Floats, y: Floats) -> Floats:
    return _rectangle(x, y, 0.7, 0.7)


def _bar(x: Floats, y: Floats) -> Floats:
    return _rectangle(x, y, 0.95, 0.28)


def _cross(x: Floats, y: Floats) -> Floats:
    return np.minimum(_rectangle(x, y, 0.95, 0.28), _rectangle(x, y, 0.28, 0.95))


def _triangle(x: Floats, y: Floats) -> Floats:
    slope = np.sqrt(3) / 2
    return np.asarray(np.maximum(y - 0.5, np.maximum(slope * x - 0.5 * y, -slope * x - 0.5 * y) - 0.5))


def _star(x: Floats, y: Floats) -> Floats:
    """Fold the plane into one half of a point: the outline there is one straight line."""
    turn = 2 * np.pi / 5
    angle = np.abs((np.arctan2(x, -y) + turn / 2) % turn - turn / 2)
    radius = np.sqrt(x * x + y * y)
    folded_x, folded_y = radius * np.sin(angle), radius * np.cos(angle)
    corner = STAR_INNER * np.array([np.sin(turn / 2), np.cos(turn / 2)])
    edge = corner - (0, 1)
    normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
    return np.asarray(folded_x * normal[0] + (folded_y - 1) * normal[1])


def _crescent(x: Floats, y: Floats) -> Floats:
    shifted = x - CRESCENT_SHIFT
    return np.asarray(np.maximum(_disc(x, y), CRESCENT_RADIUS - np.sqrt(shifted * shifted + y * y)))


OUTLINES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "disc": _disc,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "bar": _bar,
    "star": _star,
    "crescent": _crescent,
}
KINDS = tuple(OUTLINES)
MAX_CLASSES = len(KINDS) * LEVELS**3
