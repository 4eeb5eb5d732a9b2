"""Numbers as people write them: ``1e-3``, ``1E5``, ``.5``, ``5.``, ``1_000``, ``+1``; the same ones in every place.

YAML 1.1, which PyYAML implements, takes most of these for texts, ``017`` for 15 and ``1:30`` for 90. Here they are as
in YAML 1.2, JSON and Python.
"""

import math
import re

_DIGITS = r"[0-9](?:_?[0-9])*"
_WHOLE = rf"[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|{_DIGITS})"
_DECIMAL = rf"[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?"
_SPECIAL = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
NUMBER = re.compile(rf"(?:{_WHOLE}|{_DECIMAL}|{_SPECIAL})\Z")
MAX_DIGITS = 400
_EXACT = 2**53  # beyond it a float does not hold every integer
_BASES = {"0o": 8, "0x": 16, "0b": 2}


def parse_number(text: str) -> int | float | None:
    """Return the number that a text writes; None if it writes none.

    A number with an exponent and without a point is an integer if it is one: ``1e3`` is 1000 wherever an integer is
    expected.

    >>> parse_number("1e-3"), parse_number("1E5"), parse_number(".5"), parse_number("5."), parse_number("1_000")
    (0.001, 100000, 0.5, 5.0, 1000)
    >>> parse_number("017"), parse_number("0o17"), parse_number("1:30"), parse_number("three"), parse_number("1e30")
    (17, 15, None, None, 1e+30)

    Raises:
        ValueError: if it is one that a computer cannot hold, such as ``1e999``.
    """
    text = text.strip()
    if len(text) > MAX_DIGITS or NUMBER.match(text) is None:
        return None
    plain = text.replace("_", "").lower()
    unsigned = plain.lstrip("+-")
    if unsigned in (".inf", ".nan"):
        return float(plain.replace(".", ""))
    if unsigned[:2] in _BASES:
        return int(plain, _BASES[unsigned[:2]])
    if unsigned.isdigit():
        return int(plain)
    value = float(plain)
    nonzero = re.search("[1-9]", plain.split("e")[0]) is not None
    if math.isinf(value) or (nonzero and value == 0):
        raise ValueError(f"{text[:40]} is too {'large' if math.isinf(value) else 'small'} for a number")
    if "." not in plain and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def parse_integer(text: str) -> int | None:
    """Return the integer that a text writes, also as ``1e3`` or ``5.0``; None if it writes none."""
    try:
        value = parse_number(text)
    except ValueError:
        return None
    return int(value) if value is not None and math.isfinite(value) and value == int(value) else None
