"""The status bar: the engine on the left, problems and totals of the network on the right."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from composer.core import units
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import label, row

# "Computing" is shown only after a time that users notice; the facts after an edit usually arrive sooner.
BUSY_MS = 200
TIP_ROWS = 5
STATE_TEXTS = {
    "starting": "Engine starting",
    "ready": "Ready",
    "busy": "Computing",
    "restarting": "Engine restarting",
    "off": "Engine off",
}
STATE_COLORS = {"starting": "warning", "ready": "success", "busy": "accent", "restarting": "warning", "off": "faint"}


class Dot(QWidget):
    """A small filled circle in the colour of a token."""

    def __init__(self) -> None:
        super().__init__()
        self.ink = "faint"
        self.setFixedSize(8, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the circle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(theme.color(self.ink))
        painter.drawEllipse(self.rect())


class ProblemCount(QLabel):
    """The number of problems; a click opens their list."""

    clicked = Signal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Emit `clicked`."""
        self.clicked.emit()


class StatusBar(QStatusBar):
    """Engine state, problems and totals.

    Args:
        session: the session.

    Signals:
        problems_clicked: the number of problems was clicked.
    """

    problems_clicked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setSizeGripEnabled(False)
        self._dot, self.engine, self.totals = Dot(), label(), label()
        self.totals.setToolTip(
            "Parameters, multiply-adds of a forward pass, and activations stored for the backward pass, at this batch"
        )
        self.problems = ProblemCount()
        self.problems.clicked.connect(self.problems_clicked)
        left, right = QWidget(), QWidget()
        left.setLayout(row(self._dot, self.engine))
        right.setLayout(row(self.problems, self.totals, spacing=16))
        for side, margins in ((left, (12, 4, 0, 4)), (right, (0, 4, 12, 4))):
            layout = side.layout()
            if layout is not None:
                layout.setContentsMargins(*margins)
            side.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.addWidget(left)
        self.addPermanentWidget(right)
        self._busy_timer = QTimer(self, singleShot=True, interval=BUSY_MS)
        self._busy_timer.timeout.connect(lambda: self._show_state("busy", ""))
        session.engine_state_changed.connect(self._on_state)
        session.facts_changed.connect(lambda *_: self._update_totals())
        session.document.design_changed.connect(lambda *_: self._update_totals())
        session.theme_changed.connect(self._update_totals)
        self._on_state(session.engine_state, "")
        self._update_totals()

    def _on_state(self, state: str, detail: str) -> None:
        if state == "busy":
            self._busy_timer.start()
        else:
            self._busy_timer.stop()
            self._show_state(state, detail)

    def _show_state(self, state: str, detail: str) -> None:
        devices = ", ".join(device.get("label", device.get("name", "")) for device in self._session.devices)
        text = f"{STATE_TEXTS[state]} · {devices}" if state in ("ready", "busy") and devices else STATE_TEXTS[state]
        self.engine.setText(text)
        self.engine.setToolTip(detail)
        self._dot.ink = STATE_COLORS[state]
        self._dot.update()

    def _update_totals(self) -> None:
        session = self._session
        totals = session.facts.totals
        if not session.document.design.main.nodes:
            self.totals.setText("")
        else:
            parts = [
                f"{units.count(totals.params)} params",
                f"{units.count(totals.macs)} MACs",
                f"{units.memory(totals.activation_bytes)} activations",
            ]
            self.totals.setText("    ".join([*parts, f"batch {session.batch}"]))
        problems = session.problems
        levels = {problem.level for problem in problems}
        count = sum(problem.level != "info" for problem in problems)
        unfinished = "not finished" if levels == {"info"} else ""
        self.problems.setText(f"{count} {'problem' if count == 1 else 'problems'}" if count else unfinished)
        ink = "error" if "error" in levels else "warning" if "warning" in levels else "muted"
        self.problems.setStyleSheet(f"color: {getattr(theme.tokens(), ink)};")
        self.problems.setToolTip("\n".join(problem.message for problem in problems[:TIP_ROWS]))
