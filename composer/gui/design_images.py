"""Draws a design to an image file without showing a window."""

import os
import sys
from pathlib import Path

from composer.core.facts import DesignFacts
from composer.core.graph import Design


def render_design(design: Design, facts: DesignFacts, path: Path, theme: str = "light") -> None:
    """Draw the main graph of a design as on the canvas, with shapes and costs.

    Args:
        design: the design; one without positions is laid out.
        facts: the facts of the design.
        path: the file; its suffix names the format (.png, .svg, .pdf).
        theme: ``light`` or ``dark``.

    Raises:
        composer.core.errors.UserError: if the file cannot be written.
    """
    if sys.platform == "linux" and not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # no window is shown, so no display is needed
    from composer.gui import app as start
    from composer.gui.canvas import CanvasView
    from composer.gui.look import theme as look
    from composer.gui.session.session import Session

    app = start.application()
    before = look.mode()
    look.use(app, theme)
    session = Session(engine=None)
    try:
        canvas = CanvasView(session)
        session.show_facts(design, facts)
        app.processEvents()
        canvas.export_image(path)
        canvas.deleteLater()
    finally:
        session.close()
        look.use(app, before)
