"""The theme: its tokens, and the palette, fonts and icons that Qt needs; the style sheet is in `stylesheet.py`."""

import math
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from composer import paths
from composer.gui.look.stylesheet import stylesheet
from composer.gui.look.tokens import DARK, LIGHT, Tokens
from composer.gui.settings import settings

MODES = {"system": "Follow the system", "light": "Light", "dark": "Dark"}
SMALL, BODY, LARGE = 11, 13, 16
UNIT = 4
CONTROL = 28
PADDING = 12
ICON = 16
MOTION_MS = 120


# Hue angles in OKLCH, one for each family. Neighbours in the palette are far apart on the hue circle and alternate
# between its blue and its yellow side, so that they also differ for people who cannot tell red from green.
HUES = {
    "io": 265.0,
    "stems": 250.0,
    "conv": 85.0,
    "channel_attention": 300.0,
    "spatial_attention": 200.0,
    "combined": 330.0,
    "branch_attention": 55.0,
    "attention": 275.0,
    "transformer": 225.0,
    "tokens": 110.0,
    "position": 175.0,
    "dendritic": 145.0,
    "forward_forward": 130.0,
    "recurrent": 20.0,
    "text": 70.0,
    "head": 40.0,
    "graph": 240.0,
}
CHROMA = 0.115
GREY_FAMILIES = frozenset({"basic", "io"})

_state = {"mode": "system"}


def tokens() -> Tokens:
    """Return the tokens of the current theme."""
    return DARK if is_dark() else LIGHT


def mode() -> str:
    """Return the mode that the user has selected: a key of `MODES`."""
    return _state["mode"]


def is_dark() -> bool:
    """Whether the current theme is dark; in mode ``system`` the desktop decides."""
    if _state["mode"] != "system":
        return _state["mode"] == "dark"
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply(app: QApplication, mode: str | None = None) -> None:
    """Apply a mode to the application and remember it.

    Args:
        app: the application.
        mode: a key of `MODES`; None for the remembered one.
    """
    if mode is not None:
        settings().setValue("theme", mode)
    use(app, str(mode or settings().value("theme", "system")))


def use(app: QApplication, mode: str) -> None:
    """Apply a mode to the application without remembering it."""
    _state["mode"] = mode if mode in MODES else "system"
    icon.cache_clear()
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(palette(tokens()))
    app.setStyleSheet(stylesheet(tokens(), CONTROL, SMALL))


def palette(t: Tokens) -> QPalette:
    """Return the tokens as a Qt palette, for widgets that a style sheet does not reach."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, value in {
        roles.Window: t.panel,
        roles.WindowText: t.text,
        roles.Base: t.field,
        roles.AlternateBase: t.panel,
        roles.Text: t.text,
        roles.Button: t.card,
        roles.ButtonText: t.text,
        roles.BrightText: t.error,
        roles.ToolTipBase: t.card,
        roles.ToolTipText: t.text,
        roles.PlaceholderText: t.muted,
        roles.Highlight: t.accent,
        roles.HighlightedText: t.on_accent,
        roles.Link: t.accent,
        roles.Light: t.hover,
        roles.Midlight: t.border,
        roles.Mid: t.border,
        roles.Dark: t.border,
        roles.Shadow: t.window,
        roles.Accent: t.accent,
    }.items():
        result.setColor(role, QColor(value))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(t.faint))
    return result


def font(pixels: int = BODY, *, bold: bool = False, mono: bool = False) -> QFont:
    """Return the UI font, or the monospace font, with tabular figures.

    Args:
        pixels: `SMALL`, `BODY` or `LARGE`.
        bold: whether it is semibold.
        mono: whether it is monospace, for code.
    """
    result = QFontDatabase.systemFont(
        QFontDatabase.SystemFont.FixedFont if mono else QFontDatabase.SystemFont.GeneralFont
    )
    result.setPixelSize(pixels)
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def color(name: str, alpha: float = 1.0) -> QColor:
    """Return the colour of a token by its name."""
    result = QColor(getattr(tokens(), name))
    result.setAlphaF(alpha)
    return result


def family(category: str) -> QColor:
    """Return the colour of a block family.

    Args:
        category: the folder of the block, ``graph`` for sub-graphs, ``io`` for inputs and outputs.
    """
    return _family(category, tokens().lightness)


@lru_cache(maxsize=128)
def _family(category: str, lightness: float) -> QColor:
    if category in GREY_FAMILIES:
        return _oklch(lightness, 0.0 if category == "basic" else 0.02, 260.0)
    # A folder of custom blocks gets a hue from its name, the same in every session.
    hue = HUES.get(category, float(sum(ord(letter) * (index + 7) for index, letter in enumerate(category)) * 47 % 360))
    return _oklch(lightness, CHROMA, hue)


def _oklch(lightness: float, chroma: float, hue: float) -> QColor:
    """Convert OKLCH to sRGB (Ottosson 2020) and clip it."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long, medium, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    parts = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in (min(max(c, 0.0), 1.0) for c in linear)
    )
    return QColor.fromRgbF(*parts)


@lru_cache(maxsize=256)
def icon(name: str, ink: str = "text") -> QIcon:
    """Return an icon of the line set, drawn in the colour of a token, with a faint variant for disabled widgets.

    Args:
        name: file name in ``resources/icons`` without its suffix; an unknown name gives an empty icon.
        ink: name of the colour token.
    """
    result = QIcon()
    for icon_mode, token in ((QIcon.Mode.Normal, ink), (QIcon.Mode.Disabled, "faint")):
        for scale in (1, 2):
            pixmap = _draw(name, getattr(tokens(), token), scale)
            if pixmap is not None:
                result.addPixmap(pixmap, icon_mode)
    return result


def _draw(name: str, value: str, scale: int) -> QPixmap | None:
    from PySide6.QtSvg import QSvgRenderer

    path = paths.RESOURCES / "icons" / f"{name}.svg"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8").replace("currentColor", value)
    pixmap = QPixmap(QSize(ICON, ICON) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, ICON * scale, ICON * scale))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
