"""Parameter values as people type them: ``64*2``, ``=width*2``, ``each 2, 1, 1``, ``ramp 0, 0.1``; and back."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from composer.core import expressions
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.graph import AND_SO_ON, Each, Literal, Ramp, Value, is_expression
from composer.core.number_text import parse_integer, parse_number
from composer.core.param_check import problem

NONE = "none"
EACH, RAMP = "each", "ramp"


def to_text(value: Value) -> str:
    """Return a value as text that `from_text` reads back.

    >>> to_text(None), to_text((3, 3)), to_text(Each((2, 1))), to_text(Ramp(0.0, 0.1)), to_text(0.1), to_text(True)
    ('none', '3, 3', 'each 2, 1', 'ramp 0, 0.1', '0.1', 'true')
    """
    match value:
        case None:
            return NONE
        case bool():
            return "true" if value else "false"
        case float():
            return text if float(text := f"{value:g}") == value else repr(value)
        case Each(values=values):
            items = (f"({to_text(item)})" if isinstance(item, tuple) else to_text(item) for item in values)
            return f"{EACH} {', '.join(items)}"
        case Ramp(start=start, stop=stop):
            return f"{RAMP} {to_text(start)}, {to_text(stop)}"
        case tuple():
            return ", ".join(to_text(item) for item in value)
    return str(value)


def from_text(text: str, spec: ParamSpec | None, variables: Mapping[str, Literal] | None = None) -> Value:
    """Parse a typed text as a value.

    Args:
        text: a value, arithmetic, an expression over variables, or a value for each iteration of a repeat.
        spec: the parameter; None where any value goes.
        variables: names that arithmetic may use; it then becomes an expression.

    Raises:
        UserError: if the text is not a value of the parameter.
    """
    text = text.strip()
    head, _, rest = text.partition(" ")
    if head in (EACH, RAMP) or head in (f"{EACH}:", f"{RAMP}:"):
        parts = _split(rest.replace("..", ",") if head.startswith(RAMP) else rest)
        marked = head.startswith(EACH) and len(parts) > 1 and parts[-1] in (AND_SO_ON, "…")
        items = [_single(part, spec, variables or {}) for part in (parts[:-1] if marked else parts)]
        items += [AND_SO_ON] * marked
        if head.startswith(EACH) and items:
            return Each(tuple(items))
        ends = [item for item in items if isinstance(item, int | float) or is_expression(item)]
        if head.startswith(RAMP) and len(ends) == len(items) == 2:
            return Ramp(ends[0], ends[1])  # type: ignore[arg-type]
        raise UserError(
            f"{text!r}: write {EACH} 2, 1, 1 for a value per iteration, or {RAMP} 0, 0.1 for its first and last value"
        )
    return _single(text, spec, variables or {})


def _single(text: str, spec: ParamSpec | None, variables: Mapping[str, Literal]) -> Literal:
    text = text.strip()
    in_parts = spec is not None and (spec.type == "tuple" or spec.axes > 0) and len(_parts(text)) > 1
    if is_expression(text) and not in_parts and spec is not None:
        expressions.names(text)
        return text
    value = _guess(text, variables) if spec is None else _READERS[spec.type](text, spec, variables)
    open_ = is_expression(value) or (isinstance(value, tuple) and any(is_expression(item) for item in value))
    if spec is not None and not open_ and (reason := problem(spec, value)):
        raise UserError(reason)
    return value


def _guess(text: str, variables: Mapping[str, Literal]) -> Literal:
    if len(parts := _parts(text)) > 1 and all(is_expression(part) or _is_number(part) for part in parts):
        return tuple(_guess(part, variables) for part in parts)
    if is_expression(text):
        expressions.names(text)
        return text
    if text.lower() in (NONE, "true", "false"):
        return {NONE: None, "true": True, "false": False}[text.lower()]
    if (number := _plain_number(text)) is not None:
        return number
    try:
        return _arithmetic(text, variables)
    except UserError:
        return text


def _is_number(text: str) -> bool:
    try:
        return parse_number(text) is not None
    except ValueError:
        return False


def _plain_number(text: str) -> int | float | None:
    """Return the number that a text writes; None if it writes none.

    Raises:
        UserError: if it is too large or too small.
    """
    try:
        return parse_number(text)
    except ValueError as error:
        raise UserError(str(error)) from None


def _arithmetic(text: str, variables: Mapping[str, Literal]) -> Literal:
    if (number := _plain_number(text)) is not None:
        return number
    try:
        used = expressions.names(text)
    except UserError:
        raise UserError(
            f"{text!r} is not a number; arithmetic such as 64*2 and variables such as =width*2 are fine"
        ) from None
    if used and used <= variables.keys():
        return f"={text}"
    return expressions.evaluate(text, {})


def _number(text: str, spec: ParamSpec, variables: Mapping[str, Literal]) -> Literal:
    if not text or text.lower() == NONE:
        return None
    if spec.axes and len(_parts(text)) > 1:
        return _tuple(text, replace(spec, items=("int", spec.axes), axes=0), variables)
    value = _arithmetic(text, variables)
    if spec.type == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return float(value) if spec.type == "float" and isinstance(value, int) and not isinstance(value, bool) else value


def _bool(text: str, spec: ParamSpec, _variables: Mapping[str, Literal]) -> Literal:
    words: dict[str, Literal] = {
        "true": True,
        "false": False,
        "yes": True,
        "no": False,
        "1": True,
        "0": False,
        NONE: None,
    }
    if text.lower() not in words:
        raise UserError(f"{spec.name}: {text!r} is neither true nor false")
    return words[text.lower()]


def _str(text: str, spec: ParamSpec, _variables: Mapping[str, Literal]) -> Literal:
    return None if spec.optional and text.lower() in ("", NONE) else text


def _choice(text: str, spec: ParamSpec, variables: Mapping[str, Literal]) -> Literal:
    return next((choice for choice in spec.choices if to_text(choice) == text), _str(text, spec, variables))


def _tuple(text: str, spec: ParamSpec, variables: Mapping[str, Literal]) -> Literal:
    if not text or text.lower() == NONE:
        return None
    kind, length = spec.items or ("int", 0)
    element = replace(spec, type=kind, optional=False, range=None, items=None)
    items = tuple(_single(part, element, variables) for part in _parts(text))
    # One number for a pair means both, as torch has it.
    return items * length if len(items) == 1 and length else items


_READERS: dict[str, Callable[[str, ParamSpec, Mapping[str, Literal]], Literal]] = {
    "int": _number,
    "float": _number,
    "bool": _bool,
    "str": _str,
    "path": _str,
    "source": _str,
    "choice": _choice,
    "tuple": _tuple,
}


def _parts(text: str) -> list[str]:
    """Return the parts of a tuple as people write it: ``3, 7``, ``(3, 7)``, ``3 × 7``."""
    return _split(text.strip("()[] ").replace("×", ","))


def _split(text: str) -> list[str]:
    """Split a text at the commas outside brackets."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def shape_from_text(text: str) -> tuple[int | str, ...]:
    """Parse the shape of an input: ``3, 224, 224``, ``3 x 224 x 224``, ``3, =size, =size``.

    Raises:
        UserError: if it is not a list of positive integers and expressions.
    """
    parts = _split(text.replace("×", ",").replace(" x ", ",").strip("()[] "))
    sizes: list[int | str] = []
    for part in parts:
        size: object = part if is_expression(part) else _literal(part)
        if isinstance(size, str):
            expressions.parse(size)
        elif not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise UserError(f"{part!r} is not a size; write sizes without the batch, such as 3, 224, 224")
        sizes.append(size)
    if not sizes:
        raise UserError("the shape is empty; write sizes without the batch, such as 3, 224, 224")
    return tuple(sizes)


def _literal(text: str) -> object:
    number = parse_integer(text)
    return expressions.evaluate(text, {}) if number is None else number
