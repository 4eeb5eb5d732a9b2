"""The plot of a learning-rate range test as an image."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

from composer.engine.training.rate_finder.rate_search import RateCurve

WIDTH, HEIGHT = 1200, 720
LEFT, RIGHT, TOP, BOTTOM = 96, 32, 84, 84
GROUND, INK, FAINT, GRID = (255, 255, 255), (32, 36, 44), (108, 114, 124), (228, 230, 234)
RAW, CURVE, STEEPEST, TENTH = (190, 204, 228), (38, 92, 196), (196, 92, 12), (16, 128, 92)
# Of the height above the curve: the losses of a diverging end would flatten everything else.
HEADROOM = 1.6
Point = tuple[float, float]


def plot_rates(curve: RateCurve, title: str) -> Image.Image:
    """Draw loss against learning rate, with the suggested rates marked.

    Args:
        curve: the result of the test.
        title: heading, such as the name of the design.
    """
    page = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), GROUND)  # reduced at the end, so that lines are smooth
    draw = ImageDraw.Draw(page)
    small, large = ImageFont.load_default(30), ImageFont.load_default(40)
    low, high = math.log10(curve.rates[0]), math.log10(curve.rates[-1])
    bottom = min(curve.losses)
    top = min(max(curve.smoothed), bottom + HEADROOM * max(max(curve.smoothed[: _minimum(curve) + 1]) - bottom, 1e-9))
    margin = 0.06 * (top - bottom)
    to_x, to_y = _scale(low, high, LEFT, WIDTH - RIGHT), _scale(bottom - margin, top + margin, HEIGHT - BOTTOM, TOP)

    # 1. Axes: a line for each power of ten, round losses.
    for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1):
        x = to_x(power)
        draw.line([(x, 2 * TOP), (x, 2 * (HEIGHT - BOTTOM))], GRID, 2)
        draw.text((x, 2 * (HEIGHT - BOTTOM) + 16), f"1e{power}" if power else "1", FAINT, small, anchor="ma")
    for value in _ticks(bottom, top):
        y = to_y(value)
        draw.line([(2 * LEFT, y), (2 * (WIDTH - RIGHT), y)], GRID, 2)
        draw.text((2 * LEFT - 16, y), f"{value:.3g}", FAINT, small, anchor="rm")
    draw.text((WIDTH, 2 * HEIGHT - 24), "learning rate", INK, small, anchor="ms")
    draw.text((2 * LEFT, 24), title, INK, large)
    draw.text((2 * LEFT, 84), "loss of each step, and the mean over neighbouring steps", FAINT, small)

    # 2. The loss of each step, pale, and its running mean.
    for losses, color, thickness in ((curve.losses, RAW, 3), (curve.smoothed, CURVE, 6)):
        points = [
            (to_x(math.log10(rate)), min(max(to_y(loss), 2 * TOP), 2 * (HEIGHT - BOTTOM)))
            for rate, loss in zip(curve.rates, losses, strict=True)
        ]
        draw.line(points, color, thickness, joint="curve")

    # 3. The suggestions, each with its number.
    marks = [(curve.tenth_of_minimum, "a tenth of the minimum", TENTH), (curve.steepest, "steepest descent", STEEPEST)]
    for line, (rate, words, color) in enumerate(marks):
        if rate is not None and curve.rates[0] <= rate:
            x = to_x(math.log10(rate))
            draw.line([(x, 2 * TOP), (x, 2 * (HEIGHT - BOTTOM))], color, 3)
            draw.text((2 * (WIDTH - RIGHT), 24 + 50 * line), f"{words}: {rate:.2g}", color, small, anchor="ra")
    return page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _minimum(curve: RateCurve) -> int:
    return curve.rates.index(curve.minimum)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Return the map of values to pixels of the enlarged page."""
    span = high - low or 1.0
    return lambda value: 2 * (start + (value - low) / span * (end - start))


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers within a range."""
    rough = (high - low) / 5 or 1.0
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]
