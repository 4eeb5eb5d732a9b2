"""Keys of the canvas, for when it stands alone; in the window the commands take them first."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from composer.gui.canvas.items.metrics import GRID

if TYPE_CHECKING:
    from composer.gui.canvas.canvas import CanvasView

FAR = 10  # grid steps of a nudge with Shift
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def press(canvas: "CanvasView", event: QKeyEvent) -> None:
    """Do what a key means; others go on to the parent."""
    session = canvas.session
    key = Qt.Key(event.key())
    ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    plain = {
        Qt.Key.Key_Tab: canvas.quick_add,
        Qt.Key.Key_F: canvas.fit_selection,
        Qt.Key.Key_Home: canvas.fit,
        Qt.Key.Key_F2: canvas.rename,
        Qt.Key.Key_L: canvas.layout,
        Qt.Key.Key_V: lambda: canvas.strip.choose_hand(False),
        Qt.Key.Key_H: lambda: canvas.strip.choose_hand(True),
        Qt.Key.Key_PageUp: session.document.leave,
        Qt.Key.Key_PageDown: lambda: (
            session.document.enter(session.document.selection[0]) if len(session.document.selection) == 1 else None
        ),
        Qt.Key.Key_Escape: lambda: (
            session.document.select(())
            if session.document.selection or session.document.wire_selection
            else session.comparison.stop()
        ),
    }
    event.accept()
    if QKeySequence(event.keyCombination()).toString() in canvas.given_up:
        event.ignore()
    elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        session.document.delete_selection(reconnect=ctrl)
    elif key == Qt.Key.Key_A and ctrl:
        session.document.select(() if shift else session.document.graph.ids())
    elif key in ARROWS and not ctrl and session.document.selection:
        step = GRID * (FAR if shift else 1)
        canvas.nudge(ARROWS[key][0] * step, ARROWS[key][1] * step)
    elif key in plain and not ctrl:
        plain[key]()
    else:
        event.ignore()
