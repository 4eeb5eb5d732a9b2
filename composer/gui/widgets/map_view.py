"""Where a map is seen: a heat map over the image, or bars, or a sentence while there is nothing."""

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QWidget

from composer.gui.widgets.bar_plot import BarPlot
from composer.gui.widgets.heat_view import HeatView
from composer.gui.widgets.labels import column, label


class MapView(QStackedWidget):
    """Switches between a sentence, a heat map and bars."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.text = label(role="title", wrap=True), label(role="muted", wrap=True)
        page = QWidget()
        layout = column()
        layout.addStretch(1)
        for widget in (self.title, self.text):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        layout.addStretch(2)
        page.setLayout(layout)
        self.heat, self.bars = HeatView(), BarPlot()
        for seen in (page, self.heat, self.bars):
            self.addWidget(seen)

    def say(self, title: str, text: str) -> None:
        """Show a sentence."""
        self.title.setText(title)
        self.text.setText(text)
        self.setCurrentIndex(0)

    def show_map(self, values: Any, *, over_image: bool) -> None:
        """Show an array (h, w)."""
        self.heat.set_map(values, over_image=over_image)
        self.setCurrentWidget(self.heat)

    def show_bars(self, values: Any, axis: str) -> None:
        """Show bars."""
        self.bars.set_bars(values, axis)
        self.setCurrentWidget(self.bars)

    def show_image(self, image: QImage, size: QSize) -> None:
        """Show an image, without a map as yet."""
        self.heat.set_image(image, size)
        self.heat.set_map(None)
        self.setCurrentWidget(self.heat)

    def picture(self) -> QImage | None:
        """What is seen, as a picture of its own; None while there is nothing."""
        seen = self.currentWidget()
        return seen.picture() if isinstance(seen, HeatView | BarPlot) else None
