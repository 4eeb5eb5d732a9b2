"""Sizes, fonts, pens and brushes of the canvas, created once per theme."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPen

from composer.gui.canvas.items.content import Content
from composer.gui.look import theme

GRID = 4.0
RADIUS = 6.0
EDGE = 3.0  # family color at the left of a card
PAD = 12.0  # between the edge of a card and its text
LINE = (20.0, 17.0, 15.0)  # height of the three lines of a card
CARD_HEIGHT = 72.0
END_HEIGHT = 48.0
MIN_WIDTH, MAX_WIDTH = 128.0, 248.0
END_WIDTH = 72.0  # least width of an input or output of the graph
MERGE = 28.0  # diameter of a merge
PORT = 4.0  # radius of a dot
PORT_STEP = 20.0  # least distance of the ports of one side
OPTIONAL_STEP = 14  # between input ports that need no wire
STACK = 4.0  # offset of the second card behind a sub-graph
CHIP_HEIGHT = 18.0
# Levels of detail. Below the first scale a card shows only its id and block, in letters that grow as it shrinks, and no
# ports or chips. Below the second one it is a colored rectangle: more could not be read, but would cost time.
DETAIL_SCALE = 0.65
OVERVIEW_SCALE = 0.38
TITLE_PX, LINE_PX = 11.5, 10.0  # size of those letters on the screen
DASHES = {"map": [], "tokens": [5.0, 3.0], "vector": [1.5, 2.5], "other": [8.0, 3.0, 1.0, 3.0]}


@dataclass(frozen=True)
class PaintStyle:
    """Fonts, colors, pens and brushes of one theme.

    Attributes:
        title, body, small: fonts.
        text, muted, canvas, accent, error: colors.
        card: brush of a card.
        edge: pen of its outline.
        hover: pen of its outline under the pointer.
        dark: whether the theme is dark.
    """

    title: QFont
    body: QFont
    small: QFont
    text: QColor
    muted: QColor
    canvas: QColor
    card: QBrush
    edge: QPen
    hover: QPen
    accent: QColor
    error: QColor
    dark: bool

    @property
    def selected(self) -> QPen:
        """Pen of the outline of what is selected."""
        return QPen(self.accent, 2)


def paint_style() -> PaintStyle:
    """Return the style of the current theme."""
    return _paint_style(theme.is_dark(), theme.font().family())


@lru_cache(maxsize=4)
def _paint_style(dark: bool, _family: str) -> PaintStyle:
    return PaintStyle(
        title=theme.font(theme.BODY, bold=True),
        body=theme.font(theme.BODY),
        small=theme.font(theme.SMALL),
        text=theme.color("text"),
        muted=theme.color("muted"),
        canvas=theme.color("canvas"),
        card=QBrush(theme.color("card")),
        edge=QPen(theme.color("strong_border"), 1),
        hover=QPen(theme.color("muted"), 1),
        accent=theme.color("accent"),
        error=theme.color("error"),
        dark=dark,
    )


def role_at_scale(role: str, pixels: float, scale: float) -> str:
    """Return the role of a font that has about a number of pixels on the screen at a scale."""
    return f"{role}@{round(pixels / scale / 2) * 2}"


def role_that_fits(role: str, text: str, width: float) -> str:
    """Return the role of a smaller font in which a text fits a width; never smaller than the plain font."""
    needed = text_width(role, text)
    if needed <= width:
        return role
    name, _, pixels = role.partition("@")
    return f"{name}@{max(int(int(pixels) * width / needed), theme.BODY)}"


@lru_cache(maxsize=64)
def font_of(role: str) -> QFont:
    """Return a font by its role: ``title``, ``body``, ``small``, or one of them in pixels: ``title@20``."""
    name, _, pixels = role.partition("@")
    font = QFont(getattr(paint_style(), name))
    if pixels:
        font.setPixelSize(int(pixels))
    return font


@lru_cache(maxsize=64)
def _metrics(role: str) -> QFontMetricsF:
    return QFontMetricsF(font_of(role))


@lru_cache(maxsize=8192)
def text_width(role: str, text: str) -> float:
    """Return the width of a text in pixels, in one of the fonts of `PaintStyle`."""
    return _metrics(role).horizontalAdvance(text)


@lru_cache(maxsize=8192)
def elided(role: str, text: str, width: float) -> str:
    """Return a text cut to a width, with an ellipsis."""
    return (
        text if text_width(role, text) <= width else _metrics(role).elidedText(text, Qt.TextElideMode.ElideRight, width)
    )


def clear_caches() -> None:
    """Clear everything that depends on the font or the theme, after a change of either."""
    for cached in (_paint_style, font_of, _metrics, text_width, elided, _family_brush, _wire_pen):
        cached.cache_clear()


def family_brush(family: str, blend: float = 1.0) -> QBrush:
    """Return the brush of a block family.

    Args:
        family: the family.
        blend: share of its color, the rest being that of a card; for cards that are too small to have a colored edge.
    """
    return _family_brush(family, blend, theme.is_dark())


@lru_cache(maxsize=256)
def _family_brush(family: str, blend: float, _dark: bool) -> QBrush:
    color = theme.family(family)
    return QBrush(color if blend >= 1 else mix(paint_style().card.color(), color, blend))


def mix(background: QColor, color: QColor, share: float) -> QColor:
    """Return the blend of two colors."""
    rest = 1.0 - share
    return QColor.fromRgbF(
        background.redF() * rest + color.redF() * share,
        background.greenF() * rest + color.greenF() * share,
        background.blueF() * rest + color.blueF() * share,
    )


def mark_color(mark: str) -> QColor:
    """Return the color of a difference: ``added``, ``removed`` or ``changed``."""
    return theme.color({"added": "success", "removed": "error", "changed": "warning"}[mark])


def wire_pen(kind: str, state: str) -> QPen:
    """Return the pen of a wire.

    Args:
        kind: layout of its tensor: ``map`` (solid), ``tokens`` (dashed), ``vector`` (dotted) or ``other``.
        state: ``rest``, ``hover``, ``selected``, ``faded``, ``error``, ``added``.
    """
    return _wire_pen(kind, state, theme.is_dark())


@lru_cache(maxsize=64)
def _wire_pen(kind: str, state: str, _dark: bool) -> QPen:
    color = {
        "rest": theme.color("wire"),
        "hover": theme.color("text"),
        "selected": theme.color("accent"),
        "faded": theme.color("wire", 0.55),
        "error": theme.color("error"),
        "added": mark_color("added"),
    }[state]
    pen = QPen(color, 2.0 if state in ("hover", "selected", "added") else 1.5)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashes := DASHES.get(kind):
        pen.setDashPattern([dash * 1.5 / pen.widthF() for dash in dashes])
    return pen


def snap(value: float) -> float:
    """Return the nearest coordinate on the grid."""
    return round(value / GRID) * GRID


def snap_point(point: QPointF) -> tuple[float, float]:
    """Return the nearest grid point, as the design stores positions."""
    return snap(point.x()), snap(point.y())


def size(content: Content) -> tuple[float, float]:
    """Return width and height of an item in pixels: multiples of twice the grid, so that its edges are on the grid."""
    if content.shape == "merge":
        return MERGE, MERGE
    badge = text_width("title", content.badge) + PAD if content.badge else 0.0
    widest = max(
        text_width("title", content.title) + badge,
        text_width("body" if content.shape == "card" else "small", content.line),
        text_width("small", content.detail),
    )
    min_width = MIN_WIDTH if content.shape == "card" else END_WIDTH
    width = min(max(widest + 2 * PAD + EDGE, min_width), MAX_WIDTH)
    ports = max(len(content.inputs) - content.optional, len(content.outputs))
    below = OPTIONAL_STEP * content.optional if ports > 1 else 0
    height = max(CARD_HEIGHT if content.shape == "card" else END_HEIGHT, PORT_STEP * (ports + 1) + below)
    return 2 * GRID * -(-width // (2 * GRID)), 2 * GRID * -(-height // (2 * GRID))


def port_positions(count: int, body: QRectF, *, output: bool, down: bool, optional: int = 0) -> list[QPointF]:
    """Return the positions of the ports of one side on the edge of the body.

    Args:
        count: number of ports.
        body: the outline of the item.
        output: whether it is the side of the outputs.
        down: whether wires run from top to bottom.
        optional: how many of the ports, the last ones, need no wire. They are close together at the end of the edge, so
            that the others are where they would be without them.
    """
    length = body.width() if down else body.height()
    needed = count - optional
    # A single port stays in the middle, on one line with its neighbours.
    free = length - OPTIONAL_STEP * optional if needed > 1 else length
    offsets = [free * (i + 1) / (needed + 1) for i in range(needed)]
    offsets += [length - OPTIONAL_STEP * (optional - i) + OPTIONAL_STEP / 4 for i in range(optional)]
    if down:
        y = body.bottom() if output else body.top()
        return [QPointF(body.left() + offset, y) for offset in offsets]
    x = body.right() if output else body.left()
    return [QPointF(x, body.top() + offset) for offset in offsets]
