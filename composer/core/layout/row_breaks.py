"""Where a long drawing continues in a next row: where few wires pass, in rows of about equal length.

As a paragraph is broken into lines (Knuth and Plass, 1981): all breaks are optimized together, so that no row has only
one card because the row before was filled first. A row costs the square of its relative deviation from the requested
length.
"""

from collections.abc import Sequence

OVERLONG = 4.0  # factor of the cost of too long a row: a drawing that is wider than the view is shown smaller
SEVERAL_WIRES = 0.1  # cost of cutting several wires of one item where a break with a single wire would be near
REACH = 3.0  # rows longer than this many row lengths are considered only where there is no other break


def row_breaks(
    columns: Sequence[tuple[float, float]], passing: Sequence[Sequence[str]], row: float
) -> list[tuple[int, int]]:
    """Break columns into rows.

    Args:
        columns: center and width of each, in pixels.
        passing: for each column, the sources of the wires that pass on to later columns.
        row: the requested length of a row in pixels.

    Returns:
        First and last column of each row; a row ends only where the wires of a single item pass on, if possible one
        wire.

    >>> row_breaks([(50, 100), (200, 100), (350, 100), (500, 100)], [["a"], ["b"], ["c"], []], 300)
    [(0, 1), (2, 3)]
    """
    starts = [center - width / 2 for center, width in columns]
    ends = [center + width / 2 for center, width in columns]
    last = len(columns) - 1
    # Columns after which a row may end, with the cost of the break itself.
    breaks = {
        index: 0.0 if len(sources) == 1 else SEVERAL_WIRES
        for index, sources in enumerate(passing[:last])
        if len(set(sources)) == 1
    }
    # For each column at which a row may end: the least cost of all rows up to there, and the first column of the last
    # row.
    best: dict[int, tuple[float, int]] = {-1: (0.0, 0)}
    for end in (*breaks, last):
        cheapest: tuple[float, int] | None = None
        for before in reversed(best):
            length = ends[end] - starts[before + 1]
            if cheapest is not None and length > REACH * row:
                break
            deviation = (length - row) / row
            penalty = OVERLONG if deviation > 0 else 1.0
            cost = best[before][0] + deviation * deviation * penalty + breaks.get(before, 0.0)
            if cheapest is None or cost < cheapest[0]:
                cheapest = cost, before + 1
        assert cheapest is not None  # the first column is always a possible start
        best[end] = cheapest
    # Follow the last rows back to the first column.
    rows = []
    while last >= 0:
        first = best[last][1]
        rows.append((first, last))
        last = first - 1
    return rows[::-1]
