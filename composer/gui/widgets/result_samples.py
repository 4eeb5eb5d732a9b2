"""The pictures behind some predictions, with true class, predicted class and confidence under each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetrics, QPixmap
from PySide6.QtWidgets import QWidget

from composer.core import units
from composer.core.confusion import Predictions
from composer.gui.look import theme
from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.gallery import THUMBNAIL, Gallery, Thumbnail
from composer.gui.widgets.labels import button, column, label, row
from composer.gui.widgets.sample_view import pixmap
from composer.gui.workers.worker import OnError, OnResult, Request

# Sends a request for samples: their numbers, the size of a thumbnail, and what takes the reply or the error.
Fetch = Callable[[Sequence[int], int, OnResult, OnError], Request | None]
ARROW = "\N{RIGHTWARDS ARROW}"


class ResultSamples(QWidget):
    """A gallery of predictions, and the selected one in words.

    Args:
        fetch: requests the pictures.

    Attributes:
        gallery: the thumbnails.
        indices: numbers of the samples in the part of the data, in their order in the gallery.

    Signals:
        attention_requested: number of the sample whose attention should be shown.
        all_requested: all mistakes should be shown again.
    """

    attention_requested = Signal(int)
    all_requested = Signal()

    def __init__(self, fetch: Fetch) -> None:
        super().__init__()
        self._fetch = fetch
        self._predictions: Predictions | None = None
        self._requests: list[Request] = []
        self._same_cell = False
        self._metrics = QFontMetrics(theme.font(theme.SMALL))
        self.indices: Sequence[int] = ()
        self.title = ElidedLabel("heading")
        self.all_button = button("All mistakes", self.all_requested.emit, "link")
        self.gallery = Gallery(self._fetch_page, lines=2)
        self.gallery.setAccessibleName("Predictions")
        self.gallery.selected.connect(self._on_selected)
        self.gallery.activated.connect(lambda thumbnail: self.attention_requested.emit(thumbnail.index))
        self.sample = ElidedLabel("small")
        self.problem = label(role="warning", wrap=True)
        self.attention = button("Show attention", self._request_attention)
        head, foot = row(self.title, self.all_button), row(self.sample, self.attention)
        layout = column(margin=0, spacing=4)
        layout.setContentsMargins(theme.PADDING, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.problem)
        layout.addWidget(self.gallery, 1)
        layout.addLayout(foot)
        self.setLayout(layout)
        self.show_samples(None, (), "", filtered=False)

    def show_samples(
        self, predictions: Predictions | None, indices: Sequence[int], title: str, *, filtered: bool
    ) -> None:
        """Show other samples; nothing happens if they are shown already.

        Args:
            predictions: the predictions that they belong to.
            indices: their numbers.
            title: what they have in common.
            filtered: whether they are a selection that can be cancelled.
        """
        self.title.setText(title)
        self.all_button.setVisible(filtered)
        if predictions is self._predictions and indices == self.indices:
            return
        for request in self._requests:
            request.cancel()
        self._requests = []
        self._predictions, self.indices = predictions, indices
        cells = {(predictions.labels[index], predictions.predicted[index]) for index in indices} if predictions else ()
        self._same_cell = filtered and len(cells) == 1
        self.problem.hide()
        self.gallery.reset(len(indices))
        self._describe(None)

    def refresh_theme(self) -> None:
        """Draw again in the colours of the theme."""
        self.gallery.viewport().update()

    def _fetch_page(self, offset: int, count: int) -> None:
        indices = self.indices[offset : offset + count]
        size = round(THUMBNAIL * self.devicePixelRatio())
        request = self._fetch(
            indices,
            size,
            lambda reply: self._show_page(offset, indices, reply.get("samples") or ()),
            lambda reason: self._on_error(offset, indices, reason),
        )
        if request is None:
            self._show_page(offset, indices, ())
        else:
            self._requests = [*(other for other in self._requests if other.open), request]

    def _show_page(self, offset: int, indices: Sequence[int], samples: Sequence[Mapping[str, Any]]) -> None:
        """Show predictions with their pictures, or without where there are none."""
        predictions = self._predictions
        if predictions is None:
            return
        pictures = {sample["index"]: sample.get("png") for sample in samples}
        page = []
        for index in indices:
            picture = pictures.get(index)
            image = pixmap(picture) if picture else QPixmap()
            page.append(Thumbnail(index, predictions.name(index), self._caption(predictions, index), image))
        self.gallery.show_page(offset, page)

    def _on_error(self, offset: int, indices: Sequence[int], reason: str) -> None:
        self.problem.setText(f"The pictures cannot be shown: {reason}")
        self.problem.show()
        self._show_page(offset, indices, ())

    def _caption(self, predictions: Predictions, index: int) -> str:
        """Return two lines: what differs between the pictures, as far as it fits under one."""
        names = predictions.classes
        true, predicted = names[predictions.labels[index]], names[predictions.predicted[index]]
        sure = units.percent(predictions.confidence[index])
        if self._same_cell:
            return f"{predictions.name(index).rpartition('/')[2]}\n{sure}"
        words = f"{true} {ARROW} {predicted}"
        if self._metrics.horizontalAdvance(words) <= THUMBNAIL:
            return f"{words}\n{sure}"
        return f"{true}\n{ARROW} {predicted}"

    def _on_selected(self, thumbnail: Thumbnail) -> None:
        self._describe(thumbnail.index)

    def _describe(self, index: int | None) -> None:
        predictions = self._predictions
        self.attention.setEnabled(index is not None)
        if index is None or predictions is None:
            self.sample.setText("" if not self.indices else "Select a picture")
            return
        names = predictions.classes
        self.sample.setText(
            f"{predictions.name(index)}: true {names[predictions.labels[index]]}, predicted "
            f"{names[predictions.predicted[index]]} with {units.percent(predictions.confidence[index])}"
        )

    def _request_attention(self) -> None:
        thumbnail = self.gallery.thumbnail(self.gallery.current)
        if thumbnail is not None:
            self.attention_requested.emit(thumbnail.index)
