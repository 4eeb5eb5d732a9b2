"""Format numbers for people: 25.6 M, 56 × 56 × 64, 1.2 MB, 1 min 15 s."""

import re
from collections.abc import Sequence

from composer.core.errors import UserError

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
TIMES = " × "


def count(number: float) -> str:
    """Format a count with at most three figures.

    >>> count(25_600_000), count(4_089_184_256), count(999), count(1000), count(999_499), count(999_500)
    ('25.6 M', '4.1 G', '999', '1.0 k', '999 k', '1.0 M')
    """
    return _scaled(number, "").rstrip()


def parse_count(text: str) -> int:
    """Parse a count as people write it.

    >>> parse_count("5M"), parse_count("600 k"), parse_count("1.2G"), parse_count("4,000")
    (5000000, 600000, 1200000000, 4000)

    Raises:
        UserError: if it is not a number above 0.
    """
    bare = text.replace(",", "").strip()
    factor = {"k": 10**3, "K": 10**3, "m": 10**6, "M": 10**6, "g": 10**9, "G": 10**9, "T": 10**12}.get(bare[-1:], 1)
    try:
        value = round(float(bare if factor == 1 else bare[:-1]) * factor)
    except (ValueError, OverflowError):
        value = 0
    if value < 1:
        raise UserError(f"{text!r} is not a number above 0, such as 5M, 600k or 1.2G")
    return value


def difference(number: float) -> str:
    """Format a difference of two counts, with its sign.

    >>> difference(1_200_000), difference(-340), difference(0)
    ('+1.2 M', '\N{MINUS SIGN}340', 'same')
    """
    sign = "+" if number > 0 else "\N{MINUS SIGN}"
    return f"{sign}{count(abs(number))}" if number else "same"


def memory(size: float) -> str:
    """Format a number of bytes in decimal units.

    >>> memory(1_234_567), memory(512), memory(0)
    ('1.2 MB', '512 B', '0 B')
    """
    return _scaled(size, "B")


def _scaled(number: float, unit: str) -> str:
    for step, letter in _STEPS:
        # A number that rounds up to the next unit is written in it: 999 600 would be "1000 k".
        if abs(number) >= step * 0.9995:
            value = number / step
            return f"{value:.0f} {letter}{unit}" if abs(value) >= 99.95 else f"{value:.1f} {letter}{unit}"
    return f"{number:.0f} {unit}"


def shape(sizes: Sequence[int]) -> str:
    """Format the shape of a tensor without its batch axis; of a map with channels last, as in the figures of papers.

    >>> shape((1, 64, 56, 56)), shape((8, 196, 768)), shape((1, 10)), shape((1,))
    ('56 × 56 × 64', '196 × 768', '10', 'scalar')
    """
    return sample_shape(tuple(sizes)[1:])


def sample_shape(sizes: Sequence[int | str]) -> str:
    """Format the shape of one sample, channels last.

    >>> sample_shape((3, 224, 224)), sample_shape((3, 16, 224, 224)), sample_shape((3, "=size", "=size"))
    ('224 × 224 × 3', '16 × 224 × 224 × 3', 'size × size × 3')
    """
    named = [str(size).removeprefix("=").strip() for size in sizes]
    if len(named) >= 3:
        named = [*named[1:], named[0]]
    return TIMES.join(named) or "scalar"


def declared_shape(shape: str) -> str:
    """Format the shapes that a block declares, without the batch axis, which all blocks have.

    >>> declared_shape("b c h w -> b out_channels h w"), declared_shape("b n dim, b m dim -> b n dim")
    ('c h w → out_channels h w', 'n dim, m dim → n dim')
    """
    return re.sub(r"(^|, ?|-> ?)b ", r"\1", shape).replace("->", "\N{RIGHTWARDS ARROW}")


def axes(sizes: Sequence[int]) -> str:
    """Format a shape with every axis in torch's order, for tooltips and tables.

    >>> axes((1, 64, 56, 56))
    '1 × 64 × 56 × 56'
    """
    return TIMES.join(str(size) for size in sizes)


def duration(seconds: float) -> str:
    """Format a duration in its two largest units.

    >>> duration(75), duration(0.42), duration(12.3), duration(7500), duration(60), duration(90_000)
    ('1 min 15 s', '0.4 s', '12 s', '2 h 5 min', '1 min', '1 d 1 h')
    """
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    first = next(index for index, (value, _) in enumerate(parts) if value)
    return " ".join(f"{value} {unit}" for value, unit in parts[first : first + 2] if value)


def short_time(seconds: float) -> str:
    """Format a duration far below a second, with three figures.

    >>> short_time(0.00123456), short_time(4.2e-05), short_time(7.4e-08), short_time(0.0), short_time(2.5)
    ('1.23 ms', '42 µs', '74 ns', '0 ms', '2.5 s')
    """
    if not seconds:
        return "0 ms"
    if seconds >= 1:
        return f"{seconds:.3g} s"
    factor, unit = (1e3, "ms") if seconds >= 0.9995e-3 else (1e6, "µs") if seconds >= 0.9995e-6 else (1e9, "ns")
    return f"{seconds * factor:.3g} {unit}"


def percent(share: float) -> str:
    """Format a share of one in percent.

    >>> percent(0.97456), percent(1.0), percent(0.0004)
    ('97.5 %', '100 %', '0.0 %')
    """
    return "100 %" if share >= 0.9995 else f"{100 * share:.1f} %"
