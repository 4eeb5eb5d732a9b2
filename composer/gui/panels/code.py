"""The code panel: the Python source that is generated from the design, exported and trained."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout

from composer.core.diff import Diff
from composer.core.files.design_json import to_json
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.session.verification import Verification
from composer.gui.widgets.code_view import CodeView
from composer.gui.widgets.labels import button, label, row
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.proof_badge import ProofBadge, findings
from composer.gui.workers.worker import Request

# The source is requested once the user has stopped editing for this long.
PAUSE_MS = 250


class CodePanel(Panel):
    """The generated source, read-only, with the buttons to copy, export and verify it.

    Args:
        session: the session.

    Attributes:
        view: the source.
        note: number of lines, or why there is no source.
        verification: the verification of the source against the drawn network.
        badge: starts the verification and shows its result.
        notice: the result in a sentence.
    """

    title = "Code"
    icon = "code"
    area = "bottom"
    order = 70
    shortcut = "Ctrl+7"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._request: Request | None = None
        self._soon.setInterval(PAUSE_MS)
        self.view = CodeView()
        self.note = label("", "muted", wrap=True)
        self.copy = button("Copy", self._copy)
        self.save = button("Export…", lambda: session.command_requested.emit("export", None))
        self.verification = Verification(session, self)
        self.badge = ProofBadge()
        self.badge.clicked.connect(lambda _=False: self._press_badge())
        self.notice = Notice()
        self.notice.setContentsMargins(12, 0, 8, 4)
        bar = row(self.note, self.badge, self.copy, self.save)
        bar.setStretch(0, 1)
        bar.setContentsMargins(12, 4, 12, 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.notice)
        layout.addWidget(self.view, 1)
        self._reset_copy = QTimer(self, singleShot=True, interval=1500)
        self._reset_copy.timeout.connect(lambda: self.copy.setText("Copy"))
        self._show("", "The Python source of the network appears here. It needs only torch.")
        session.document.design_changed.connect(self._on_design)
        session.engine_state_changed.connect(self._on_engine)
        session.document.selection_changed.connect(self._mark_selection)
        session.theme_changed.connect(self._refresh_theme)
        self.verification.changed.connect(self._show_proof)
        self.verification.failed.connect(lambda reason, trace: self.notice.show_message(reason, "error", details=trace))

    def refresh(self) -> None:
        """Request the source of the current design."""
        session = self.session
        if self._request is not None:
            self._request.cancel()
            self._request = None
        if not session.document.design.main.nodes:
            self._show("", "Draw a network, and its Python source appears here. It needs only torch.")
        elif session.engine_state in ("ready", "busy"):
            self._request = session.request(
                "source", {"design": to_json(session.document.design)}, self._show_source, self._show_failure
            )
        else:
            self.note.setText(
                "The engine is starting."
                if session.engine_state != "off"
                else "The engine is off. Run > Restart engine starts it."
            )
            self._stale = True
        self.verification.recall()

    def _press_badge(self) -> None:
        proof = self.verification.proof
        if self.verification.state == "running":
            self.verification.cancel()
        elif proof is None:
            self.notice.clear()
            self.verification.start()
        else:
            self._report(proof)

    def _show_proof(self) -> None:
        proof = self.verification.proof
        self.badge.show_state(self.verification.state, proof)
        if proof is None:
            self.notice.clear()
        elif self.isVisible():
            self._report(proof)

    def _report(self, proof: Mapping[str, Any]) -> None:
        message = str(proof["message"])  # "verified: ..." or "not equal: ...", as the terminal prints it
        level = "success" if proof["ok"] else "error"
        self.notice.show_message(message[:1].upper() + message[1:], level, details=findings(proof))

    def _refresh_theme(self) -> None:
        self.view.refresh_theme()
        self.badge.refresh_theme()
        self.notice.refresh_theme()

    def _show_source(self, reply: Mapping[str, Any]) -> None:
        self._request = None
        source = str(reply["source"])
        self._show(source, f"{source.count(chr(10)):,} lines, needs only torch")

    def _show_failure(self, reason: str) -> None:
        self._request = None
        self.note.setText(reason)
        self.copy.setEnabled(False)
        self.badge.setEnabled(False)

    def _show(self, source: str, note: str) -> None:
        if source != self.view.toPlainText():
            self.view.show_source(source)
        self.note.setText(note)
        self.copy.setEnabled(bool(source))
        self.save.setEnabled(bool(source))
        self.badge.setEnabled(bool(source))
        self._mark_selection(scroll=False)

    def _mark_selection(self, *, scroll: bool = True) -> None:
        selection = self.session.document.selection
        self.view.mark(selection[0] if len(selection) == 1 else None, scroll=scroll and self.isVisible())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
        self.copy.setText("Copied")
        self._reset_copy.start()

    def _on_design(self, diff: Diff, _initiator: object) -> None:
        if diff.structural or diff.fields:  # positions do not appear in the source
            self.refresh_soon()

    def _on_engine(self, state: str, _detail: str) -> None:
        if state == "ready" and self._stale:
            self.refresh_soon()
