"""The inspector page of an input or output of a graph."""

from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.design_file import DTYPES
from composer.core.graph import Input, Output
from composer.core.value_text import shape_from_text, to_text
from composer.gui.inspector.facts_view import FactsView
from composer.gui.inspector.header import Header
from composer.gui.inspector.param_row import LABEL_WIDTH, QuietComboBox, heading
from composer.gui.session.session import Session
from composer.gui.widgets.labels import label, row
from composer.gui.widgets.value_field import ScrubLabel, ValueField


class EndPage(QWidget):
    """Shape and dtype of an input; name and facts of an output.

    Args:
        session: the session.
        id: an input or output of the shown graph.

    Attributes:
        shape: the field with the shape; None for an output and inside a sub-graph.
        dtype: the drop-down with the dtype, beside `shape`.
        facts: the facts of an output; None for an input.
    """

    def __init__(self, session: Session, id: str) -> None:
        super().__init__()
        self.session = session
        self.id = id
        item = session.document.graph.item(id)
        inside = bool(session.document.graph_name)
        is_input = isinstance(item, Input)
        kind = "Input" if is_input else "Output"
        summary = f"A tensor that {'enters' if is_input else 'leaves'} the {'sub-graph' if inside else 'network'}."
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 12)
        layout.setSpacing(4)
        self.header = Header(id, kind, "io", summary, lambda new: session.document.rename(id, new))
        layout.addWidget(self.header)
        self.shape: ValueField | None = None
        if is_input and not inside:
            self.shape, self.dtype = ValueField(), QuietComboBox()
            self.shape.setAccessibleName("shape")
            self.shape.setToolTip(
                "Sizes without the batch axis, channels first: 3, 224, 224\nExpressions are allowed: 3, =size, =size"
            )
            self.shape.committed.connect(partial(self._apply_shape, self.shape))
            self.dtype.addItems(DTYPES)
            self.dtype.setAccessibleName("dtype")
            self.dtype.activated.connect(
                lambda _: session.document.edit("Set dtype", edits.update_item, id, dtype=self.dtype.currentText())
            )
            self.problem = label("", "error", wrap=True)
            self.shape.show_reason_in(self.problem)
            layout.addWidget(heading("Tensor"))
            for name, field in (("shape", self.shape), ("dtype", self.dtype)):
                title = ScrubLabel(name)
                title.setFixedWidth(LABEL_WIDTH)
                line = row(title, field, spacing=4)
                line.setStretch(1, 1)
                layout.addLayout(line)
            layout.addWidget(self.problem)
        elif is_input:
            layout.addWidget(
                label("Its shape comes from the wires of each instance of the sub-graph.", "muted", wrap=True)
            )
        self.facts = FactsView(session, id) if isinstance(item, Output) and session.facts_for(id) is not None else None
        if self.facts is not None:
            layout.addWidget(self.facts)
        layout.addStretch(1)
        self.update_values()

    def update_values(self) -> None:
        """Show the current values."""
        item = self.session.document.graph.item(self.id)
        if isinstance(item, Input) and self.shape is not None:
            self.shape.show_text(to_text(item.shape))
            self.dtype.setCurrentText(item.dtype)
        if self.facts is not None:
            self.facts.update_values()

    def _apply_shape(self, field: ValueField, text: str) -> None:
        try:
            shape = shape_from_text(text)
        except UserError as error:
            field.set_invalid(str(error))
            return
        field.set_invalid("")
        self.session.document.edit(f"Set shape of {self.id}", edits.update_item, self.id, shape=shape)
