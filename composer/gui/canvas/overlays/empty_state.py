"""The hint of an empty canvas: how to add a block, and three templates to start with."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from composer import paths
from composer.gui.look import theme
from composer.gui.session.session import Session

FIRST = ("hybrid_digits", "vit_tiny", "resnet18")
COUNT = 3


def templates() -> list[Path]:
    """Return up to three templates: those of `FIRST` that exist, then others by name."""
    files = {path.stem: path for path in sorted(paths.TEMPLATES.glob("*.yaml"))}
    names = [name for name in FIRST if name in files] + [name for name in files if name not in FIRST]
    return [files[name] for name in names[:COUNT]]


class EmptyState(QWidget):
    """A text and buttons in the middle of the canvas; clicks beside the buttons reach the canvas.

    Args:
        session: the session.
        parent: the canvas.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._hint = QLabel("or start with a template", alignment=Qt.AlignmentFlag.AlignCenter)
        for label in (self._title, self._hint):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch()
        for path in templates():
            button = QPushButton(path.stem.replace("_", " "))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(f"Open a copy of the template {path.stem}")
            button.clicked.connect(lambda _=False, path=path: session.open_template(path))
            self._buttons.addWidget(button)
        self._buttons.addStretch()
        box = QVBoxLayout(self)
        box.setSpacing(8)
        box.addWidget(self._title)
        box.addWidget(self._hint)
        box.addSpacing(4)
        box.addLayout(self._buttons)
        self._hint.setVisible(self._buttons.count() > 2)
        self.show_key("")
        self.refresh_theme()

    def show_key(self, key: str) -> None:
        """Show the key that adds a block; empty if there is none."""
        self._title.setText(f"Press {key} or drag a block" if key else "Drag a block here")

    def refresh_theme(self) -> None:
        """Use the fonts and colors of the current theme."""
        t = theme.tokens()
        self._title.setFont(theme.font(theme.LARGE, bold=True))
        self._title.setStyleSheet(f"color: {t.text};")
        self._hint.setStyleSheet(f"color: {t.muted};")
