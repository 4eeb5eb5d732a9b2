"""Fixed validation images with the prediction and the attention of an epoch: one sees attention form."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QSlider, QToolTip, QWidget

from composer.core import units
from composer.core.files.run_samples import EpochSamples, RunSample, read_samples, sample_epochs
from composer.gui.look import theme
from composer.gui.widgets.gallery import paint_fitted
from composer.gui.widgets.labels import column, label, row

SMALLEST, LARGEST, GAP, TEXT, MARK = 76, 136, 8, 18, 12
MAX_TILES = 8


class SampleTiles(QWidget):
    """The images of one epoch, in rows; the pointer over one shows the image without the map.

    Attributes:
        samples: the images.
    """

    def __init__(self) -> None:
        super().__init__()
        self.samples: tuple[RunSample, ...] = ()
        self._pixmaps: dict[Path, QPixmap] = {}
        self._hovered = -1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)

    def show_samples(self, samples: tuple[RunSample, ...]) -> None:
        """Show other images."""
        self.samples = samples[:MAX_TILES]
        paths = {path for sample in self.samples for path in (sample.image, sample.drawing)}
        self._pixmaps = {path: self._pixmaps.get(path) or QPixmap(str(path)) for path in paths}
        self.updateGeometry()
        self.update()

    def columns(self, width: int) -> int:
        """Return the number of images side by side."""
        most = max(1, min(len(self.samples), (width + GAP) // (SMALLEST + GAP)))
        lines = max(1, -(-len(self.samples) // most))
        return max(1, -(-len(self.samples) // lines))

    def side(self, width: int) -> int:
        """Return the side of an image."""
        columns = self.columns(width)
        return max(32, min(LARGEST, (width - (columns - 1) * GAP) // columns))

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows."""
        lines = -(-len(self.samples) // self.columns(width))
        return lines * (self.side(width) + TEXT + GAP)

    def sizeHint(self) -> QSize:
        """Return a size for two rows."""
        return QSize(4 * (SMALLEST + GAP), self.heightForWidth(4 * (SMALLEST + GAP)))

    def cell(self, number: int) -> QRect:
        """Return the rectangle of an image, with its text."""
        columns, side = self.columns(self.width()), self.side(self.width())
        line, column_number = divmod(number, columns)
        return QRect(column_number * (side + GAP), line * (side + TEXT + GAP), side, side + TEXT)

    def sample_at(self, point: QPoint) -> int:
        """Return the number of the image at a point; -1 for none."""
        return next((number for number in range(len(self.samples)) if self.cell(number).contains(point)), -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the images, each with the predicted class and whether it is right."""
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetrics(painter.font())
        for number, sample in enumerate(self.samples):
            cell = self.cell(number)
            square = QRect(cell.topLeft(), QSize(cell.width(), cell.width()))
            path = sample.image if number == self._hovered else sample.drawing
            paint_fitted(painter, square, self._pixmaps.get(path, QPixmap()))
            line = QRect(cell.left(), square.bottom() + 2, cell.width(), TEXT)
            if sample.right is not None:
                mark = ("check", "success") if sample.right else ("close", "error")
                theme.icon(*mark).paint(painter, QRect(line.left(), line.center().y() - MARK // 2, MARK, MARK))
                line.setLeft(line.left() + MARK + 4)
            score = f"{100 * sample.score:.0f} %" if sample.predicted else ""
            painter.setPen(theme.color("muted"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, score)
            painter.setPen(theme.color("text"))
            space = line.width() - metrics.horizontalAdvance(score) - 4
            name = metrics.elidedText(sample.predicted or sample.label, Qt.TextElideMode.ElideRight, max(space, 0))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the image under the pointer without its map."""
        self._hover(self.sample_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Show all maps again."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, number: int) -> None:
        if number != self._hovered:
            self._hovered = number
            self.update()

    def event(self, event: QEvent) -> bool:
        """Show name, class and prediction of an image as a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.sample_at(event.pos())
            text = ""
            if number >= 0:
                sample = self.samples[number]
                predicted = f"predicted {sample.predicted}, {units.percent(sample.score)}" if sample.predicted else ""
                lines = (sample.name, f"is {sample.label}" if sample.label else "", predicted)
                text = "\n".join(line for line in lines if line)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


class SampleBoard(QWidget):
    """The images of a run with a slider through its epochs; it follows the latest one until the user looks back.

    Attributes:
        tiles: the images.
        slider: position among the epochs that have images.
        epochs: those epochs.
        shown: what is shown; None while there is nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self._run: Path | None = None
        self.epochs: list[int] = []
        self.shown: EpochSamples | None = None
        self.tiles = SampleTiles()
        self._title, self._caption = label("Validation images"), label(role="small")
        self._title.setFont(theme.font(bold=True))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Epoch")
        self.slider.setToolTip("Look back at an earlier epoch")
        self.slider.setMaximumWidth(240)
        self.slider.valueChanged.connect(lambda _: self._show())
        head = row(self._title, self._caption, self.slider)
        head.setStretch(1, 1)
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = column(margin=0, spacing=4)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.addLayout(head)
        layout.addWidget(self.tiles)
        self.setLayout(layout)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def show_run(self, run: Path | None) -> None:
        """Show the latest images of a run, or read whether it has new ones."""
        if run != self._run:
            self._run, self.epochs, self.shown = run, [], None
        epochs = sample_epochs(run) if run is not None else []
        if epochs == self.epochs and self.shown is not None:
            return
        follows = not self.epochs or self.slider.value() == len(self.epochs) - 1
        self.epochs = epochs
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(epochs) - 1))
        if follows:
            self.slider.setValue(len(epochs) - 1)
        self.slider.blockSignals(blocked)
        self.slider.setVisible(len(epochs) > 1)
        self._show()
        self.setVisible(self.shown is not None)  # The only file may be torn.

    def heightForWidth(self, width: int) -> int:
        """Return the height of the head and the images."""
        return theme.CONTROL + 4 + self.tiles.heightForWidth(width - 16)

    def _show(self) -> None:
        position = self.slider.value()
        if self._run is None or not 0 <= position < len(self.epochs):
            return
        samples = read_samples(self._run, self.epochs[position])
        if samples is None:
            return
        self.shown = samples
        parts = (f"epoch {samples.epoch}", samples.map, samples.note)
        self._caption.setText("  ·  ".join(part for part in parts if part))
        self._caption.setToolTip(self._caption.text())
        self.tiles.show_samples(samples.samples)
