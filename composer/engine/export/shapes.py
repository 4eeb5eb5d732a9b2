"""Shapes as tables and diagrams write them."""

from collections.abc import Iterable, Sequence


def without_batch(shapes: Iterable[Sequence[int]]) -> str:
    """Write shapes without their batch axis.

    >>> without_batch([(1, 8, 4, 4), (1, 10)])
    '8x4x4, 10'
    """
    return ", ".join("x".join(str(size) for size in shape[1:]) for shape in shapes)
