"""Factories for labels, buttons and layouts, in the few roles that the style sheet distinguishes."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from composer.gui.look import theme

W = TypeVar("W", bound=QWidget)


def label(text: str = "", role: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """Return a label.

    Args:
        text: plain text; markup in it is shown literally.
        role: ``muted``, ``small``, ``title``, ``heading``, ``error``, ``warning`` or empty.
        wrap: whether long lines are broken.
        parent: Qt parent.
    """
    widget = QLabel(text, parent)
    widget.setTextFormat(Qt.TextFormat.PlainText)
    widget.setProperty("role", role)
    widget.setWordWrap(wrap)
    return widget


def tool_button(icon: str, tip: str, clicked: Callable[[], object], *, ink: str = "muted") -> QToolButton:
    """Return a small flat button with an icon; `tip` is its tooltip and its accessible name."""
    widget = QToolButton()
    widget.setIcon(theme.icon(icon, ink))
    widget.setIconSize(QSize(theme.ICON, theme.ICON))
    widget.setToolTip(tip)
    widget.setAccessibleName(tip)
    widget.setCursor(Qt.CursorShape.PointingHandCursor)
    widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    widget.setProperty("icon_name", icon)
    widget.setProperty("icon_ink", ink)
    widget.clicked.connect(lambda _=False: clicked())
    return widget


def refresh_icons(widget: QWidget) -> None:
    """Redraw the icons of all `tool_button`s inside a widget in the colours of the current theme."""
    for child in widget.findChildren(QToolButton):
        name, ink = child.property("icon_name"), child.property("icon_ink")
        if name and ink:
            child.setIcon(theme.icon(name, ink))


def button(text: str, clicked: Callable[[], object], kind: str = "") -> QPushButton:
    """Return a button with a text; `kind` is ``primary``, ``link`` or empty."""
    widget = QPushButton(text)
    if kind:
        widget.setProperty(kind, "true")
    if kind == "link":
        widget.setCursor(Qt.CursorShape.PointingHandCursor)
    widget.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    widget.clicked.connect(lambda _=False: clicked())
    return widget


def column(*widgets: QWidget, margin: int = theme.PADDING, spacing: int = 8) -> QVBoxLayout:
    """Return a vertical layout of widgets."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def row(*widgets: QWidget, margin: int = 0, spacing: int = 8) -> QHBoxLayout:
    """Return a horizontal layout of widgets."""
    layout = QHBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def set_state(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, such as ``invalid``, and restyle the widget if it has changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)  # Qt evaluates the selectors only when a widget is polished
        widget.style().polish(widget)


def clear(layout: QLayout) -> None:
    """Remove and delete everything in a layout, including nested layouts."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


def named(widget: W, name: str, tip: str = "") -> W:
    """Return the widget itself after setting its accessible name and its tooltip."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip)
    return widget
