"""The whole graph as a picture: PNG, SVG or PDF."""

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from composer.core.errors import UserError
from composer.gui import theme
from composer.gui.canvas.scene import DesignScene

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
    far = scene.far.on
    scene.show_plain(True)
    try:
        written = {".png": _png, ".svg": _svg, ".pdf": _pdf}[ending](scene, area, path)
    finally:
        scene.show_plain(False)
        scene.far.set_on(far)
    if not written:
        raise UserError(f"{path}: cannot be written; is the folder there and yours to write to?")


def _draw(painter: QPainter, scene: DesignScene, target: QRectF, area: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(target, theme.color("canvas"))
    scene.render(painter, target, area)
    painter.end()


def _png(scene: DesignScene, area: QRectF, path: Path) -> bool:
    scale = min(PNG_SCALE, MAX_SIDE / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    _draw(QPainter(image), scene, QRectF(image.rect()), area)
    return image.save(str(path))


def _svg(scene: DesignScene, area: QRectF, path: Path) -> bool:
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setResolution(PDF_DPI)
    generator.setTitle(scene.session.design.name)
    painter = QPainter()
    if not painter.begin(generator):
        return False
    _draw(painter, scene, QRectF(0, 0, area.width(), area.height()), area)
    return path.is_file()


def _pdf(scene: DesignScene, area: QRectF, path: Path) -> bool:
    writer = QPdfWriter(str(path))
    writer.setResolution(PDF_DPI)
    writer.setTitle(scene.session.design.name)
    points = QSizeF(area.width(), area.height()) * (72 / PDF_DPI)
    writer.setPageLayout(QPageLayout(QPageSize(points, QPageSize.Unit.Point), QPageLayout.Orientation.Portrait, QMarginsF()))
    painter = QPainter()
    if not painter.begin(writer):
        return False
    _draw(painter, scene, QRectF(0, 0, area.width(), area.height()), area)
    return path.is_file()
