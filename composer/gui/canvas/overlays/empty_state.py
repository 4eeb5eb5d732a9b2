"""The hint of an empty canvas: how to add a block, and three templates to start with."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from composer.core.files.templates import read_head, template
from composer.gui.look import theme
from composer.gui.session.session import Session

# The first trains in seconds on the digits that come with the app; the others are the field's reference models.
TEMPLATES = ("hybrid_digits", "resnet50", "vit_base_patch16_224")


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
        for entry in (read_head(template(name)) for name in TEMPLATES):
            button = QPushButton(entry.name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(f"Open a copy of this template\n{entry.summary}")
            button.clicked.connect(lambda _=False, path=entry.path: session.open_template(path))
            self._buttons.addWidget(button)
        self._buttons.addStretch()
        box = QVBoxLayout(self)
        box.setSpacing(8)
        box.addWidget(self._title)
        box.addWidget(self._hint)
        box.addSpacing(4)
        box.addLayout(self._buttons)
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
