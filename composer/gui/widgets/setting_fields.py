"""One field for each type of setting, made from its description."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QWidget

from composer.core.setting_text import lower_first
from composer.core.training_table import TrainingSetting
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.number_field import NumberField
from composer.gui.widgets.path_field import PathField
from composer.gui.widgets.setting_text_field import SettingTextField

# Key of the setting, its new value, and whether it was stepped, so that steps in a row can be one edit.
Report = Callable[[str, Any, bool], object]
FIELD = 60
UNBOUNDED = (-1e38, 1e38)


def make_field(setting: TrainingSetting, report: Report) -> QWidget:
    """Return the field of a setting.

    Args:
        setting: its description.
        report: receives what the user changes.
    """
    match setting.spec.type:
        case "bool":
            field: QWidget = _make_switch(setting, report)
        case "int" | "float" if not setting.spec.optional:
            field = _make_number(setting, report)
        case "choice" | "extension":
            field = _make_choice(setting, report)
        case "path":
            field = _make_path(setting, report)
        case _:
            field = _make_text(setting, report)
    field.setProperty("help", setting.spec.help)
    field.setToolTip(setting.spec.help)
    field.setAccessibleName(setting.title)
    field.setObjectName(setting.name)
    # A long text is cut off before it makes the form wider than its panel.
    field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    field.setMinimumWidth(FIELD)
    return field


def show_value(field: QWidget, value: Any) -> None:
    """Show a value in a field that `make_field` made, without reporting an edit."""
    if isinstance(field, NumberField):
        if isinstance(value, int | float):
            field.set_value(value)
    elif isinstance(field, PathField):
        field.set_value(str(value or ""))
    elif isinstance(field, QComboBox):
        select(field, str(value))
    elif isinstance(field, QCheckBox):
        with QSignalBlocker(field):
            field.setChecked(bool(value))
    elif isinstance(field, SettingTextField):
        field.set_value(value)


def select(field: QComboBox, value: str) -> None:
    """Select a value of a drop-down list, without reporting an edit."""
    with QSignalBlocker(field):
        index = field.findData(value)
        if index < 0:  # the design's own value is shown, even if this program does not have it
            field.addItem(value, value)
            index = field.count() - 1
        field.setCurrentIndex(index)


def _make_switch(setting: TrainingSetting, report: Report) -> QCheckBox:
    field = QCheckBox(f"{setting.title}: {lower_first(setting.spec.help)}")
    field.toggled.connect(lambda on: report(setting.name, on, False))
    return field


def _make_number(setting: TrainingSetting, report: Report) -> NumberField:
    low, high = setting.spec.range or UNBOUNDED
    field = NumberField(low, high, integer=setting.spec.type == "int", step=setting.step, zero=setting.off)
    field.edited.connect(lambda value, stepped: report(setting.name, value, stepped))
    return field


def _make_choice(setting: TrainingSetting, report: Report) -> QComboBox:
    field = DropDown()
    # The wheel scrolls the form; a setting must not change because the pointer was over it.
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
    for value in setting.spec.choices:
        field.addItem(setting.labels.get(str(value), str(value)), value)
    field.activated.connect(lambda _: report(setting.name, field.currentData(), False))
    return field


def _make_path(setting: TrainingSetting, report: Report) -> PathField:
    field = PathField(optional=setting.spec.optional, placeholder=setting.off or "Folder or file")
    field.edited.connect(lambda path: report(setting.name, path or None, False))
    return field


def _make_text(setting: TrainingSetting, report: Report) -> SettingTextField:
    field = SettingTextField(setting.spec)
    field.setPlaceholderText(setting.off or "none")
    field.edited.connect(lambda value: report(setting.name, value, False))
    return field
