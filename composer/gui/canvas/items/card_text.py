"""The text of a card: three lines at full detail, id and block in larger letters when zoomed out."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import Content

BASELINE = 15.0  # of the first line, below the top of the text
LEADING = 2.0  # how far the next baselines are raised
BADGE_GAP = 8.0  # between title and badge
END_BASELINES = (-3.0, 13.0)  # of the two lines of an input or output, from its middle
LARGE_PAD = 8.0  # beside large letters, which have less space


def paint_text(painter: QPainter, style: metrics.PaintStyle, content: Content, body: QRectF, muted: QColor) -> None:
    """Paint the text at full detail.

    Args:
        painter: painter in coordinates of the card.
        style: the style.
        content: the text.
        body: the card.
        muted: color of all lines but the first.
    """
    if content.shape == "end":
        _paint_end(painter, style, content, body, muted)
        return
    # 1. Center the two or three lines in the body.
    title_height, line_height, _ = metrics.LINE
    left, right = body.left() + metrics.EDGE + metrics.PAD - 2, body.right() - metrics.PAD
    height = sum(metrics.LINE) if content.detail else title_height + line_height
    y = body.center().y() - height / 2 + BASELINE
    # 2. The title gives way to the badge, which is right-aligned.
    badge = metrics.text_width("title", content.badge) if content.badge else 0.0
    title_width = right - left - (badge + BADGE_GAP if badge else 0)
    painter.setFont(style.title)
    painter.setPen(style.text)
    painter.drawText(QPointF(left, y), metrics.elided("title", content.title, title_width))
    painter.setPen(muted)
    if badge:
        painter.drawText(QPointF(right - badge, y), content.badge)
    # 3. Block and parameters, then costs.
    y += title_height - LEADING
    painter.setFont(style.body)
    painter.drawText(QPointF(left, y), metrics.elided("body", content.line, right - left))
    if content.detail:
        painter.setFont(style.small)
        painter.drawText(QPointF(left, y + line_height), metrics.elided("small", content.detail, right - left))


def _paint_end(painter: QPainter, style: metrics.PaintStyle, content: Content, body: QRectF, muted: QColor) -> None:
    """Paint the two centered lines of an input or output."""
    lines = (("title", style.text, content.title), ("small", muted, content.line))
    for (role, color, text), y in zip(lines, END_BASELINES, strict=True):
        painter.setFont(metrics.font_of(role))
        painter.setPen(color)
        shown = metrics.elided(role, text, body.width() - 2 * metrics.PAD)
        painter.drawText(QPointF(-metrics.text_width(role, shown) / 2, y), shown)


def paint_large_text(
    painter: QPainter, style: metrics.PaintStyle, content: Content, body: QRectF, muted: QColor, scale: float
) -> None:
    """Paint id and block in letters that can still be read when zoomed out.

    Args:
        painter: painter in coordinates of the card.
        style: the style.
        content: the text.
        body: the card.
        muted: color of the block.
        scale: scale of the view.
    """
    end = content.shape == "end"
    pad = LARGE_PAD if end else metrics.EDGE + LARGE_PAD
    width = body.width() - pad - LARGE_PAD
    # Sizes and baselines are in pixels of the screen, so they are divided by the scale.
    title_px, line_px = metrics.TITLE_PX / scale, metrics.LINE_PX / scale
    lines = [("title", metrics.TITLE_PX, style.text, content.title, (0.36 if end else -0.15) * title_px)]
    if not end:
        block = content.line.split("  ")[0]  # without its parameters
        lines.append(("body", metrics.LINE_PX, muted, block, 1.15 * line_px))
    for font, pixels, color, text, y in lines:
        role = metrics.role_that_fits(metrics.role_at_scale(font, pixels, scale), text, width)
        painter.setFont(metrics.font_of(role))
        painter.setPen(color)
        shown = metrics.elided(role, text, width)
        x = -metrics.text_width(role, shown) / 2 if end else body.left() + pad
        painter.drawText(QPointF(x, y), shown)
