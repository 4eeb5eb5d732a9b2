"""Tables as plain text: columns of equal width."""

from collections.abc import Collection, Sequence


def align(rows: Sequence[Sequence[str]], right: Collection[int] = (), max_width: int = 48) -> list[str]:
    """Pad the cells of each column to one width.

    Args:
        rows: rows of equal length.
        right: numbers of the columns that are aligned to the right.
        max_width: no column is padded to more; longer cells stick out.

    Returns:
        One line a row, without trailing spaces.

    >>> align([("id", "params"), ("conv", "8")], right={1})
    ['id    params', 'conv       8']
    """
    widths = [min(max_width, max(map(len, column))) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
