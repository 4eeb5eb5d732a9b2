"""The proof that the exported code is the drawn network, run on request and cached by the identity of the network."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core.diff import Diff
from composer.core.files.design_json import to_json
from composer.gui.session.session import Session
from composer.gui.workers.jobs import Job


class Verification(QObject):
    """Runs proofs and reports the state of the current design.

    Args:
        session: the session.
        parent: Qt parent.

    Attributes:
        proof: the proof of the current design; None without one.

    Signals:
        changed: the state has changed.
        failed: a sentence and a traceback.
    """

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._proofs: dict[str, Mapping[str, Any]] = {}
        self._job: Job | None = None
        self.proof: Mapping[str, Any] | None = None
        session.document.design_changed.connect(self._on_design)
        session.catalog_changed.connect(lambda _: self._on_blocks())

    @property
    def state(self) -> str:
        """``unverified``, ``running``, ``verified`` or ``different``."""
        if self._job is not None:
            return "running"
        if self.proof is None:
            return "unverified"
        return "verified" if self.proof["ok"] else "different"

    def start(self) -> None:
        """Start a proof of the current design."""
        if self._job is None:
            self.proof = None
            network = self._session.network.key
            params = {"design": to_json(self._session.document.design)}
            self._job = self._session.jobs.start(
                "verify", params, lambda proof: self._on_proof(network, proof), self._on_error
            )
            self.changed.emit()

    def cancel(self) -> None:
        """Cancel the running proof."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.changed.emit()

    def recall(self) -> None:
        """Look up the cached proof of the current design."""
        if self.proof is None and self._proofs and self._job is None:
            self.proof = self._proofs.get(self._session.network.key)
            if self.proof is not None:
                self.changed.emit()

    def _on_proof(self, network: str, proof: Mapping[str, Any]) -> None:
        self._job = None
        self._proofs[network] = self.proof = proof
        self.changed.emit()

    def _on_error(self, reason: str) -> None:
        job, self._job = self._job, None
        self.changed.emit()
        self.failed.emit(reason, job.trace if job is not None else "")

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if change.structural:
            self._forget()

    def _on_blocks(self) -> None:
        """Drop the proof of code that is no longer that of the custom blocks."""
        if self.proof is not self._proofs.get(self._session.network.key) or self._job is not None:
            self._forget()

    def _forget(self) -> None:
        """Drop the proof, which does not hold for another network; `recall` looks up that of the current one."""
        if self.proof is not None or self._job is not None:
            self.proof = None
            if self._job is not None:
                self._job.cancel()
                self._job = None
            self.changed.emit()
