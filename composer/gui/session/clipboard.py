"""Copied items on the system clipboard: as JSON for this program, as YAML for a text editor."""

import json
import re
from dataclasses import replace

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

from composer.core.blocks.catalog import Catalog
from composer.core.clip import Clip, adapt, take
from composer.core.files.design_file import dumps, loads
from composer.core.files.design_json import from_json, read_value, to_json, write_value
from composer.core.graph import Design, Graph
from composer.core.json_text import load_json
from composer.core.layout.placement import lay_out_unplaced

MIME = "application/x-netcomposer-clip"
MAX_BYTES = 20_000_000
# Text that may be items: a line with one of the parts of a design file.
_ITEMS = re.compile(r"^(nodes|inputs|outputs)\s*:", re.MULTILINE)
_FORMAT = re.compile(r"^format\s*:", re.MULTILINE)
_last_text = [""]
_available: list[bool] = []  # the answer of `available` until the clipboard changes; asking another program takes time


def put(clip: Clip) -> None:
    """Copy items with what they depend on."""
    items = Design(main=clip.items, graphs=clip.graphs, variables=clip.variables)
    values = {name: write_value(value) for name, value in clip.values.items()}
    data = QMimeData()
    data.setData(MIME, QByteArray(json.dumps({**to_json(items), "values": values}).encode()))
    forget()
    _last_text[0] = _as_text(clip)
    data.setText(_last_text[0])
    QGuiApplication.clipboard().setMimeData(data)


def _as_text(clip: Clip) -> str:
    """Return a design file with the items; a value that a sub-graph exposes is a variable there."""
    design, items, _ = adapt(Design(name="clip"), clip)
    return dumps(replace(design, main=_inner(items)))


def _text() -> str:
    """Return the text of the clipboard if it may be items that a person or another program wrote as YAML."""
    # None on an empty clipboard, contrary to the type stub.
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    text = data.text() if data is not None and data.hasText() else ""
    return text if len(text) <= MAX_BYTES and _ITEMS.search(text) else ""


def _clip_data() -> QMimeData | None:
    # None on an empty clipboard, contrary to the type stub.
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    return data if data is not None and data.hasFormat(MIME) else None


def available() -> bool:
    """Whether the clipboard holds copied items, or text that may describe some."""
    if not _available:
        _available.append(_clip_data() is not None or bool(_text()))
    return _available[0]


def forget() -> None:
    """Ask the system again what the clipboard holds; called when it has changed."""
    _available.clear()


def get(*, keep_inputs: bool = False) -> Clip | None:
    """Return the copied items with what they depend on; None if the clipboard holds nothing readable.

    Args:
        keep_inputs: whether to include the wires that came from other items.

    Raises:
        UserError: if its text looks like items but is not a design.
    """
    data = _clip_data()
    clip = _read_text(_text()) if data is None else _read_json(bytes(data.data(MIME).data()))
    return clip if clip is None or keep_inputs else replace(clip, items=_inner(clip.items))


def _read_json(raw: bytes) -> Clip | None:
    if len(raw) > MAX_BYTES:
        return None
    try:
        content = load_json(raw)
        design = from_json(content)
        values = {name: read_value(value) for name, value in content.get("values", {}).items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None  # another program may write anything under this MIME type
    return Clip(design.main, design.graphs, design.variables, values)


def _read_text(text: str) -> Clip | None:
    """Read items from text: a whole design file, or only its parts that matter, without a format."""
    if not text:
        return None
    design = loads(text if _FORMAT.search(text) else f"format: 1\n{text}", "the text on the clipboard")
    design = lay_out_unplaced(design, Catalog())  # a person writes no positions
    return take(design, design.main.ids())


def _inner(clip: Graph) -> Graph:
    return replace(clip, wires=tuple(wire for wire in clip.wires if clip.item(wire.source) is not None))


def release() -> None:
    """Leave only the text on the clipboard before the program ends: a `QMimeData` from Python crashes Qt's shutdown."""
    board = QGuiApplication.clipboard()
    # ownsClipboard() cannot be used: it returns False on platforms whose clipboard is memory of this process.
    if _clip_data() is not None and board.text() == _last_text[0]:
        board.setText(_last_text[0])
