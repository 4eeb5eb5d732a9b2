"""What a window holds: canvas, panels, menus and toolbar from the command table, status bar, messages, unsaved work."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QVBoxLayout, QWidget

from composer.core.files.run_folder import RunInfo
from composer.gui.canvas import CanvasView
from composer.gui.look import theme
from composer.gui.runs.run_library import short_name
from composer.gui.runs.run_process import ENDED
from composer.gui.session import preferences, recovery
from composer.gui.session.session import Session
from composer.gui.shell import command_actions, keymap
from composer.gui.shell.commands import COMMANDS
from composer.gui.shell.docks import Docks
from composer.gui.shell.menus import Menus
from composer.gui.shell.status import StatusBar
from composer.gui.widgets.banner import Banner
from composer.gui.widgets.toast import Toast
from composer.gui.window import Window


class Workbench(QObject):
    """The parts of one window.

    Args:
        window: the window.
        session: its session, closed when the window closes.
    """

    def __init__(self, window: Window, session: Session) -> None:
        super().__init__(window)
        self.window = window
        self.session = session
        self.begun = False
        self._comparing: Banner | None = None
        self._trusting: Banner | None = None
        self._untrusted: dict[Path, str] = {}
        self.canvas = CanvasView(session)
        self.canvas.show_keys(keymap.shown)
        self.canvas.set_animated(not preferences.reduced_motion())
        self._middle = QWidget()
        self.toast = Toast(self._middle)
        self.docks = Docks(window, session)
        self.menus = Menus(self)
        self.status = StatusBar(session)

    def furnish(self) -> None:
        """Put the parts in their places and connect them."""
        self._column = QVBoxLayout(self._middle)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.canvas)
        self.window.setCentralWidget(self._middle)
        self.docks.place()
        self.menus.make()
        self.window.setStatusBar(self.status)
        self.docks.restore()
        session = self.session
        for signal in (
            session.document.design_changed,
            session.document.selection_changed,
            session.document.shown_graph_changed,
            session.run_started,
        ):
            signal.connect(self._update_enabled)  # at once: the key of a disabled action would be lost
        session.document.undo_stack.indexChanged.connect(self._update_enabled)
        QGuiApplication.clipboard().dataChanged.connect(self._update_enabled)
        session.file_changed.connect(self._update_title)
        session.document.design_changed.connect(lambda *_: self._update_title())
        session.message.connect(self.toast.show_message)
        session.facts_changed.connect(lambda *_: self._update_badge())
        session.comparison.changed.connect(self._show_comparison)
        session.document.design_changed.connect(lambda *_: self._offer_trust())
        session.catalog_changed.connect(lambda _: self._on_catalog())
        session.command_requested.connect(self.run_command)
        session.panel_requested.connect(self.docks.show)
        self.status.problems_clicked.connect(lambda: self.docks.show("problems"))
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)
        self._update_title()
        self._offer_trust()  # of a design that was opened before there was anybody to hear of it
        self.menus.update_enabled()

    def begin(self) -> None:
        """Make the panels that are open, and offer unsaved work; called once the window is on the screen."""
        if not self.begun:
            self.begun = True
            self.canvas.setFocus()
            self.docks.construct_visible()
            self._offer_recovery()

    # --- commands ---------------------------------------------------------------------------------------------------

    def action(self, id: str) -> QAction:
        """The action of a command."""
        return self.menus.actions[id]

    def command_actions(self) -> list[QAction]:
        """All actions that can be searched by words."""
        return [action for action in self.menus.actions.values() if action.menu() is None] + self.docks.toggle_actions()

    def run_command(self, id: str, argument: object = None) -> None:
        """Run a command.

        Args:
            id: its id.
            argument: the file, for `open` and `open_template`.
        """
        if argument is None:
            self.menus.actions[id].trigger()
        else:
            function = {"open": command_actions.open_file, "open_template": command_actions.open_template}[id]
            function(self, Path(str(argument)))

    # --- look -------------------------------------------------------------------------------------------------------

    def apply_keys(self) -> None:
        """Take over the keys that the user has chosen."""
        self.menus.apply_keys()
        self.docks.apply_keys()
        self.canvas.show_keys(keymap.shown)

    def set_theme(self, mode: str) -> None:
        """Follow the system, or be light or dark; remembered."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, mode)
            self._theme_applied()

    def _system_theme_changed(self) -> None:
        app = QApplication.instance()
        if theme.mode() == "system" and isinstance(app, QApplication):
            theme.apply(app)
            self._theme_applied()

    def _theme_applied(self) -> None:
        for command in COMMANDS:
            if command.icon:
                self.menus.actions[command.id].setIcon(theme.icon(command.icon))
        self.docks.refresh_theme()
        self.session.theme_changed.emit()

    def _update_enabled(self, *_: object) -> None:
        self.menus.update_enabled()

    def _update_title(self) -> None:
        session = self.session
        name = session.path.name if session.path is not None else session.document.design.name
        self.window.setWindowTitle(f"{name}[*] - Netcomposer")
        self.window.setWindowModified(session.document.dirty)
        self.window.setWindowFilePath(str(session.path) if session.path is not None else "")

    def _update_badge(self) -> None:
        count = len(self.session.problems)
        self.docks.set_badge("problems", str(count) if count else "")

    def _show_comparison(self) -> None:
        comparison = self.session.comparison
        if not comparison.on:
            if self._comparing is not None:
                self._comparing.hide()
                self._comparing.deleteLater()
                self._comparing = None
        elif self._comparing is None:
            choices: list[tuple[str, Callable[[], object]]] = [
                ("Show the list", self._list_changes),
                ("Done", comparison.stop),
            ]
            self._comparing = Banner(comparison.sentence(), choices, comparison.stop, persistent=True)
            self._column.insertWidget(0, self._comparing)
        else:
            self._comparing.text.setText(comparison.sentence())

    # --- own blocks -------------------------------------------------------------------------------------------------

    def _on_catalog(self) -> None:
        self._offer_trust()
        self._update_enabled()
        self._update_badge()

    def _offer_trust(self) -> None:
        """Say which blocks of the design may not run, as long as there are any and the user has not put the offer away."""
        found = self.session.custom_blocks.untrusted(self.session.document.design)
        if found == self._untrusted:
            return
        self._untrusted = found
        if self._trusting is not None:
            self._trusting.hide()
            self._trusting.deleteLater()
            self._trusting = None
        if found:
            folder, block = next(iter(found.items()))
            text = f"{block} is a block of {folder}, whose code does not run until you trust that folder."
            choices: list[tuple[str, Callable[[], object]]] = [
                ("Trust the folder…", lambda: self.run_command("trust_blocks"))
            ]
            self._trusting = Banner(text, choices, self._put_offer_away, persistent=True)
            self._column.insertWidget(0, self._trusting)

    def _put_offer_away(self) -> None:
        if self._trusting is not None:
            self._trusting.hide()

    def _list_changes(self) -> None:
        self.docks.show("changes")

    # --- unsaved work -----------------------------------------------------------------------------------------------

    def when_saved(self, then: Callable[[], object]) -> None:
        """Do something that replaces the design, after asking about unsaved work."""
        if self.may_leave():
            then()

    def may_close(self) -> bool:
        """Whether the window may close: it ends no training that the user wants to go on, and the design may be left."""
        running = [run for run in self.session.runs if run.active and run.state not in ENDED]
        if running:
            box = QMessageBox(self.window)
            box.setIcon(QMessageBox.Icon.NoIcon)
            box.setWindowTitle("Training")
            box.setText(f"The training of “{short_name(RunInfo(running[0].folder))}” is not finished.")
            box.setInformativeText("Closing the window saves its state and stops it; Resume goes on with it later.")
            stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
            stop.setAutoDefault(False)  # Enter must not end hours of work
            box.addButton(QMessageBox.StandardButton.Cancel)
            box.setDefaultButton(QMessageBox.StandardButton.Cancel)
            box.exec()
            box.deleteLater()
            if box.clickedButton() is not stop:
                return False
        return self.may_leave()

    def may_leave(self) -> bool:
        """Whether the design may be left: it is saved, or the user says so."""
        if not self.session.document.dirty:
            return True
        box = QMessageBox(self.window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle("Unsaved changes")
        box.setText(
            f"Save the changes to “{self.session.path.name if self.session.path else self.session.document.design.name}”?"
        )
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        box.deleteLater()
        return answer == buttons.Discard or (answer == buttons.Save and command_actions.save(self))

    def end(self) -> None:
        """Remember the places of the panels and end the workers."""
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.docks.save()
        self.window.hide()  # the workers take a moment to end; nobody should have to watch
        QGuiApplication.clipboard().dataChanged.disconnect(self._update_enabled)
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._system_theme_changed)
        self.session.close()

    def _offer_recovery(self) -> None:
        found = next(recovery.left_behind(), None)
        if found is None:
            return
        when = time.strftime("%d %b %H:%M", time.localtime(found.time))
        text = f"Unsaved work on “{found.path.name if found.path else found.design.name}” from {when} was kept."
        choices: list[tuple[str, Callable[[], object]]] = [
            ("Restore", lambda: self.when_saved(lambda: self.session.restore(found))),
            ("Discard", lambda: recovery.forget(found)),
        ]
        self._column.insertWidget(0, Banner(text, choices))
