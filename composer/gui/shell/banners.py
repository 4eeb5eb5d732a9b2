"""The banners above the canvas: a comparison, untrusted blocks, recovered work, a file that was changed elsewhere."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout

from composer.gui.session import recovery
from composer.gui.session.session import Session
from composer.gui.widgets.banner import Banner

Choices = list[tuple[str, Callable[[], object]]]


class Banners(QObject):
    """Shows and removes the banners of one window.

    Args:
        column: layout of the canvas; banners are inserted at its top.
        session: the session.
    """

    def __init__(self, column: QVBoxLayout, session: Session) -> None:
        super().__init__(session)
        self._column = column
        self._session = session
        self._comparison: Banner | None = None
        self._trust: Banner | None = None
        self._untrusted: dict[Path, str] = {}
        self._data_trust: Banner | None = None
        self._untrusted_file: Path | None = None
        session.comparison.changed.connect(self._show_comparison)
        session.document.design_changed.connect(self._show_trust)
        session.document.design_changed.connect(self._show_data_trust)
        session.data.changed.connect(self._show_data_trust)
        session.catalog_changed.connect(self._show_trust)
        self._file: Banner | None = None
        session.disk.changed.connect(self._show_file)
        self._show_file()
        self._show_trust()  # the design may have been opened before the banners existed
        self._show_data_trust()

    def offer_recovery(self, may_replace_design: Callable[[], bool]) -> None:
        """Offer to restore the newest unsaved work of a window that was not closed properly.

        Args:
            may_replace_design: asks whether the current design may be left.
        """
        recovered = next(recovery.recoverable_work(), None)
        if recovered is None:
            return
        name = recovered.path.name if recovered.path is not None else recovered.design.name
        saved = time.strftime("%d %b %H:%M", time.localtime(recovered.time))

        def restore() -> None:
            if may_replace_design():
                self._session.restore(recovered)

        choices: Choices = [
            ("Restore", restore),
            ("Discard", lambda: recovery.discard(recovered)),
        ]
        self._column.insertWidget(0, Banner(f"Unsaved work on “{name}” from {saved} was recovered.", choices))

    def _show_comparison(self) -> None:
        comparison = self._session.comparison
        if not comparison.on:
            _remove(self._comparison)
            self._comparison = None
        elif self._comparison is None:
            choices: Choices = [
                ("Show the list", lambda: self._session.panel_requested.emit("changes")),
                ("Done", comparison.stop),
            ]
            self._comparison = Banner(comparison.summary(), choices, comparison.stop, persistent=True)
            self._column.insertWidget(0, self._comparison)
        else:
            self._comparison.text.setText(comparison.summary())

    def _show_file(self) -> None:
        """Offer what can be done about a file that was changed, deleted or opened elsewhere."""
        session, disk = self._session, self._session.disk
        _remove(self._file)
        self._file = None
        if session.path is None:
            return
        name = session.path.name
        choices: Choices
        if disk.state == "changed":
            unsaved = "; your unsaved changes are not in it" if session.document.dirty else ""
            text = f"{name} was changed on disk by another program or window{unsaved}."
            choices = [("Reload", session.reload), ("Keep mine", session.keep_mine), ("Compare", self._compare_file)]
        elif disk.state == "deleted":
            text = f"{name} is no longer on disk."
            choices = [("Save it again", lambda: session.command_requested.emit("save", None))]
        elif disk.other_window:
            text = f"{name} is also open in another window; whichever saves second is asked first."
            choices = []
        else:
            return
        # It stays after Compare and after a version that cannot be read, and goes with the next change of the state.
        self._file = Banner(text, choices, self._hide_file, persistent=True)
        self._column.insertWidget(0, self._file)

    def _compare_file(self) -> None:
        self._session.command_requested.emit("compare_saved", None)
        self._session.panel_requested.emit("changes")

    def _hide_file(self) -> None:
        if self._file is not None:
            self._file.hide()

    def _show_trust(self, *_: object) -> None:
        """Name a block of the design that may not run, until there is none or the user closes the banner."""
        untrusted = self._session.custom_blocks.untrusted(self._session.document.design)
        if untrusted == self._untrusted:
            return
        self._untrusted = untrusted
        _remove(self._trust)
        self._trust = None
        if untrusted:
            folder, block = next(iter(untrusted.items()))
            text = f"{block} is a block of {folder}, whose code does not run until you trust that folder."
            choices: Choices = [
                ("Trust the folder…", lambda: self._session.command_requested.emit("trust_blocks", None))
            ]
            self._trust = Banner(text, choices, self.hide_trust, persistent=True)
            self._column.insertWidget(0, self._trust)

    def hide_trust(self) -> None:
        """Hide the banner of untrusted blocks until the set of untrusted folders changes."""
        if self._trust is not None:
            self._trust.hide()

    def _show_data_trust(self, *_: object) -> None:
        """Name the file of the user's that the design learns from and that may not run, until the user closes it."""
        file = self._session.data.untrusted_file()
        if file == self._untrusted_file:
            return
        self._untrusted_file = file
        _remove(self._data_trust)
        self._data_trust = None
        if file is not None:
            text = f"This design learns from {file}, a Python program that does not run until you trust it."
            choices: Choices = [("Trust the file…", lambda: self._session.command_requested.emit("trust_data", None))]
            self._data_trust = Banner(text, choices, self._hide_data_trust, persistent=True)
            self._column.insertWidget(0, self._data_trust)

    def _hide_data_trust(self) -> None:
        if self._data_trust is not None:
            self._data_trust.hide()


def _remove(banner: Banner | None) -> None:
    if banner is not None:
        banner.hide()
        banner.deleteLater()
