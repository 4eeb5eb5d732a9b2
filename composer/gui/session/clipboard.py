"""Copied items on the system clipboard: as JSON for this program, as YAML for a text editor."""

import json
from dataclasses import replace

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

from composer.core import edits
from composer.core.files.design_file import dumps
from composer.core.files.design_json import from_json, to_json
from composer.core.graph import Design, Graph

MIME = "application/x-netcomposer-clip"
MAX_BYTES = 20_000_000
_last_text = [""]


def put(design: Design, ids: tuple[str, ...], graph: str) -> None:
    """Copy items, the wires into them and the sub-graphs that they contain."""
    clip = edits.excerpt(design, ids, graph=graph)
    used = [node.subgraph for node in clip.nodes.values() if node.subgraph is not None]
    nested = design.nested_graphs(name for name in used if name in design.graphs)
    needed = {name: part for name, part in design.graphs.items() if name in nested}
    data = QMimeData()
    data.setData(MIME, QByteArray(json.dumps(to_json(Design(main=clip, graphs=needed))).encode()))
    _last_text[0] = dumps(Design(name="clip", main=_inner(clip), graphs=needed))
    data.setText(_last_text[0])
    QGuiApplication.clipboard().setMimeData(data)


def _clip_data() -> QMimeData | None:
    # None on an empty clipboard, contrary to the type stub.
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    return data if data is not None and data.hasFormat(MIME) else None


def available() -> bool:
    """Whether the clipboard holds copied items."""
    return _clip_data() is not None


def get(*, keep_inputs: bool = False) -> tuple[Graph, dict[str, Graph]] | None:
    """Return the copied items and the sub-graphs that they contain; None if the clipboard holds nothing readable.

    Args:
        keep_inputs: whether to include the wires that came from other items.
    """
    data = _clip_data()
    if data is None:
        return None
    raw = bytes(data.data(MIME).data())
    if len(raw) > MAX_BYTES:
        return None
    try:
        design = from_json(json.loads(raw))
    except (ValueError, KeyError, TypeError, IndexError):  # another program may write anything under this MIME type
        return None
    return (design.main if keep_inputs else _inner(design.main)), dict(design.graphs)


def _inner(clip: Graph) -> Graph:
    return replace(clip, wires=tuple(wire for wire in clip.wires if clip.item(wire.source) is not None))


def release() -> None:
    """Leave only the text on the clipboard before the program ends: a `QMimeData` from Python crashes Qt's shutdown."""
    board = QGuiApplication.clipboard()
    # ownsClipboard() cannot be used: it returns False on platforms whose clipboard is memory of this process.
    if available() and board.text() == _last_text[0]:
        board.setText(_last_text[0])
