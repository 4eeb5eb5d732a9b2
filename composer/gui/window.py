"""The main window. It appears immediately as an empty frame; its workbench is built once the frame has been painted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow

from composer.core.data_folder import is_data
from composer.gui.look import theme
from composer.gui.settings import settings

if TYPE_CHECKING:
    from composer.gui.canvas import CanvasView
    from composer.gui.panels import Panel
    from composer.gui.session.session import Session
    from composer.gui.shell.docks import Docks
    from composer.gui.shell.workbench import Workbench

DEFAULT_SIZE = QSize(1440, 900)
# What window managers add around a window at most: a title and thin borders.
FRAME = QSize(16, 48)
DESIGN_SUFFIXES = (".yaml", ".yml")
# Sizes of the areas in the empty frame: menu bar and toolbar, left and right panels, status bar.
TOP, LEFT, RIGHT, BOTTOM = 71, 248, 320, 29


class Window(QMainWindow):
    """A window with a session of its own. Reading one of its parts before the first paint builds the workbench.

    Args:
        path: a design file to open.
        engine: command that starts the engine; None for the default one.
    """

    def __init__(self, path: Path | str | None = None, engine: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self._path = path
        self._engine = engine
        self._bench: Workbench | None = None
        self.setWindowTitle("Netcomposer")
        self.setAcceptDrops(True)
        self.setUnifiedTitleAndToolBarOnMac(True)
        self._fit_screen()
        if (geometry := settings().value("geometry")) is not None:
            self.restoreGeometry(geometry)

    def _fit_screen(self) -> None:
        """Take the default size, or on a small screen what it has, with space for the frame of the window."""
        available = self.screen().availableGeometry()
        size = DEFAULT_SIZE.boundedTo(available.size() - FRAME)
        self.resize(size)
        spare = available.size() - size - FRAME
        self.move(available.topLeft() + QPoint(spare.width() // 2, spare.height() // 2))

    @property
    def bench(self) -> "Workbench":
        """The contents of the window, built at first use."""
        if self._bench is None:
            from composer.gui.workers.worker import ENGINE, Worker

            engine = Worker(self._engine or ENGINE, restart=True)
            engine.start()  # it imports torch on another core while this process builds the window
            # Importing canvas, panels and core takes several times as long as showing an empty window.
            from composer.gui.session.session import Session
            from composer.gui.shell.workbench import Workbench

            session = Session(engine, self)
            # Opened before there is a canvas: the engine computes the facts while canvas and panels are built.
            opened = self._path is None or session.open(self._path)
            self._bench = Workbench(self, session)
            self._bench.build_ui()
            if not opened and self._path is not None:
                session.open(self._path)  # again, now that the reason can be shown
        return self._bench

    @property
    def complete(self) -> bool:
        """Whether the workbench exists."""
        return self._bench is not None

    @property
    def session(self) -> "Session":
        """The session."""
        return self.bench.session

    @property
    def canvas(self) -> "CanvasView":
        """The canvas."""
        return self.bench.canvas

    @property
    def docks(self) -> "Docks":
        """The docks of the panels."""
        return self.bench.docks

    def show_panel(self, name: str) -> "Panel | None":
        """Open a panel by the name of its file and bring it to the front; return None if there is no such panel."""
        return self.bench.docks.show(name)

    def run_command(self, id: str, argument: Any = None) -> None:
        """Run a command by its id; see `Workbench.run_command`."""
        self.bench.run_command(id, argument)

    def set_theme(self, mode: str) -> None:
        """Apply a theme: ``system``, ``light`` or ``dark``."""
        self.session.set_theme(mode)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the empty frame the first time, and build the workbench once it is on the screen."""
        super().paintEvent(event)
        if self._bench is None:
            painter = QPainter(self)
            middle = QRect(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)
            painter.fillRect(self.rect(), QColor(theme.tokens().window))
            painter.fillRect(middle, QColor(theme.tokens().canvas))
            painter.setPen(QColor(theme.tokens().border))
            painter.drawRect(QRect(-1, TOP - 1, self.width() + 1, middle.height() + 1))
            painter.drawRect(middle.adjusted(-1, -1, 0, 0))
            QTimer.singleShot(0, self, self._complete)

    def _complete(self) -> None:
        self.bench.on_first_shown()

    def changeEvent(self, event: QEvent) -> None:
        """Look at the file of the design when the window is activated: another program may have changed it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self._bench is not None:
            self._bench.session.disk.check()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about a running training and unsaved work, then end all processes."""
        if self._bench is None:
            event.accept()
        elif not self._bench.may_close():
            event.ignore()
        else:
            self._bench.shutdown()
            event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept design files, folders of images and files of samples."""
        if (dragged := _dragged(event)) is not None:
            event.acceptProposedAction()
            verb = "Open" if dragged[0] == "open" else "Train on"
            self.bench.drop_hint.show_text(f"{verb} “{Path(dragged[1]).name}”")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Hide what a drop would do."""
        super().dragLeaveEvent(event)
        self.bench.drop_hint.show_text("")

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a design file, or train on a folder of images."""
        self.bench.drop_hint.show_text("")
        if (dragged := _dragged(event)) is not None:
            event.acceptProposedAction()
            # After the drop has ended: a question about unsaved work would block the program that is dragged from.
            QTimer.singleShot(0, self, lambda: self.run_command(*dragged))


def _dragged(event: QDropEvent) -> tuple[str, str] | None:
    """Return the command for what is dragged, and its argument; None for anything that no command takes."""
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    files = [url.toLocalFile() for url in urls if url.isLocalFile()]
    for file in files:
        if file.lower().endswith(DESIGN_SUFFIXES):
            return "open", file
    return next((("train_on_folder", file) for file in files if is_data(Path(file))), None)
