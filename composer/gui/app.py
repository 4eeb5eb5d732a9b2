"""Starts the window, after checking that there is a display for it."""

import ctypes
import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from composer.gui.window import Window

NO_DISPLAY, CRASH, SIGNALLED = 2, 70, 128  # exit codes; the last one plus the number of the signal
AFTER_START_MS = 3_000
# Libraries that Qt's xcb plugin loads and a minimal system lacks, each with its Debian package.
XCB_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
GRAPHICS_LIBRARIES = {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libfontconfig.so.1": "libfontconfig1"}


def run(path: str | None = None) -> int:
    """Open the window and run until it is closed.

    Args:
        path: a design file to open.

    Returns:
        Exit code: 0; 2 without a display, after a message on stderr; 70 after a fault of this program; 130 after
        Ctrl+C.
    """
    if (reason := display_problem()) is not None:
        print(f"netcomposer: {reason}", file=sys.stderr)  # noqa: T201 - for the terminal that started it
        return NO_DISPLAY
    from PySide6.QtCore import QTimer

    from composer.gui.interrupt import quit_on_interrupt

    gc.disable()  # the objects of the start are permanent: searching them for garbage would take a tenth of the start
    app = application()
    window = make_window(path)
    window.show()
    QTimer.singleShot(AFTER_START_MS, after_start)
    with quit_on_interrupt(app) as interrupts, report_faults(window.session.message.emit) as faults:
        code = app.exec()
    del window  # before the interpreter ends, when Qt must not free Python objects any more
    if interrupts:
        return SIGNALLED + interrupts[0]
    return CRASH if faults else code


@contextmanager
def report_faults(show: Callable[[str, str], object]) -> Iterator[list[str]]:
    """Write the trace of every exception in a slot to a log, and report it; the window stays open.

    Args:
        show: shows a message of a kind in the window.

    Yields:
        The reported messages.
    """
    from composer.core.files.crash_log import report_crash

    messages: list[str] = []

    def report(_kind: type[BaseException], error: BaseException, _trace: object) -> None:
        messages.append(report_crash(error, sys.argv))
        print(f"netcomposer: {messages[-1]}", file=sys.stderr)  # noqa: T201 - for the terminal that started it
        with suppress(Exception):  # a fault while a message is shown must not be reported for ever
            show(messages[-1], "error")

    before, sys.excepthook = sys.excepthook, report
    try:
        yield messages
    finally:
        sys.excepthook = before


def after_start() -> None:
    """Do what can wait until the window has been open for a while."""
    gc.freeze()  # later collections skip the objects of the start
    gc.enable()
    # The first wire needs networkx; importing it then would be a noticeable delay of a tenth of a second.
    threading.Thread(target=importlib.import_module, args=("networkx",), name="networkx", daemon=True).start()


def application() -> "QApplication":
    """Return the QApplication, created and themed if there is none yet."""
    from PySide6.QtWidgets import QApplication

    from composer import __version__
    from composer.gui.look import theme

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["netcomposer"])
    app.setApplicationName("Netcomposer")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("netcomposer")
    theme.apply(app)
    return app


def make_window(path: str | Path | None = None) -> "Window":
    """Return a window with a session of its own, not shown yet.

    Args:
        path: a design file to open.
    """
    from composer.gui.window import Window

    application()
    return Window(path)


def display_problem() -> str | None:
    """Return why Qt cannot open a window here and what to do; None if it can. Qt itself would abort the process."""
    if sys.platform != "linux":
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if missing := _missing(GRAPHICS_LIBRARIES):
        return f"Qt needs libraries that this system lacks; install them with: sudo apt install {' '.join(missing)}"
    if platform and not platform.startswith("xcb"):
        return None
    if not platform and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return (
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); start it on a desktop, use ssh -X, "
            "or work without a window: netcomposer --help lists the commands"
        )
    on_x11 = platform.startswith("xcb") or not os.environ.get("WAYLAND_DISPLAY")
    if on_x11 and (missing := _missing(XCB_LIBRARIES)):
        return f"Qt needs libraries to talk to the X server; install them with: sudo apt install {' '.join(missing)}"
    return None


def _missing(libraries: dict[str, str]) -> list[str]:
    return [package for library, package in libraries.items() if not _loads(library)]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
