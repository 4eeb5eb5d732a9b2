"""Checks of literals against declared parameters: of blocks, of extensions and of the training settings."""

from dataclasses import replace

from composer.core.declarations import ParamSpec
from composer.core.graph import Literal
from composer.core.number_text import parse_number

_WORDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "path": "the path of a file or folder",
    "source": "the name of another one, such as digits",
    "mapping": "a mapping of numbers",
}
_PLURALS = {"int": "integers", "float": "numbers", "str": "texts"}


def problem(spec: ParamSpec, value: Literal) -> str | None:
    """Return why a literal does not fit a parameter, in one sentence; None if it does."""
    if value is None:
        return None if spec.optional else f"{spec.name}: is empty, expected {describe(spec)}"
    good = {
        "int": (isinstance(value, int) and not isinstance(value, bool)) or _fits_axes(spec, value),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "path": isinstance(value, str) and bool(value.strip()),
        "source": isinstance(value, str) and bool(value.strip()),
        "choice": value in spec.choices and type(value) in {type(choice) for choice in spec.choices},
        "tuple": isinstance(value, tuple) and _fits_tuple(spec, value),
    }[spec.type]
    if good and spec.range is not None:
        numbers = [item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, int | float)]
        good = all(spec.range[0] <= number <= spec.range[1] for number in numbers)
    if good:
        return None
    hint = "; write the number without quotes" if _is_quoted_number(spec, value) else ""
    return f"{spec.name}: {value!r:.60} is not {describe(spec)}{hint}"


def _is_quoted_number(spec: ParamSpec, value: Literal) -> bool:
    """Return whether a value is the text of a number where a number is expected."""
    if spec.type not in ("int", "float") or not isinstance(value, str):
        return False
    try:
        return parse_number(value) is not None
    except ValueError:
        return False


def _fits_axes(spec: ParamSpec, value: Literal) -> bool:
    """Return whether a value holds one integer for each axis, where the parameter allows that."""
    return spec.axes > 0 and isinstance(value, tuple) and _fits_tuple(replace(spec, items=("int", spec.axes)), value)


def _fits_tuple(spec: ParamSpec, value: tuple[Literal, ...]) -> bool:
    kind, length = spec.items or ("int", 0)
    types: tuple[type, ...] = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}[kind]
    return (not length or len(value) == length) and all(
        isinstance(v, types) and (kind == "bool" or not isinstance(v, bool)) for v in value
    )


def describe(spec: ParamSpec) -> str:
    """Return what a parameter takes, in words: ``an integer from 1 to 64``."""
    words = _WORDS.get(spec.type, "")
    if spec.axes:
        words = f"an integer, or {spec.axes} integers with a comma between,"
    if spec.type == "choice":
        words = f"one of {', '.join(str(choice) for choice in spec.choices)}"
    if spec.type == "tuple":
        kind, length = spec.items or ("int", 0)
        words = f"a list of {f'{length} ' if length else ''}{_PLURALS.get(kind, 'values')}"
    if spec.range is not None:
        low, high = spec.range
        words += f" from {low:g} to {high:g}"
    return f"{words} or empty" if spec.optional else words
