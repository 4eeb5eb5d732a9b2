"""Where a long drawing goes on in a next row: at places where few wires pass, in rows of about one length.

As a paragraph is broken into lines (Knuth and Plass, 1981): all breaks are weighed together, so that no row is left with a single
card because the row before it was filled first. Off by so much of a row costs the square of that.
"""

from collections.abc import Sequence

OVERLONG = (
    4.0  # as many times worse than a row as much too short: a drawing that is wider than the view is shown smaller
)
SEVERAL = 0.1  # for cutting several wires of one item where a place with a single wire would be near
REACH = 3.0  # rows of more than this many lengths are weighed only where nothing else can be cut


def row_breaks(
    columns: Sequence[tuple[float, float]], passing: Sequence[Sequence[str]], row: float
) -> list[tuple[int, int]]:
    """Rows of columns.

    Args:
        columns: centre and width of each, in pixels.
        passing: for each column, where the wires come from that pass on to later ones.
        row: the length of a row in pixels.

    Returns:
        First and last column of each row; a row ends only where the wires of one single item pass on, if possible one wire.

    >>> row_breaks([(50, 100), (200, 100), (350, 100), (500, 100)], [["a"], ["b"], ["c"], []], 300)
    [(0, 1), (2, 3)]
    """
    begins = [centre - width / 2 for centre, width in columns]
    ends = [centre + width / 2 for centre, width in columns]
    last = len(columns) - 1
    cuts = {
        index: 0.0 if len(sources) == 1 else SEVERAL
        for index, sources in enumerate(passing[:last])
        if len(set(sources)) == 1
    }
    # For each place where a row may end: what the best rows up to there cost, and where the last of them begins.
    best: dict[int, tuple[float, int]] = {-1: (0.0, 0)}
    for end in (*cuts, last):
        found: tuple[float, int] | None = None
        for before in reversed(best):
            length = ends[end] - begins[before + 1]
            if found is not None and length > REACH * row:
                break
            off = (length - row) / row
            cost = best[before][0] + off * off * (OVERLONG if off > 0 else 1.0) + cuts.get(before, 0.0)
            if found is None or cost < found[0]:
                found = cost, before + 1
        assert found is not None  # a row may always begin at the first column
        best[end] = found
    rows = []
    while last >= 0:
        first = best[last][1]
        rows.append((first, last))
        last = first - 1
    return rows[::-1]
