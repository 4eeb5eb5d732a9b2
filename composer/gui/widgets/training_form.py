"""The form of the training settings, generated from the table of settings and the options of extensions."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from composer.core.declarations import ParamSpec
from composer.core.graph import Training
from composer.core.training_extensions import EXTENSIONS
from composer.core.training_settings import get_value
from composer.core.training_table import SETTINGS, TrainingSetting, option_settings, setting
from composer.gui.widgets.labels import label
from composer.gui.widgets.setting_fields import make_field, select, show_value

DEVICE = TrainingSetting(
    ParamSpec("device", "choice", "auto", help="Where it trains; automatic takes the fastest device"), "Device"
)
WIDTH = 460


def rows(training: Training) -> list[TrainingSetting]:
    """Return the rows of the form: device, settings, then the options of the extensions."""
    options: list[TrainingSetting] = []
    for name in EXTENSIONS:
        value = getattr(training, name)
        for reference in value if isinstance(value, tuple) else (value,):
            options += option_settings(name, reference)
    return [DEVICE, *(setting(row.name) for row in SETTINGS), *options]


class TrainingForm(QWidget):
    """Shows training settings and reports what the user changes; it changes nothing itself.

    Attributes:
        fields: the fields by key of the setting.

    Signals:
        edited: key of the setting, value, and whether it was stepped (so that steps in a row can be one edit).
    """

    edited = Signal(str, object, bool)

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, QWidget] = {}
        self._titles: list[QLabel] = []
        self._rows: list[TrainingSetting] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)
        self._build(rows(Training()))

    def title(self, key: str) -> str:
        """Return the title of a setting."""
        return next(row.title for row in self._rows if row.name == key)

    def show_settings(self, training: Training) -> None:
        """Show settings, without reporting an edit."""
        settings = rows(training)
        if [row.name for row in settings] != [row.name for row in self._rows]:  # another extension, other options
            self._build(settings)
        for key, field in self.fields.items():
            if key == DEVICE.name:
                continue
            show_value(field, get_value(training, key))

    def set_choices(self, name: str, choices: Mapping[str, str]) -> None:
        """Fill a drop-down list, titles by value; the selected value stays selected."""
        field = self._drop_down(name)
        shown = {field.itemData(index): field.itemText(index) for index in range(field.count())}
        if shown == dict(choices):
            return
        selected = field.currentData()
        with QSignalBlocker(field):
            field.clear()
            for value, text in choices.items():
                field.addItem(text, value)
        if selected is not None:
            select(field, selected)

    def choice(self, name: str) -> str:
        """Return the selected value of a drop-down list."""
        return str(self._drop_down(name).currentData() or "")

    def choose(self, name: str, value: str) -> None:
        """Select a value of a drop-down list, without reporting an edit."""
        select(self._drop_down(name), value)

    def _drop_down(self, name: str) -> QComboBox:
        field = self.fields[name]
        assert isinstance(field, QComboBox)
        return field

    def _build(self, settings: Sequence[TrainingSetting]) -> None:
        """Lay out one field per setting, two settings per row; switches take a whole row at the end."""
        device = self.fields.pop(DEVICE.name, None)  # its choices were set from outside
        for widget in (*self.fields.values(), *self._titles):
            self._grid.removeWidget(widget)
            widget.deleteLater()
        self.fields, self._titles, self._rows = {}, [], list(settings)
        pairs = [row for row in settings if row.spec.type != "bool"]
        for number, row in enumerate(pairs):
            field = device if device is not None and row.name == DEVICE.name else make_field(row, self.edited.emit)
            title = label(row.title, "muted")
            title.setToolTip(row.spec.help)
            title.setBuddy(field)
            line, side = divmod(number, 2)
            self._grid.addWidget(title, line, 2 * side)
            self._grid.addWidget(field, line, 2 * side + 1)
            self._titles.append(title)
            self.fields[row.name] = field
        line = (len(pairs) + 1) // 2
        for row in settings:
            if row.spec.type == "bool":
                self.fields[row.name] = make_field(row, self.edited.emit)
                self._grid.addWidget(self.fields[row.name], line, 0, 1, 4)
                line += 1
        for index in range(self._grid.rowCount()):
            self._grid.setRowStretch(index, int(index == line))
