"""The colours: one class, two values of it, dark and light."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """One set of colours; dark and light are two values of this class.

    Args:
        window: ground of the window, bars and status.
        panel: ground of the panels.
        canvas: ground of the drawing.
        card: a node, a raised thing.
        field: ground of what can be typed into.
        border: lines between areas.
        strong_border: edges of controls and cards.
        text: what is read first.
        muted: what is read second; still 4.5:1 on every ground.
        faint: decoration and disabled text.
        accent: the one colour of selection and action.
        on_accent: text on the accent.
        tint: ground of a selected row.
        hover: ground under the pointer.
        wire: wires at rest.
        dot: dots of the canvas.
        error, warning, success: states only.
        lightness: OKLCH lightness of the family hues.
    """

    dark: bool
    window: str
    panel: str
    canvas: str
    card: str
    field: str
    border: str
    strong_border: str
    text: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    tint: str
    hover: str
    wire: str
    dot: str
    error: str
    warning: str
    success: str
    lightness: float


DARK = Tokens(
    dark=True,
    window="#17181b",
    panel="#1e1f23",
    canvas="#141518",
    card="#26282d",
    field="#17181b",
    border="#2c2e34",
    strong_border="#43464f",
    text="#e6e7ea",
    muted="#a3a7b1",
    faint="#6a6e78",
    accent="#6ea8fe",
    on_accent="#0b1526",
    tint="#263a5a",
    hover="#2b2d33",
    wire="#7b808b",
    dot="#2f3138",
    error="#ff7b72",
    warning="#e3b341",
    success="#56d364",
    lightness=0.74,
)
LIGHT = Tokens(
    dark=False,
    window="#f1f2f4",
    panel="#fafafb",
    canvas="#ffffff",
    card="#ffffff",
    field="#ffffff",
    border="#e0e2e6",
    strong_border="#c3c7ce",
    text="#1b1d21",
    muted="#5a5f69",
    faint="#9aa0aa",
    accent="#1f63d6",
    on_accent="#ffffff",
    tint="#d9e7fd",
    hover="#eceef1",
    wire="#878d98",
    dot="#d9dce1",
    error="#c62828",
    warning="#8f5c00",
    success="#1c7c34",
    lightness=0.62,
)
