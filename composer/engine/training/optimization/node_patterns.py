"""Patterns that settings name parts of a network by: ``head``, ``stage_*``, ``encoder.0``, ``*.norm*``."""

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from composer.core.errors import UserError


def prefixes(name: str) -> list[str]:
    """Return the dotted path of a parameter and of everything that contains it, outermost first."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def matches(pattern: str, name: str) -> bool:
    """Return whether a pattern names a parameter, or a node or module that contains it.

    >>> matches("stage_*", "stage_1.0.conv.weight"), matches("*.norm", "stage_1.norm.bias"), matches("conv", "x.conv")
    (True, True, False)
    """
    return any(fnmatchcase(prefix, pattern) for prefix in prefixes(name))


def check_patterns(setting: str, patterns: Iterable[str], names: Iterable[str]) -> None:
    """Refuse patterns that match no parameter.

    Args:
        setting: the setting that holds them.
        patterns: the patterns.
        names: names of all parameters.

    Raises:
        UserError: naming the first such pattern, with the nearest node.
    """
    names = list(names)
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            paths = list(dict.fromkeys(prefix for name in names for prefix in prefixes(name)))
            near = difflib.get_close_matches(pattern, paths, 1)
            nodes = list(dict.fromkeys(name.partition(".")[0] for name in names))
            hint = f"did you mean {near[0]}?" if near else f"nodes with weights are: {', '.join(nodes[:12])}"
            raise UserError(f"{setting} {pattern!r:.60} matches no weights of the design; {hint}")
