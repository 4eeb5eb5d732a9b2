"""The main window. It is there at once, as an empty frame; the workbench in it is made when the frame has been painted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, QSize, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow

from composer.gui.look import theme
from composer.gui.settings import settings

if TYPE_CHECKING:
    from composer.gui.canvas import CanvasView
    from composer.gui.panels import Panel
    from composer.gui.session.session import Session
    from composer.gui.shell.docks import Docks
    from composer.gui.shell.workbench import Workbench

DEFAULT_SIZE = QSize(1440, 900)
DESIGN_SUFFIXES = (".yaml", ".yml")
# Where the parts will come, for the frame: menu and toolbar, left and right panels, status bar.
TOP, LEFT, RIGHT, BOTTOM = 71, 248, 320, 29


class Window(QMainWindow):
    """A window with a session of its own. Whoever asks for a part before the first paint gets it made at once.

    Args:
        path: a design file to open.
        engine: command that starts the engine worker; None for the usual one.
    """

    def __init__(self, path: Path | str | None = None, engine: tuple[str, ...] | None = None) -> None:
        super().__init__()
        self._path = path
        self._engine = engine
        self._bench: Workbench | None = None
        self.setWindowTitle("Netcomposer")
        self.setAcceptDrops(True)
        self.setUnifiedTitleAndToolBarOnMac(True)
        self.resize(DEFAULT_SIZE)
        if (geometry := settings().value("geometry")) is not None:
            self.restoreGeometry(geometry)

    @property
    def bench(self) -> "Workbench":
        """All that is in the window."""
        if self._bench is None:
            from composer.gui.workers.worker import ENGINE, Worker

            engine = Worker(self._engine or ENGINE, restart=True)
            engine.start()  # it imports torch on another core while the rest is made here
            # Canvas, panels and core take several times as long to import as an empty window takes to appear.
            from composer.gui.session.session import Session
            from composer.gui.shell.workbench import Workbench

            session = Session(engine, self)
            # Before there is anything to show it in: the engine works on the facts while canvas and panels are made.
            opened = self._path is None or session.open(self._path)
            self._bench = Workbench(self, session)
            self._bench.build_ui()
            if not opened and self._path is not None:
                session.open(self._path)  # now there is somebody to say why not
        return self._bench

    @property
    def complete(self) -> bool:
        """Whether the workbench has been made."""
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
        """The panels and their places."""
        return self.bench.docks

    def show_panel(self, name: str) -> "Panel | None":
        """Open a panel by the name of its file and bring it to the front; None if there is no such panel."""
        return self.bench.docks.show(name)

    def run_command(self, id: str, argument: Any = None) -> None:
        """Run a command by its id; see `Workbench.run_command`."""
        self.bench.run_command(id, argument)

    def set_theme(self, mode: str) -> None:
        """Follow the system, or be light or dark; remembered."""
        self.session.set_theme(mode)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The first time: the areas in their colours, and the rest as soon as that is on the screen."""
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

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about a training and about unsaved work, then end everything that was started."""
        if self._bench is None:
            event.accept()
        elif not self._bench.may_close():
            event.ignore()
        else:
            self._bench.shutdown()
            event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept design files."""
        if _dragged_design(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a design file."""
        path = _dragged_design(event)
        if path is not None:
            event.acceptProposedAction()
            # Not from inside the drop: the question about unsaved work would block the other program.
            QTimer.singleShot(0, self, lambda: self.run_command("open", path))


def _dragged_design(event: QDropEvent) -> str | None:
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    files = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return next((file for file in files if file.lower().endswith(DESIGN_SUFFIXES)), None)
