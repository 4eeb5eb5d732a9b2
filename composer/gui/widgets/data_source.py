"""Where the samples come from: the kind of source, and its options."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from composer.core.graph import ExtensionRef, Training
from composer.core.training_settings import get_value
from composer.core.training_table import TrainingSetting, option_settings, setting
from composer.gui.widgets.labels import label, tool_button
from composer.gui.widgets.path_field import PathField
from composer.gui.widgets.setting_fields import make_field, show_value

SETTING = "data"
# A source with more options than this shows the first one, and the others when asked.
FEW = 2


class DataSource(QWidget):
    """A form for the source of the data; it changes nothing itself.

    Args:
        elsewhere: options that another widget shows, such as ``fit``.

    Attributes:
        fields: the fields by key: ``data`` for the kind of source, ``data.NAME`` for an option.
        more: shows and hides the options that are rarely changed.

    Signals:
        edited: key of the setting, value, and whether it was stepped (so that steps in a row can be one edit).
    """

    edited = Signal(str, object, bool)

    def __init__(self, elsewhere: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.fields: dict[str, QWidget] = {}
        self._elsewhere = elsewhere
        self._titles: list[QLabel] = []
        self._rows: list[TrainingSetting] = []
        self._folded: list[QWidget] = []
        self.more = tool_button("settings", "More options", self._unfold)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    def title(self, key: str) -> str:
        """Return the title of a setting."""
        return next((row.title for row in self._rows if row.name == key), key.rpartition(".")[2].capitalize())

    def show_source(self, training: Training) -> None:
        """Show the source that training settings name, without reporting an edit."""
        rows = self._settings(training.data)
        if [row.name for row in rows] != [row.name for row in self._rows]:  # another source, other options
            self._build(rows)
        for key, field in self.fields.items():
            show_value(field, get_value(training, key))

    def path_field(self) -> PathField | None:
        """Return the field of the folder or file; None for a source without one."""
        return next((field for field in self.fields.values() if isinstance(field, PathField)), None)

    def _settings(self, reference: ExtensionRef) -> list[TrainingSetting]:
        options = [
            row for row in option_settings(SETTING, reference) if row.name.partition(".")[2] not in self._elsewhere
        ]
        return [setting(SETTING), *options]

    def _build(self, rows: list[TrainingSetting]) -> None:
        for widget in (*self.fields.values(), *self._titles):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.fields, self._titles, self._rows = {}, [], rows
        first = 2 if len(rows) - 1 > FEW else len(rows)
        self._folded = []
        for line, row in enumerate(rows):
            field = self.fields[row.name] = make_field(row, self.edited.emit)
            widgets: list[QWidget] = [field]
            span = 1 if row.name == SETTING else 2  # beside the source is the button
            if isinstance(field, QCheckBox):
                self._grid.addWidget(field, line, 0, 1, 3)
            else:
                title = label("Source" if row.name == SETTING else row.title, "muted")
                title.setToolTip(row.spec.help)
                title.setBuddy(field)
                self._titles.append(title)
                self._grid.addWidget(title, line, 0)
                self._grid.addWidget(field, line, 1, 1, span)
                widgets.append(title)
            if line >= first:
                self._folded += widgets
        self._grid.addWidget(self.more, 0, 2)
        self.more.setVisible(bool(self._folded))
        self._fold(folded=True)

    def _unfold(self) -> None:
        self._fold(folded=not self._folded[0].isHidden())

    def _fold(self, *, folded: bool) -> None:
        for widget in self._folded:
            widget.setVisible(not folded)
        self.more.setToolTip("More options" if folded else "Fewer options")
