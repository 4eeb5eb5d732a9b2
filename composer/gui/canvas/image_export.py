"""The whole graph as a PNG, SVG or PDF file, drawn in memory first, so that a full disk leaves no partial file."""

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
MAX_SIDE = 16_000.0  # pixels; a larger image is scaled down, because many programs refuse to open it
DPI = 96
POINTS_PER_INCH = 72
EXTENSIONS = (".png", ".svg", ".pdf")


def export_image(scene: DesignScene, path: Path) -> None:
    """Write the whole graph, without selection, to a file.

    Args:
        scene: the scene.
        path: the file; its extension selects the format.

    Raises:
        UserError: if the extension is unknown or the file cannot be written.
    """
    extension = path.suffix.lower()
    if extension not in EXTENSIONS:
        raise UserError(
            f"{path.name}: not an image that can be written; use one of the extensions {', '.join(EXTENSIONS)}"
        )
    area = scene.extent().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
    overview = scene.overview.on
    scene.overview.set_on(False)
    scene.highlight.hide()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    try:
        {".png": _png, ".svg": _svg, ".pdf": _pdf}[extension](scene, area, buffer)
    finally:
        scene.highlight.show_selection()
        scene.overview.set_on(overview)
    data = bytes(buffer.data().data())
    if extension == ".svg":
        data = _name_fonts(data)
    write_atomically(path, lambda file: file.write(data))


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
    generator.setResolution(DPI)
    generator.setTitle(scene.session.document.design.name)
    _draw(QPainter(generator), scene, QRectF(0, 0, area.width(), area.height()), area)


def _pdf(scene: DesignScene, area: QRectF, buffer: QBuffer) -> None:
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setTitle(scene.session.document.design.name)
    points = QSizeF(area.width(), area.height()) * (POINTS_PER_INCH / DPI)
    writer.setPageLayout(
        QPageLayout(QPageSize(points, QPageSize.Unit.Point), QPageLayout.Orientation.Portrait, QMarginsF())
    )
    _draw(QPainter(writer), scene, QRectF(0, 0, area.width(), area.height()), area)


def _name_fonts(svg: bytes) -> bytes:
    """Replace Qt's font alias, which browsers render in a serif font, by the real family and a generic one."""

    def replacement(match: re.Match[bytes]) -> bytes:
        alias = match[1].decode()
        family = QFontInfo(QFont(alias)).family()
        return f'font-family="{", ".join(dict.fromkeys((family, alias)))}, sans-serif"'.encode()

    return re.sub(rb'font-family="([^"]*)"', replacement, svg)
