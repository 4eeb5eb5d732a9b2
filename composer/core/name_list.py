"""Names in a message: the first ones, and how many more there are."""

from collections.abc import Sequence

SHOWN = 3


def list_names(names: Sequence[str], shown: int = SHOWN) -> str:
    """Return the first of some names, and how many more there are.

    >>> list_names(["a", "b", "c", "d", "e"]), list_names(["a", "b"])
    ('a, b, c and 2 more', 'a, b')
    """
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
