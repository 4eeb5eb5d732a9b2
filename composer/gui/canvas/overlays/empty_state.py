"""The hint of an empty canvas: how to add a block, three templates to start with, and one's own images to train on."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from composer.core.extension_text import reference_text
from composer.core.files.templates import read_head, template
from composer.core.graph import Training
from composer.gui.look import theme
from composer.gui.session.session import Session

# The first trains in seconds on the digits that come with the app; the others are the field's reference models.
TEMPLATES = ("hybrid_digits", "resnet50", "vit_base_patch16_224")


class EmptyState(QWidget):
    """A text and buttons in the middle of the canvas; clicks beside the buttons reach the canvas.

    Args:
        session: the session.
        parent: the canvas.

    Attributes:
        data: lets the user choose a folder of images.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._canvas = session, parent
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
        self.data = QPushButton()
        self.data.setProperty("link", "true")
        self.data.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.data.setCursor(Qt.CursorShape.PointingHandCursor)
        self.data.clicked.connect(lambda _=False: session.command_requested.emit("train_on_folder", None))
        box.addWidget(self.data, 0, Qt.AlignmentFlag.AlignHCenter)
        session.document.design_changed.connect(lambda *_: self._show_data())
        self._show_data()
        self.show_key("")
        self.refresh_theme()

    def show_key(self, key: str) -> None:
        """Show the key that adds a block; empty if there is none."""
        self._title.setText(f"Press {key} or drag a block" if key else "Drag a block here")

    def _show_data(self) -> None:
        """Offer to train on the user's images, or name the data that the template will be trained on."""
        reference = self._session.document.design.training.data
        if reference == Training().data:
            self.data.setText("Train on your own images: drop a folder here, or choose one")
        else:
            self.data.setText(f"It will learn from {reference_text('data', reference) or reference}")
        self.center()

    def center(self) -> None:
        """Move to the middle of the canvas."""
        hint, area = self.sizeHint(), self._canvas.rect()
        self.setGeometry(
            (area.width() - hint.width()) // 2, (area.height() - hint.height()) // 2, hint.width(), hint.height()
        )

    def refresh_theme(self) -> None:
        """Use the fonts and colors of the current theme."""
        t = theme.tokens()
        self._title.setFont(theme.font(theme.LARGE, bold=True))
        self._title.setStyleSheet(f"color: {t.text};")
        self._hint.setStyleSheet(f"color: {t.muted};")
