"""The look: tokens for dark and light, and what Qt needs made from them (palette, fonts, icons). The style sheet is in `style.py`."""

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


# Hue angles in OKLCH, one a family; neighbours in the palette are far apart on the circle, so that they also differ for
# eyes that see red and green alike (hues alternate between the blue and the yellow side).
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
    """The tokens in force."""
    return DARK if is_dark() else LIGHT


def mode() -> str:
    """What the user chose: one of `MODES`."""
    return _state["mode"]


def is_dark() -> bool:
    """Whether the dark tokens are in force; the system decides unless the user did."""
    if _state["mode"] != "system":
        return _state["mode"] == "dark"
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def apply(app: QApplication, mode: str | None = None) -> None:
    """Dress the application in what the user chose.

    Args:
        app: the application.
        mode: one of `MODES`, remembered for the next start; None takes what is remembered.
    """
    if mode is not None:
        settings().setValue("theme", mode)
    use(app, str(mode or settings().value("theme", "system")))


def use(app: QApplication, mode: str) -> None:
    """Dress the application in a mode without remembering it."""
    _state["mode"] = mode if mode in MODES else "system"
    icon.cache_clear()
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(palette(tokens()))
    app.setStyleSheet(stylesheet(tokens(), CONTROL, SMALL))


def palette(t: Tokens) -> QPalette:
    """The tokens as a Qt palette, for what a style sheet does not reach."""
    roles = QPalette.ColorRole
    made = QPalette()
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
        made.setColor(role, QColor(value))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(t.faint))
    return made


def font(pixels: int = BODY, *, bold: bool = False, mono: bool = False) -> QFont:
    """The UI font (or the monospace one) with tabular figures.

    Args:
        pixels: `SMALL`, `BODY` or `LARGE`.
        bold: semibold.
        mono: for code.
    """
    made = QFontDatabase.systemFont(
        QFontDatabase.SystemFont.FixedFont if mono else QFontDatabase.SystemFont.GeneralFont
    )
    made.setPixelSize(pixels)
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def color(name: str, alpha: float = 1.0) -> QColor:
    """A token as a colour, by its name."""
    made = QColor(getattr(tokens(), name))
    made.setAlphaF(alpha)
    return made


def family(category: str) -> QColor:
    """The colour of a block family: the folder of the block, ``graph`` for sub-graphs, ``io`` for inputs and outputs."""
    return _family(category, tokens().lightness)


@lru_cache(maxsize=128)
def _family(category: str, lightness: float) -> QColor:
    if category in GREY_FAMILIES:
        return _oklch(lightness, 0.0 if category == "basic" else 0.02, 260.0)
    # A folder of the user's own gets a hue from its name, the same in every session.
    hue = HUES.get(category, float(sum(ord(letter) * (index + 7) for index, letter in enumerate(category)) * 47 % 360))
    return _oklch(lightness, CHROMA, hue)


def _oklch(lightness: float, chroma: float, hue: float) -> QColor:
    """OKLCH to sRGB (Ottosson 2020), clipped."""
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
    """An icon of the line set, drawn in the colour of a token, with a faint disabled form.

    Args:
        name: file name in ``resources/icons`` without its ending; an unknown name gives an empty icon.
        ink: name of the colour token.
    """
    made = QIcon()
    for mode_, used in ((QIcon.Mode.Normal, ink), (QIcon.Mode.Disabled, "faint")):
        for scale in (1, 2):
            pixmap = _draw(name, getattr(tokens(), used), scale)
            if pixmap is not None:
                made.addPixmap(pixmap, mode_)
    return made


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
