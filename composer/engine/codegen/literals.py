"""Parameter values as Python text, and the annotation of a set of them."""

from collections.abc import Iterable, Sequence

from composer.core.graph import Literal


def literal(value: Literal) -> str:
    """Return the Python text of a value; strings are ASCII in double quotes."""
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        text = ascii(value)
        return '"' + text[1:-1].replace('"', '\\"') + '"' if text[0] == "'" else text
    return repr(value)


def annotation(values: Iterable[Literal]) -> str:
    """Return the type annotation of an argument that takes these values.

    >>> annotation([1, 2.5]), annotation([None, "relu"]), annotation([(1, 2), (3,)])
    ('float', 'str | None', 'tuple[int, ...]')
    """
    kinds = []
    for value in values:
        if isinstance(value, tuple):
            inner = sorted({annotation([item]) for item in value})
            kinds.append(f"tuple[{' | '.join(inner)}, ...]")
        else:
            kinds.append("None" if value is None else type(value).__name__)
    ordered = sorted(dict.fromkeys(kinds), key=lambda kind: kind == "None")
    if "float" in ordered and "int" in ordered:
        ordered.remove("int")  # PEP 484: an int is accepted where a float is expected
    return " | ".join(ordered)


def identical(a: Literal, b: Literal) -> bool:
    """Return whether two values are equal and of the same type: 1, 1.0 and True differ."""
    return type(a) is type(b) and a == b and (not isinstance(a, tuple) or repr(a) == repr(b))


def all_identical(values: Sequence[Literal]) -> bool:
    """Return whether all values are `identical`."""
    return all(identical(value, values[0]) for value in values)
