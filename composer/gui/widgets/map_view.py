"""The view of a map: a heat map over the image, bars, or a message while there is no map."""

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QWidget

from composer.gui.widgets.bar_plot import BarPlot
from composer.gui.widgets.heat_view import HeatView
from composer.gui.widgets.labels import column, label


class MapView(QStackedWidget):
    """Switches between a message, a heat map and bars.

    Attributes:
        title: first line of the message.
        text: the rest of the message.
        heat: the heat map.
        bars: the bars.
    """

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
        for view in (page, self.heat, self.bars):
            self.addWidget(view)

    def show_message(self, title: str, text: str) -> None:
        """Show a message."""
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
        """Show an image without a map."""
        self.heat.set_image(image, size)
        self.heat.set_map(None)
        self.setCurrentWidget(self.heat)

    def to_image(self) -> QImage | None:
        """Draw the current view to an image; None while there is only a message."""
        view = self.currentWidget()
        return view.to_image() if isinstance(view, HeatView | BarPlot) else None
