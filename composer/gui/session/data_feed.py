"""The data of the design, read by a worker of its own: a folder of photographs must not delay shapes and costs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from composer.core.data_facts import DataFacts
from composer.core.dataset_file import untrusted_file
from composer.core.extension_text import plain_reference
from composer.core.files.design_json import to_json
from composer.core.files.trusted_files import save_trusted
from composer.core.graph import Design, ExtensionRef
from composer.gui.workers.worker import OnError, OnResult, Request, Worker

# A worker that nobody asks for this long ends and frees its memory.
IDLE_MS = 120_000


class DataFeed(QObject):
    """Keeps the facts of the design's data, and fetches samples of it.

    Args:
        command: starts an engine process; None if there is no engine.
        design: returns the current design.
        folder: returns the folder that relative paths are relative to; None for a design without a file.
        parent: Qt parent.

    Attributes:
        facts: what is known of the data; None while it is being read, and if it cannot be read.
        error: why it cannot be read; empty if it can.
        share: how much of it has been read, from 0 to 1; None while it is not being read.

    Signals:
        changed: any of the attributes.
    """

    changed = Signal()

    def __init__(
        self,
        command: Sequence[str] | None,
        design: Callable[[], Design],
        folder: Callable[[], Path | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._design, self._folder = design, folder
        self._worker = Worker(command, self) if command is not None else None
        self._request: Request | None = None
        self._key: tuple[ExtensionRef, Path | None] | None = None  # what `facts` and `error` are about
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._stop_if_idle)
        self.facts: DataFacts | None = None
        self.error = ""
        self.share: float | None = None

    @property
    def reading(self) -> bool:
        """Whether the data is being read."""
        return self.share is not None

    def update(self) -> None:
        """Read the facts of the design's data unless they are known; panels call this while they show it."""
        key = (self._design().training.data, self._folder())
        if key != self._key and self._worker is not None:
            self._key = key
            self._read()

    def untrusted_file(self) -> Path | None:
        """Return the user's Python file that the design learns from and that may not run yet; None if there is none."""
        return untrusted_file(self._design().training.data, self._folder() or Path.cwd())

    def trust(self, file: Path) -> None:
        """Let the code of a file run from now on, and read its data.

        Raises:
            UserError: if that cannot be saved.
        """
        save_trusted(file, trusted=True)
        self.read_again()
        self.changed.emit()

    def forget(self) -> None:
        """Drop what is known if the design has other data now; nothing is read before a panel needs it."""
        if self._key != (self._design().training.data, self._folder()):
            self._key = None
            self._cancel()
            self._set(None, "", None)

    def read_again(self) -> None:
        """Read the data again: its files may have changed."""
        self._key = None
        self.update()

    def samples(
        self,
        part: str,
        offset: int,
        count: int,
        size: int,
        label: int | None,
        on_result: OnResult,
        on_error: OnError | None = None,
    ) -> Request | None:
        """Fetch samples as thumbnails.

        Args:
            part: ``train``, ``val`` or ``test``.
            offset: number of the first one, among those of the class.
            count: how many.
            size: longest side of a thumbnail, in pixels.
            label: number of the class that they belong to; None for all classes.
            on_result: receives ``samples``, each with ``index``, ``name``, ``label`` and ``png``.
            on_error: receives one sentence.

        Returns:
            The request; None without an engine.
        """
        params = {"part": part, "offset": offset, "count": count, "size": size, "label": label}
        return self._send("data_samples", {**self._source(), **params}, on_result, on_error)

    def run_samples(
        self,
        run: Path,
        part: str,
        indices: Sequence[int],
        size: int,
        on_result: OnResult,
        on_error: OnError | None = None,
    ) -> Request | None:
        """Fetch samples of the data that a run was trained on, as thumbnails.

        Args:
            run: folder of the run.
            part: ``val`` or ``test``.
            indices: numbers of the samples in it.
            size: longest side of a thumbnail, in pixels.
            on_result: receives ``samples``, each with ``index``, ``name``, ``label`` and ``png``.
            on_error: receives one sentence.

        Returns:
            The request; None without an engine.
        """
        params = {"run": str(run), "part": part, "indices": list(indices), "size": size}
        return self._send("run_samples", params, on_result, on_error)

    def preview(
        self, part: str, index: int, draws: int, epoch: int, on_result: OnResult, on_error: OnError | None = None
    ) -> Request | None:
        """Fetch one sample as the network sees it.

        Args:
            part: ``train``, ``val`` or ``test``.
            index: number of the sample in it.
            draws: how many augmented versions to draw.
            epoch: other numbers draw other versions.
            on_result: receives the reply of the engine.
            on_error: receives one sentence.

        Returns:
            The request; None without an engine.
        """
        sample = {"part": part, "index": index, "draws": draws, "epoch": epoch}
        params = {"design": to_json(self._design()), "folder": self._source()["folder"], **sample}
        return self._send("data_preview", params, on_result, on_error)

    def close(self) -> None:
        """End the worker."""
        self._idle.stop()
        worker, self._worker = self._worker, None  # nothing starts it again
        if worker is not None:
            worker.stop(0)

    def _source(self) -> dict[str, Any]:
        folder = self._folder()
        return {
            "data": plain_reference("data", self._design().training.data),
            "folder": str(folder) if folder is not None else None,
        }

    def _read(self) -> None:
        self._cancel()
        self._set(None, "", 0.0)
        self._request = self._send("data_facts", self._source(), self._on_facts, self._on_error, self._on_progress)

    def _send(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: OnResult,
        on_error: OnError | None = None,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> Request | None:
        if self._worker is None:
            return None
        self._worker.start()
        self._idle.start()
        return self._worker.request(method, params, on_result, on_error, on_progress)

    def _cancel(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _on_facts(self, reply: Mapping[str, Any]) -> None:
        self._request = None
        self._set(DataFacts.from_json(reply), "", None)

    def _on_error(self, reason: str) -> None:
        self._request = None
        self._set(None, reason, None)

    def _on_progress(self, share: float, _message: str) -> None:
        self._set(None, "", share)

    def _set(self, facts: DataFacts | None, error: str, share: float | None) -> None:
        if (facts, error, share) != (self.facts, self.error, self.share):
            self.facts, self.error, self.share = facts, error, share
            self.changed.emit()

    def _stop_if_idle(self) -> None:
        if self._worker is None:
            return
        if self._worker.pending:
            self._idle.start()
        else:
            self._worker.stop(0)
