"""The whole graph as a picture: PNG, SVG or PDF. Drawn in memory first, so that a full disk leaves no half picture."""

import re
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontInfo, QImage, QImageWriter, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.gui.canvas.scene import DesignScene
from composer.gui.look import theme

MARGIN = 24.0
PNG_SCALE = 2.0
MAX_SIDE = 16_000.0  # pixels; a larger picture is drawn smaller, because many programs refuse it
PDF_DPI = 96
ENDINGS = (".png", ".svg", ".pdf")


def export_picture(scene: DesignScene, path: Path) -> None:
    """Write the whole graph, without selection, to a file.

    Args:
        scene: the scene.
        path: file whose ending says the kind.

    Raises:
        UserError: if the ending is not known or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UserError(f"{path.name}: a picture ends in {', '.join(ENDINGS)}")
    area = scene.extent().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
    far = scene.overview.on
    scene.show_plain(True)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    try:
        {".png": _png, ".svg": _svg, ".pdf": _pdf}[ending](scene, area, buffer)
    finally:
        scene.show_plain(False)
        scene.overview.set_on(far)
    body = bytes(buffer.data().data())
    if ending == ".svg":
        body = _with_fonts(body)
    write_atomically(path, lambda file: file.write(body))


def _draw(painter: QPainter, scene: DesignScene, target: QRectF, area: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(target, theme.color("canvas"))
    scene.render(painter, target, area)
    painter.end()


def _png(scene: DesignScene, area: QRectF, buffer: QBuffer) -> None:
    scale = min(PNG_SCALE, MAX_SIDE / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    _draw(QPainter(image), scene, QRectF(image.rect()), area)
    QImageWriter(buffer, QByteArray(b"png")).write(image)


def _svg(scene: DesignScene, area: QRectF, buffer: QBuffer) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setResolution(PDF_DPI)
    generator.setTitle(scene.session.document.design.name)
    _draw(QPainter(generator), scene, QRectF(0, 0, area.width(), area.height()), area)


def _pdf(scene: DesignScene, area: QRectF, buffer: QBuffer) -> None:
    writer = QPdfWriter(buffer)
    writer.setResolution(PDF_DPI)
    writer.setTitle(scene.session.document.design.name)
    points = QSizeF(area.width(), area.height()) * (72 / PDF_DPI)
    writer.setPageLayout(
        QPageLayout(QPageSize(points, QPageSize.Unit.Point), QPageLayout.Orientation.Portrait, QMarginsF())
    )
    _draw(QPainter(writer), scene, QRectF(0, 0, area.width(), area.height()), area)


def _with_fonts(body: bytes) -> bytes:
    """An SVG whose text names the font it was drawn with and a generic one: Qt writes an alias that browsers set in a serif font."""

    def named(found: re.Match[bytes]) -> bytes:
        family = found[1].decode()
        real = QFontInfo(QFont(family)).family()
        return f'font-family="{", ".join(dict.fromkeys((real, family)))}, sans-serif"'.encode()

    return re.sub(rb'font-family="([^"]*)"', named, body)
