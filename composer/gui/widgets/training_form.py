"""The form of the training settings, generated from the table of settings and the options of extensions."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QSizePolicy, QToolButton, QWidget

from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.extension_text import plain_reference
from composer.core.graph import ExtensionRef, Training
from composer.core.recipes import presets
from composer.core.setting_text import write_text
from composer.core.training_extensions import titles
from composer.core.training_settings import get_value
from composer.core.training_table import (
    EXTENSION,
    GROUPS,
    LIST,
    TrainingSetting,
    option_settings,
    setting,
)
from composer.gui.look import theme
from composer.gui.widgets.field_grid import FieldGrid
from composer.gui.widgets.fold_heading import FoldHeading
from composer.gui.widgets.labels import column, label, row, tool_button
from composer.gui.widgets.setting_fields import make_field, select, show_value

RECIPE, OWN = "recipe", ""
DEVICE = TrainingSetting(
    ParamSpec("device", "choice", "auto", help="Where it trains; automatic takes the fastest device"), "Device"
)
RECIPES = TrainingSetting(
    ParamSpec(RECIPE, "choice", OWN, help="Settings of a paper in place of yours; one undo brings yours back"), "Recipe"
)
WIDTH = 460
# Groups that are open before anything in them was changed.
OPEN = ("Data", "Optimization", "Schedule")
# The widest titles of the left and the right fields, so that the fields of all groups are below each other.
WIDEST = "Label smoothing", "Weight average"
# Letters of a drop-down item that fit into half a line.
SHORT = 8


def rows(training: Training, group: str) -> list[TrainingSetting]:
    """Return the rows of a group; the options of an extension follow the setting that names it."""
    table: list[TrainingSetting] = []
    for name in GROUPS[group]:
        table.append(setting(name))
        value = getattr(training, name)
        if table[-1].spec.type in (EXTENSION, LIST):
            for reference in value if isinstance(value, tuple) else (value,):
                table += option_settings(name, reference)
    return table


class TrainingForm(QWidget):
    """Shows training settings and reports what the user changes; it changes nothing itself.

    Attributes:
        fields: the fields by key of the setting, of groups that are or were open.
        headings: the headings of the groups by name.
        source: where the values of the selected recipe are from.

    Signals:
        edited: key of the setting, value, and whether it was stepped (so that steps in a row can be one edit).
        recipe_chosen: name of a preset.
    """

    edited = Signal(str, object, bool)
    recipe_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._training = Training()
        self.fields: dict[str, QWidget] = {
            DEVICE.name: make_field(DEVICE, self.edited.emit),
            RECIPE: make_field(RECIPES, lambda _key, name, _stepped: self._choose_recipe(name)),
        }
        recipes = {OWN: "Own settings", **{name: recipe.title for name, recipe in presets().items()}}
        self.set_choices(RECIPE, recipes)
        self.source = label(role="small", wrap=True)
        self.headings = {group: FoldHeading(group, is_open=group in OPEN) for group in GROUPS}
        widths = [self.fontMetrics().horizontalAdvance(title) for title in WIDEST]
        self._grids = {group: FieldGrid(*widths) for group in GROUPS}
        self._pages: dict[str, QWidget] = {}
        self._rows: dict[str, list[TrainingSetting]] = {}
        self._built: dict[str, list[TrainingSetting]] = {}  # the rows whose fields exist, of groups that were open once
        top = FieldGrid(*widths)
        top.add_field(RECIPES.title, self.fields[RECIPE], RECIPES.spec.help, wide=True)
        top.add_wide(self.source)
        top.add_field(DEVICE.title, self.fields[DEVICE.name], DEVICE.spec.help, wide=True)
        layout = column(margin=0, spacing=4)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(top)
        for group, heading in self.headings.items():
            heading.toggled.connect(partial(self._fold, group))
            page = self._pages[group] = QWidget()
            page.setLayout(self._grids[group])
            if not heading.is_open:
                page.hide()
            layout.addWidget(heading)
            layout.addWidget(page)
        layout.addStretch(1)
        self.setLayout(layout)
        self.show_settings(self._training)

    def title(self, key: str) -> str:
        """Return the title of a setting, with that of its augmentation if it is an option of one."""
        title = next(row.title for group in self._rows.values() for row in group if row.name == key)
        parts = key.split(".")
        return f"{titles(parts[0])[parts[1]]}: {title}" if len(parts) > 2 else title  # augment.mixup.alpha

    def show_settings(self, training: Training) -> None:
        """Show settings, without reporting an edit."""
        self._training = training
        self._rows = {group: rows(training, group) for group in GROUPS}
        for group, heading in self.headings.items():
            if heading.is_open:
                self._show_group(group)
            heading.set_summary(self._summary(group))
        self._show_recipe()

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

    # --- recipes ------------------------------------------------------------------------------------------------------

    def _choose_recipe(self, name: str) -> None:
        if name != OWN:
            self.recipe_chosen.emit(name)
        self._show_recipe()

    def _show_recipe(self) -> None:
        """Select the preset whose values the settings have, and name its source."""
        name = next((name for name, recipe in presets().items() if _is_followed(name, self._training)), OWN)
        self.choose(RECIPE, name)
        self.source.setText(presets()[name].source if name else "")
        self.source.setToolTip(presets()[name].notes if name else "")
        self.source.setVisible(bool(name))

    # --- groups -------------------------------------------------------------------------------------------------------

    def _fold(self, group: str, on: bool) -> None:
        if on:
            self._show_group(group)
        self._pages[group].setVisible(on)

    def _show_group(self, group: str) -> None:
        """Show the settings of an open group; its fields are made where another extension brings other options."""
        table = self._rows[group]
        if table != self._built.get(group):
            self._build(group)
        for row_of in table:
            if row_of.name in self.fields:
                show_value(self.fields[row_of.name], get_value(self._training, row_of.name))

    def _summary(self, group: str) -> str:
        """Return what differs from the defaults in a group."""
        defaults = Training()
        words = []
        for name in GROUPS[group]:
            value, default = getattr(self._training, name), getattr(defaults, name)
            if isinstance(value, ExtensionRef) and value.name == default.name:
                words += [f"{key.replace('_', ' ')} {write_text(option)}" for key, option in value.options.items()]
            elif value != default:
                text = "on" if value is True else write_text(get_value(self._training, name)) or "none"
                words.append(f"{setting(name).title.lower()} {text}")
        return ", ".join(words)

    def _build(self, group: str) -> None:
        """Make the fields of a group."""
        for row_of in self._built.get(group, ()):
            self.fields.pop(row_of.name, None)
        self._built[group] = self._rows[group]
        grid = self._grids[group]
        grid.clear_fields()
        for row_of in self._rows[group]:
            if row_of.spec.type == LIST:
                self._add_list(grid, row_of)
            elif len(row_of.name.split(".")) < 3:  # options of a list are beside their extension
                self._add_row(grid, row_of)

    def _add_row(self, grid: FieldGrid, setting_row: TrainingSetting) -> None:
        field = make_field(setting_row, self.edited.emit)
        self.fields[setting_row.name] = field
        text = setting_row.title
        if isinstance(field, QCheckBox):
            field.setText(text)
            text = ""
        grid.add_field(text, field, setting_row.spec.help, wide=_is_wide(setting_row))

    def _add_list(self, grid: FieldGrid, setting_row: TrainingSetting) -> None:
        """Add the extensions of a list, each with its options and a button that removes it, and a button that adds."""
        name, labels = setting_row.name, titles(setting_row.name)
        references: tuple[ExtensionRef, ...] = getattr(self._training, name)
        for reference in references:
            text = labels.get(reference.name, reference.name)
            heading = label(text)
            heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            remove = tool_button("close", f"Remove: {text}", partial(self._remove, name, reference))
            line = QWidget()
            line.setLayout(row(heading, remove, spacing=2))
            grid.add_wide(line)
            for option in option_settings(name, reference):
                self._add_row(grid, option)
            grid.end_line()
        grid.add_wide(self._adder(name, {key: text for key, text in labels.items() if key not in _names(references)}))

    def _adder(self, name: str, labels: Mapping[str, str]) -> QWidget:
        """Return a button with a menu of the extensions that can be added to a list."""
        adder = QToolButton()
        adder.setText(f"Add to {setting(name).title.lower()}")
        adder.setIcon(theme.icon("add", "muted"))
        adder.setProperty("icon_name", "add")
        adder.setProperty("icon_ink", "muted")
        adder.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        adder.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(adder)
        for extension, text in labels.items():
            menu.addAction(text, partial(self._add, name, extension))
        adder.setMenu(menu)
        adder.setObjectName(f"add {name}")
        adder.setEnabled(bool(labels))
        return adder

    def _add(self, name: str, extension: str) -> None:
        self._set_list(name, [*getattr(self._training, name), ExtensionRef(extension)])

    def _remove(self, name: str, reference: ExtensionRef) -> None:
        self._set_list(name, [item for item in getattr(self._training, name) if item != reference])

    def _set_list(self, name: str, references: list[ExtensionRef]) -> None:
        self.edited.emit(name, [plain_reference(name, reference) for reference in references], False)


def _names(references: tuple[ExtensionRef, ...]) -> set[str]:
    return {reference.name for reference in references}


def _is_wide(setting_row: TrainingSetting) -> bool:
    """Return whether a field needs a whole line: a list, a path, or an item of a drop-down that is long."""
    spec = setting_row.spec
    if spec.type in ("bool", "int", "float") or (spec.type == "tuple" and spec.items != ("str", 0)):
        return False
    labels: Any = setting_row.labels.values() or spec.choices
    return spec.type != "choice" or any(len(str(text)) > SHORT for text in labels)


def _is_followed(name: str, training: Training) -> bool:
    """Return whether settings have the values of a preset."""
    try:
        return presets()[name].apply(training) == training
    except UserError:  # a preset for another objective
        return False
