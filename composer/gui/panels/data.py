"""The data panel: what the design learns from, as a gallery, in figures, and as the network sees it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QScrollArea, QStackedWidget, QWidget

from composer.core import edits, training_overrides, training_settings, training_table
from composer.core.data_facts import DataFacts
from composer.core.data_folder import is_data
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.setting_text import lower_first
from composer.core.training_inputs import IMAGE, field_shapes
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.readiness import readiness
from composer.gui.session.session import Session
from composer.gui.widgets.class_balance import ClassBalance
from composer.gui.widgets.data_figures import PART_WORDS, DataFigures, summary
from composer.gui.widgets.data_source import DataSource
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.drop_hint import DropHint
from composer.gui.widgets.elided_label import ElidedLabel
from composer.gui.widgets.gallery import THUMBNAIL, Gallery, Thumbnail
from composer.gui.widgets.labels import button, column, label, named, refresh_icons, row, tool_button
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.sample_view import SampleView, pixmap
from composer.gui.widgets.wrap_button import WrapButton
from composer.gui.workers.worker import Request

FIT = "fit"
DRAWS = 8
SIZES, UPRIGHT_SIZES = [220, 330, 248], [200, 200, 240]
MAX_BALANCE = 260  # pixels
ARROW = 44  # pixels of a drop-down list beside its text
DROP_HINT = "A folder of images has a sub-folder for each class"


class DataPanel(Panel):
    """Shows the data of the design and lets the user choose another source.

    Attributes:
        source: the kind of source and its options.
        summary: number of classes and samples.
        fitting: whether the design fits the data, and why not.
        repair_button: makes the design fit.
        figures: what else is known of the data.
        balance: samples of each class.
        part: which part the gallery shows.
        gallery: the images.
        sample: the selected image.
        draw_button: augments it in other ways.
        fit: how an image of other proportions meets the input.
        status: why there are no images, and what to do.
    """

    title = "Data"
    icon = "data"
    area = "bottom"
    order = 55
    shortcut = "Ctrl+Alt+D"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown: DataFacts | None = None
        self._shown_source = ExtensionRef("")
        self._pages: list[Request] = []
        self._preview: Request | None = None
        self.source = DataSource(elsewhere=frozenset({FIT}))
        self.source.edited.connect(self._on_edited)
        self.summary = label(wrap=True)
        self.fitting = label(role="small", wrap=True)
        self.repair_button = WrapButton("", self._repair, primary=True)
        self.train_button = tool_button(
            "training", "It fits: go to training", lambda: session.panel_requested.emit("training"), ink="accent"
        )
        self.figures, self.balance, self.sample = DataFigures(), ClassBalance(), SampleView()
        self.balance.class_selected.connect(lambda _: self._restart_gallery())
        self.part = named(DropDown(), "Part", "Which part of the data is shown")
        self.part.activated.connect(lambda _: self._restart_gallery())
        self.fit = named(DropDown(), "Fit", "How an image of other proportions meets the input")
        self.fit.activated.connect(lambda _: self._on_edited(f"data.{FIT}", self.fit.currentData(), False))
        self.gallery = Gallery(self._fetch)
        self.gallery.selected.connect(self._on_selected)
        self.status_title, self.status = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.reading = QProgressBar(textVisible=False)
        self.reading.setRange(0, 1000)
        self.read_button = button("Read again", session.data.read_again)
        self.browse_button = button("Choose a folder…", self.browse, "primary")
        self.filter = button("", lambda: self._show_class(None), "link")
        self.filter.setToolTip("Show all classes")
        self.sample_name = ElidedLabel("small", Qt.TextElideMode.ElideMiddle)
        self.sample_notice = label(role="muted", wrap=True)
        self.draw_button = button("Draw again", self.draw_again, "link")
        self._epoch = 1
        self._previewed: object = None  # what of the design the preview depends on
        self.setAcceptDrops(True)
        self._build()
        self.drop_hint = DropHint(self)
        session.data.changed.connect(self.refresh_soon)
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.file_changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._refresh_theme)

    # --- actions of the user ----------------------------------------------------------------------------------------

    def _on_edited(self, key: str, value: Any, stepped: bool) -> None:
        document = self.session.document
        training = training_overrides.apply(document.design.training, {key: value})
        new = edits.set_training(document.design, training)
        text = f"Set {self.source.title(key).lower()} to {value}"
        document.apply(new, text, ("training", key) if stepped else None, self)

    def browse(self) -> None:
        """Let the user choose the folder or file of the source; without such a source, a folder of images."""
        if (field := self.source.path_field()) is not None:
            field.open_menu()
        else:
            self.session.command_requested.emit("train_on_folder", None)

    def _show_class(self, number: int | None) -> None:
        self.balance.select(number)
        self._restart_gallery()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a folder of images, or a file of samples."""
        if (path := dragged_data(event)) is not None:
            event.acceptProposedAction()
            self.drop_hint.show_text(f"Train on “{path.name}”")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Hide what a drop would do."""
        super().dragLeaveEvent(event)
        self.drop_hint.show_text("")

    def dropEvent(self, event: QDropEvent) -> None:
        """Train on what is dropped."""
        self.drop_hint.show_text("")
        path = dragged_data(event)
        if path is not None:
            event.acceptProposedAction()
            self.session.use_data(path)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the source of the design and what is known of its data."""
        session, data = self.session, self.session.data
        if session.devices:  # the engine has started: two processes that import torch at once delay each other
            data.update()
        training = session.document.design.training
        self.source.show_source(training)
        if (field := self.source.path_field()) is not None and session.path is not None:
            field.folder = session.path.parent
        self._show_fit()
        samples = _without_fit(training.data)
        facts = data.facts
        if facts is None and data.reading and samples == self._shown_source:
            facts = self._shown  # another fit reads the same samples again: nothing jumps meanwhile
        self.summary.setText(summary(facts) if facts is not None else "")
        self.summary.setVisible(facts is not None)
        self.figures.show_facts(facts, self._input_size())
        self._show_fitting(facts)
        if facts is not self._shown:
            before, before_source = self._shown, self._shown_source
            self._shown, self._shown_source = facts, samples
            if samples != before_source or not _have_same_samples(before, facts):
                self._show_parts(facts)
        self._show_status(facts)
        design = session.document.design
        previewed = (training.data, training.augment, training.seed, self._input_size(), tuple(design.main.inputs))
        if previewed != self._previewed:  # another fit or another augmentation shows the image in another way
            self._previewed = previewed
            self._request_preview()

    def _show_fitting(self, facts: DataFacts | None) -> None:
        """Show whether the design can be trained on the data, and offer the next step."""
        ready = readiness(self.session)
        has_network = bool(self.session.document.design.main.nodes)
        open_template = "Now draw a network, or open a template, to train on it"
        self.fitting.setText(ready.reason if has_network else open_template)
        self.fitting.setVisible(facts is not None and bool(ready.reason))
        self.repair_button.setText(ready.repair.label if ready.repair is not None else "")
        self.repair_button.setVisible(facts is not None and ready.repair is not None)
        self.train_button.setVisible(facts is not None and not ready.reason)

    def _repair(self) -> None:
        if (repair := readiness(self.session).repair) is not None:
            self.session.repair(repair, "")

    def _show_fit(self) -> None:
        """Offer the ways to fit an image, if the source has a choice."""
        training = self.session.document.design.training
        rows = training_table.option_settings("data", training.data)
        option = next((row for row in rows if row.name == f"data.{FIT}"), None)
        self.fit.setVisible(option is not None and not self.session.data.error)
        if option is None:
            return
        choices = [str(choice) for choice in option.spec.choices]
        if [self.fit.itemData(index) for index in range(self.fit.count())] != choices:
            self.fit.clear()
            for choice in choices:
                self.fit.addItem(option.labels.get(choice, choice.capitalize()), choice)
        self.fit.setCurrentIndex(self.fit.findData(training_settings.get_value(training, option.name)))

    def _input_size(self) -> tuple[int, ...] | None:
        """Return channels, height and width of the design's image input; None if it has none."""
        try:
            return field_shapes(self.session.document.design).get(IMAGE)
        except UserError:
            return None

    def _show_parts(self, facts: DataFacts | None) -> None:
        parts = facts.parts if facts is not None else {}
        selected = self.part.currentData()
        self.part.clear()
        for name, part in parts.items():
            self.part.addItem(f"{PART_WORDS.get(name, name).capitalize()}  {part.count:,}", name)
        self.part.setCurrentIndex(max(0, self.part.findData(selected)))
        texts = [self.part.itemText(index) for index in range(self.part.count())]
        widest = max((self.part.fontMetrics().horizontalAdvance(text) for text in texts), default=0)
        self.part.setFixedWidth(widest + ARROW)
        classes = facts.classes if facts is not None else ()
        self.balance.show_counts(classes, {name: part.class_counts for name, part in parts.items()})
        self._classes.setFixedHeight(min(self.balance.sizeHint().height(), MAX_BALANCE))
        self._classes.setVisible(bool(classes))
        self.sample.clear()
        self.draw_button.hide()
        self.sample_notice.hide()
        self.sample_name.setText("")
        self._restart_gallery()

    def _show_status(self, facts: DataFacts | None) -> None:
        """Show the gallery, or say why there is none and what to do."""
        data = self.session.data
        has_images = facts is not None and any(field.kind == "image" for field in facts.fields.values())
        self._pages_of_images.setCurrentIndex(0 if has_images and facts is not None and facts.count else 1)
        self.reading.setVisible(data.reading)
        self.reading.setValue(round(1000 * (data.share or 0.0)))
        field = self.source.path_field()
        is_open = field is not None and not field.text.text()  # the source waits for its folder or file
        self.read_button.setVisible(bool(data.error) and not is_open)
        self.browse_button.setVisible(bool(data.error))
        self.browse_button.setText("Choose a folder…" if field is None else "Choose…")
        if not self.session.devices and self.session.engine_state in ("starting", "ready", "busy"):
            title, text = "The engine is starting", "Images appear in a moment"
        elif data.reading:
            title, text = "Reading the data …", "Files are counted, their sizes read and their classes named"
        elif is_open:
            what = str(field.toolTip() if field is not None else "").rstrip(".")
            title, text = "Where is the data?", f"Choose {lower_first(what)}, or drop it on this panel"
        elif data.error:
            title, text = "The data cannot be read", f"{data.error[:1].upper()}{data.error[1:]}"
        elif facts is None:
            title, text = "No data yet", DROP_HINT
        else:
            fields = ", ".join(facts.fields) or "none"
            title, text = "Nothing to look at", f"This source has no images; the fields of its samples: {fields}"
        self.status_title.setText(title)
        self.status.setText(text)

    # --- the gallery ------------------------------------------------------------------------------------------------

    def _restart_gallery(self) -> None:
        for request in self._pages:
            request.cancel()
        self._pages = []
        part = self._shown.parts.get(self.part.currentData()) if self._shown is not None else None
        number = self.balance.selected
        count = 0
        if part is not None:
            count = part.count if number is None else part.class_counts[number]
        self.gallery.reset(count)
        name = self.balance.classes[number] if number is not None else ""
        self.filter.setText(f"{name} ×")
        self.filter.setVisible(number is not None)

    def _fetch(self, offset: int, count: int) -> None:
        """Request samples for the gallery."""
        size = round(THUMBNAIL * self.devicePixelRatio())
        request = self.session.data.samples(
            self.part.currentData(),
            offset,
            count,
            size,
            self.balance.selected,
            lambda reply: self._on_samples(offset, reply),
            self._on_samples_error,
        )
        if request is not None:
            self._pages = [*(page for page in self._pages if page.open), request]

    def _on_samples(self, offset: int, reply: Mapping[str, Any]) -> None:
        thumbnails = [
            Thumbnail(int(item["index"]), str(item["name"]), str(item.get("label") or ""), pixmap(item["png"]))
            for item in reply["samples"]
        ]
        self.gallery.show_page(offset, thumbnails)
        if self.gallery.current < 0 and offset == 0 and thumbnails:
            self.gallery.select(0)  # an example, so that the view beside the gallery is not empty

    def _on_samples_error(self, reason: str) -> None:
        self.gallery.drop_requests()
        self.session.message.emit(reason, "error")

    def _on_selected(self, thumbnail: Thumbnail) -> None:
        self.sample_name.setText(" · ".join(part for part in (thumbnail.name, thumbnail.label) if part))
        self._request_preview()

    def _on_preview(self, reply: Mapping[str, Any]) -> None:
        self.sample.show_reply(reply)
        self.draw_button.setVisible(bool(self.sample.draws))

    def _on_preview_error(self, reason: str) -> None:
        self.sample.clear()
        self.draw_button.hide()
        self.sample_notice.setText(f"{reason[:1].upper()}{reason[1:]}")
        self.sample_notice.show()

    def draw_again(self) -> None:
        """Augment the selected image in other ways."""
        self._epoch += 1
        self._request_preview()

    def _request_preview(self) -> None:
        if self._preview is not None:
            self._preview.cancel()
        thumbnail = self.gallery.thumbnail(self.gallery.current)
        if thumbnail is not None:
            self.sample_notice.hide()
            self._preview = self.session.data.preview(
                self.part.currentData(), thumbnail.index, DRAWS, self._epoch, self._on_preview, self._on_preview_error
            )

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        for widget in (self.gallery.viewport(), self.balance, self.sample):
            widget.update()

    # --- building ---------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._split = Reflow()
        self._split.turned.connect(lambda upright: self._split.setSizes(UPRIGHT_SIZES if upright else SIZES))
        for part, width in ((self._left(), 200), (self._middle(), 200), (self._right(), 180)):
            part.setMinimumWidth(width)
            self._split.addWidget(part)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes(SIZES)
        self.setLayout(column(self._split, margin=0))

    def _left(self) -> QWidget:
        body = QWidget()
        self._classes = _scrolling(self.balance)  # a thousand classes scroll in a part of the column
        layout = column(self.source, self.summary, self.repair_button, self.fitting, margin=8)
        layout.addWidget(self._classes)
        layout.addWidget(self.figures)
        layout.addStretch(1)
        body.setLayout(layout)
        return _scrolling(body)

    def _middle(self) -> QWidget:
        head = row(self.part, self.filter)
        head.addStretch(1)
        head.addWidget(self.train_button)
        head.addWidget(tool_button("reset", "Read the data again", self.session.data.read_again))
        images, empty = QWidget(), QWidget()
        layout = column(margin=0, spacing=0)
        layout.addLayout(head)
        layout.addWidget(self.gallery, 1)
        images.setLayout(layout)
        layout = column(margin=theme.PADDING)
        layout.addStretch(1)
        for widget in (self.status_title, self.status):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        self.reading.setFixedWidth(240)
        layout.addWidget(self.reading, 0, Qt.AlignmentFlag.AlignHCenter)
        actions = row(self.browse_button, self.read_button)
        actions.insertStretch(0, 1)
        actions.addStretch(1)
        layout.addLayout(actions)
        layout.addStretch(1)
        empty.setLayout(layout)
        self._pages_of_images = QStackedWidget()
        self._pages_of_images.addWidget(images)
        self._pages_of_images.addWidget(empty)
        middle = QWidget()
        middle.setLayout(column(self._pages_of_images, margin=8))
        return middle

    def _right(self) -> QWidget:
        body = QWidget()
        layout = column(margin=8, spacing=4)
        layout.addWidget(self.sample_name)
        layout.addWidget(self.fit)
        layout.addWidget(self.sample_notice)
        layout.addWidget(self.sample)
        layout.addWidget(self.draw_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        body.setLayout(layout)
        return _scrolling(body)


def _without_fit(reference: ExtensionRef) -> ExtensionRef:
    """Return a source with the default fit, which does not change what its samples are."""
    return ExtensionRef(reference.name, {name: value for name, value in reference.options.items() if name != FIT})


def _have_same_samples(one: DataFacts | None, other: DataFacts | None) -> bool:
    return one is not None and other is not None and (one.digest, one.parts) == (other.digest, other.parts)


def dragged_data(event: QDropEvent) -> Path | None:
    """Return the folder of images, or the file of samples, that is dragged; None for anything else."""
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return next((path for path in paths if is_data(path)), None)


def _scrolling(body: QWidget) -> QScrollArea:
    scroll = QScrollArea(widgetResizable=True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(body)
    return scroll
