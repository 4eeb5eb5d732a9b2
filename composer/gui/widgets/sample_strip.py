"""A strip of thumbnails from which an input image is chosen."""

import base64
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from composer.gui.look import theme

SIDE, CELL = 40, 48
CHOICE = Qt.ItemDataRole.UserRole
MAX_ADDED = 8


class SampleStrip(QListWidget):
    """Thumbnails of the samples of a dataset, preceded by what the user added: own files, and samples of runs.

    Signals:
        image_chosen: the selected image, as ``{"sample": index}``, ``{"path": file}`` or, of a run's data,
            ``{"sample": index, "part": part}``.
    """

    image_chosen = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(QSize(CELL, CELL))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Input images")
        self.currentItemChanged.connect(self._changed)

    def set_samples(self, images: list[dict[str, Any]]) -> None:
        """Replace the samples of the dataset.

        Args:
            images: the engine's reply to the request `images`.
        """
        for row in reversed(range(self.count())):
            if not _is_added(self.item(row).data(CHOICE)):
                self._remove(row)
        for image in images:
            pixmap = QPixmap.fromImage(QImage.fromData(base64.b64decode(image["png_base64"])))
            self._add(
                self.count(),
                pixmap,
                {"sample": image["index"]},
                f"{image['label']}  (validation image {image['index']})",
            )

    def add_file(self, path: Path) -> None:
        """Insert a file at the front and select it; a file that is already in the strip is only selected."""
        self.add_choice({"path": str(path)}, path.name)

    def add_choice(self, choice: dict[str, Any], tip: str) -> None:
        """Insert an image at the front and select it; one that is already in the strip is only selected.

        Args:
            choice: a file or a sample of a run, see `image_chosen`.
            tip: its tooltip.
        """
        for row in range(self.count()):
            if self.item(row).data(CHOICE) == choice:
                self.setCurrentRow(row)
                return
        self._add(0, theme.icon("picture", "muted").pixmap(theme.ICON, theme.ICON), choice, tip)
        added = [row for row in range(self.count()) if _is_added(self.item(row).data(CHOICE))]
        if len(added) > MAX_ADDED:
            self._remove(added[-1])
        self.setCurrentRow(0)

    def set_thumbnail(self, choice: dict[str, Any], image: QImage) -> None:
        """Set the thumbnail of an added image: the image as the network received it."""
        for row in range(self.count()):
            if self.item(row).data(CHOICE) == choice and _is_added(choice):
                self.item(row).setIcon(_icon(QPixmap.fromImage(image)))

    def _changed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.image_chosen.emit(item.data(CHOICE))

    def _add(self, row: int, pixmap: QPixmap, choice: dict[str, Any], tip: str) -> None:
        item = QListWidgetItem(_icon(pixmap), "")
        item.setData(CHOICE, choice)
        item.setToolTip(tip)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, tip)
        self.insertItem(row, item)

    def _remove(self, row: int) -> None:
        blocked = self.blockSignals(True)
        self.takeItem(row)
        self.blockSignals(blocked)


def _is_added(choice: dict[str, Any]) -> bool:
    """Return whether an image is not one of the samples that the strip lists by itself."""
    return "path" in choice or "part" in choice


def _icon(pixmap: QPixmap) -> QIcon:
    """Return an icon that looks the same when it is selected; Qt would tint it."""
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addPixmap(pixmap, mode)
    return icon
