"""The colours of the dark and the light theme."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of a theme.

    Args:
        dark: whether it is a dark theme.
        window: background of the window and its bars.
        panel: background of the panels.
        canvas: background of the drawing.
        card: background of nodes and other raised elements.
        field: background of input fields.
        border: lines between areas.
        strong_border: edges of controls and cards.
        text: primary text.
        muted: secondary text, with a contrast of at least 4.5:1 on every background.
        faint: decoration and disabled text.
        accent: colour of selection and of primary actions.
        on_accent: text on the accent.
        tint: background of a selected row.
        hover: background under the pointer.
        wire: wires that are neither selected nor under the pointer.
        dot: dots of the grid of the canvas.
        error: text and marks of errors.
        warning: text and marks of warnings.
        success: text and marks of success.
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
