"""Labels and buttons in the few roles that the style sheet knows."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from composer.gui.look import theme

W = TypeVar("W", bound=QWidget)


def label(text: str = "", role: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A label.

    Args:
        text: its text, taken as it is and not as rich text.
        role: ``muted``, ``small``, ``title``, ``heading``, ``error``, ``warning`` or empty.
        wrap: break long lines.
        parent: Qt parent.
    """
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def tool_button(icon: str, tip: str, clicked: Callable[[], object], *, ink: str = "muted") -> QToolButton:
    """A small flat button with an icon."""
    made = QToolButton()
    made.setIcon(theme.icon(icon, ink))
    made.setIconSize(QSize(theme.ICON, theme.ICON))
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setProperty("icon_name", icon)
    made.setProperty("icon_ink", ink)
    made.clicked.connect(lambda _=False: clicked())
    return made


def refresh_icons(widget: QWidget) -> None:
    """Draw the icons of all `tool_button`s in a widget in the colours of the theme in force."""
    for found in widget.findChildren(QToolButton):
        name, ink = found.property("icon_name"), found.property("icon_ink")
        if name and ink:
            found.setIcon(theme.icon(name, ink))


def button(text: str, clicked: Callable[[], object], kind: str = "") -> QPushButton:
    """A button with a text; `kind` is ``primary``, ``link`` or empty."""
    made = QPushButton(text)
    if kind:
        made.setProperty(kind, "true")
    if kind == "link":
        made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    made.clicked.connect(lambda _=False: clicked())
    return made


def column(*widgets: QWidget, margin: int = theme.PADDING, spacing: int = 8) -> QVBoxLayout:
    """A vertical layout of widgets."""
    made = QVBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    for widget in widgets:
        made.addWidget(widget)
    return made


def row(*widgets: QWidget, margin: int = 0, spacing: int = 8) -> QHBoxLayout:
    """A horizontal layout of widgets."""
    made = QHBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    for widget in widgets:
        made.addWidget(widget)
    return made


def clear(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Remove and delete everything in a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner := item.layout(), QVBoxLayout | QHBoxLayout):
            clear(inner)


def named(widget: W, name: str, tip: str = "") -> W:
    """A widget with the name that screen readers say, and perhaps a tooltip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip)
    return widget
