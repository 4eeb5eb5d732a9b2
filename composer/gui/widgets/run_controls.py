"""The head of the training panel: start, pause, stop and resume, what the run is doing, and how far it is."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QWidget

from composer.gui.look import theme
from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.labels import button, column, row, tool_button

STOP = "Stop"
PAUSE, CONTINUE = ("Pause", "pause"), ("Continue", "play")
# Pixels: a narrower panel has buttons without words, and the texts on a line of their own.
NARROW, ICON_BUTTON = 400, 36


class RunControls(QWidget):
    """Buttons beside the state in words and in numbers, or above it in a narrow panel, and the progress of the run.

    Args:
        start: called by "Start training".
        pause: called by "Pause" and "Continue".
        stop: called by "Stop".
        resume: called by "Resume".

    Attributes:
        start, pause, stop, resume: the buttons; they stay where they are while a run starts, pauses and ends.
        settings: whether the settings are shown beside the run.
        headline: the state in words.
        numbers: epoch, speed, time left, device.
        progress: the finished share of the run, in thousandths.
    """

    def __init__(
        self,
        start: Callable[[], object],
        pause: Callable[[], object],
        stop: Callable[[], object],
        resume: Callable[[], object],
    ) -> None:
        super().__init__()
        self.start = _icon_button("Start training", "play", start)
        self.start.setProperty("primary", "true")
        self.pause = _icon_button(*PAUSE, pause)
        self.stop = _icon_button(STOP, "stop", stop)
        self.resume = _icon_button("Resume", "play", resume)
        self.settings = tool_button("settings", "Show the training settings beside the run", lambda: None)
        self.settings.setCheckable(True)
        self.settings.setChecked(True)
        self.headline, self.numbers = ElidedLabel(), ElidedLabel("small")
        self.headline.setFont(theme.font(bold=True))
        self.progress = QProgressBar(textVisible=False)
        self.progress.setRange(0, 1000)
        self.progress.setFixedHeight(4)
        self._texts = QWidget()
        self._texts.setLayout(column(self.headline, self.numbers, margin=0, spacing=0))
        self._line = row(self.start, self.pause, self.stop, self.resume)
        self._line.addWidget(self._texts, 1)
        self._gap = QWidget()  # takes the space of the texts while they are below
        self._gap.hide()
        self._line.addWidget(self._gap, 1)
        self._line.addWidget(self.settings)
        self._column = column(margin=0, spacing=6)
        self._column.addLayout(self._line)
        self._column.addWidget(self.progress)
        self.setLayout(self._column)
        self._narrow = False
        self._paused = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the texts below the buttons, or beside them."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._line.removeWidget(self._texts)
        if narrow:
            self._column.insertWidget(1, self._texts)
        else:
            self._line.insertWidget(self._line.indexOf(self._gap), self._texts, 1)
        self._gap.setVisible(narrow)
        self.fix_widths()

    def show_paused(self, paused: bool) -> None:
        """Let the pause button continue, or pause."""
        self._paused = paused
        text, icon = CONTINUE if paused else PAUSE
        self.pause.setText("" if self._narrow else text)
        self.pause.setAccessibleName(text)
        self.pause.setToolTip(text)
        self.pause.setProperty("icon_name", icon)
        self.pause.setIcon(theme.icon(icon))

    def show_texts(self, headline: str, numbers: str) -> None:
        """Show the state of the run."""
        for widget, text in ((self.headline, headline), (self.numbers, numbers)):
            widget.setText(text)
            widget.setVisible(bool(text))

    def refresh_theme(self) -> None:
        """Redraw the icons in the colours of the current theme, and fix the widths of the buttons."""
        for push_button in (self.start, self.pause, self.stop, self.resume):
            ink = "on_accent" if push_button is self.start else "text"
            push_button.setIcon(theme.icon(push_button.property("icon_name"), ink))
        self.fix_widths()

    def fix_widths(self) -> None:
        """Keep the buttons where they are: a click aimed at Stop must hit Stop."""
        self.stop.setText(STOP)
        for push_button in (self.start, self.resume, self.stop):
            push_button.setFixedWidth(push_button.sizeHint().width())
        widths = []
        for text, _ in (PAUSE, CONTINUE):
            self.pause.setText(text)
            widths.append(self.pause.sizeHint().width())
        self.pause.setFixedWidth(max(widths))
        self.stop.setText("" if self._narrow else STOP)
        self.show_paused(self._paused)
        if self._narrow:
            for push_button in (self.pause, self.stop):
                push_button.setFixedWidth(ICON_BUTTON)


def _icon_button(text: str, icon: str, clicked: Callable[[], object]) -> QPushButton:
    push_button = button(text, clicked)
    push_button.setAccessibleName(text)
    push_button.setToolTip(text)
    push_button.setProperty("icon_name", icon)
    push_button.setIcon(theme.icon(icon, "on_accent" if text.startswith("Start") else "text"))
    push_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return push_button
