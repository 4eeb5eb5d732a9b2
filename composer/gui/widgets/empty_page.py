"""A page that says why there is nothing to see, and offers the next step."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import button, column, label

Step = tuple[str, Callable[[], object]]


class EmptyPage(QWidget):
    """Heading, explanation, progress and one button.

    Attributes:
        heading: what is missing.
        hint: why, or what will bring it.
        progress: how much of that has been done; hidden where nothing is being done.
        action: the next step; hidden where there is none.
    """

    def __init__(self) -> None:
        super().__init__()
        self._run: Callable[[], object] | None = None
        self.heading, self.hint = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setRange(0, 1000)
        self.progress.setFixedWidth(240)
        self.action = button("", self._on_clicked, "primary")
        layout = column(margin=theme.PADDING)
        layout.addStretch(1)
        for widget in (self.heading, self.hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        for part in (self.progress, self.action):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self.setLayout(layout)

    def show_state(self, heading: str, hint: str, step: Step | None = None, share: float | None = None) -> None:
        """Show another state.

        Args:
            heading: what is missing.
            hint: why; its first letter becomes a capital.
            step: text of the button and what it does; None for no button.
            share: how much of a running work has been done, from 0 to 1; None where nothing is being done.
        """
        self.heading.setText(heading)
        self.hint.setText(f"{hint[:1].upper()}{hint[1:]}")
        self.progress.setVisible(share is not None)
        self.progress.setValue(round(1000 * (share or 0.0)))
        self.action.setVisible(step is not None)
        if step is not None:
            self.action.setText(step[0])
            self._run = step[1]

    def _on_clicked(self) -> None:
        if self._run is not None:
            self._run()
