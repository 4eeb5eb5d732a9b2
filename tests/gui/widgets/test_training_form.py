"""The form of the training settings: groups, options, lists, recipes."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from composer.core.graph import ExtensionRef, Training
from composer.core.recipes import presets
from composer.core.training_table import GROUPS
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.number_field import NumberField
from composer.gui.widgets.setting_text_field import SettingTextField
from composer.gui.widgets.training_form import WIDTH, TrainingForm


class Edits(list[tuple[str, Any]]):
    """What the form reports."""

    def take(self, key: str, value: Any, _stepped: bool) -> None:
        self.append((key, value))


@pytest.fixture
def form(qtbot: QtBot) -> TrainingForm:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.set_choices("device", {"auto": "Automatic: NVIDIA H100 80GB HBM3"})
    form.resize(WIDTH, 1600)
    form.show()
    return form


@pytest.fixture
def edits(form: TrainingForm) -> Edits:
    edits = Edits()
    form.edited.connect(edits.take)
    return edits


def test_every_setting_has_a_field_in_its_group(form: TrainingForm) -> None:
    form.show_settings(Training())
    for heading in form.headings.values():
        heading.set_open(True)
    names = {name for group in GROUPS.values() for name in group}
    assert names - {"augment"} <= form.fields.keys()
    assert {"optimizer.betas", "schedule.cycles", "augment.affine.rotation", "device", "recipe"} <= form.fields.keys()


@pytest.mark.parametrize("name", ["", *presets()])
def test_no_drop_down_list_cuts_its_text(form: TrainingForm, qtbot: QtBot, name: str) -> None:
    form.show_settings(presets()[name].apply(Training()) if name else Training())
    for heading in form.headings.values():
        heading.set_open(True)
    form.adjustSize()
    form.resize(WIDTH - 14, form.height())  # with a scroll bar beside it

    def check() -> None:
        fields = [(key, field) for key, field in form.fields.items() if isinstance(field, DropDown)]
        assert [key for key, field in fields if field.shown_text() != field.currentText()] == []

    qtbot.waitUntil(check)  # the fields have their widths after the events of the layout


def test_folded_groups_tell_what_was_changed(form: TrainingForm, qtbot: QtBot) -> None:
    form.show_settings(Training(ema=0.999, weight_decay=0.1))
    heading = form.headings["Regularization"]
    assert "ema" not in form.fields
    assert heading._summary.text().strip() == "weight decay 0.1, weight average 0.999"
    form.show_settings(Training(ema=0.999, objective=ExtensionRef("classification", {"label_smoothing": 0.1})))
    assert form.headings["Data"]._summary.text().strip() == "label smoothing 0.1"
    qtbot.mouseClick(heading.arrow, Qt.MouseButton.LeftButton)
    field = form.fields["ema"]
    assert isinstance(field, NumberField)
    assert field.isVisible()
    assert field.value == 0.999
    assert not heading._summary.isVisible()
    form.show_settings(Training(optimizer=ExtensionRef("sgd")))  # a rebuilt form keeps its groups open
    assert form.fields["ema"].isVisible()


def test_another_extension_brings_its_options(form: TrainingForm, edits: Edits, qtbot: QtBot) -> None:
    form.show_settings(Training(optimizer=ExtensionRef("sgd", {"momentum": 0.8}), schedule=ExtensionRef("step")))
    momentum, nesterov = form.fields["optimizer.momentum"], form.fields["optimizer.nesterov"]
    assert isinstance(momentum, NumberField)
    assert momentum.value == 0.8
    assert isinstance(nesterov, QCheckBox)
    assert nesterov.isChecked()
    assert "optimizer.betas" not in form.fields
    assert "schedule.every" in form.fields
    nesterov.setChecked(False)
    assert edits == [("optimizer.nesterov", False)]


def test_lists_and_mappings_are_texts(form: TrainingForm, edits: Edits, qtbot: QtBot) -> None:
    form.show_settings(Training(freeze=("stem", "stage_*"), lr_factors={"head": 10.0}))
    form.headings["Start"].set_open(True)
    freeze, factors = form.fields["freeze"], form.fields["lr_factors"]
    assert isinstance(freeze, SettingTextField)
    assert isinstance(factors, SettingTextField)
    assert (freeze.text(), factors.text()) == ("stem, stage_*", "head: 10")
    freeze.setFocus()
    freeze.selectAll()
    qtbot.keyClicks(freeze, "!head")
    qtbot.keyClick(freeze, Qt.Key.Key_Return)
    factors.setFocus()
    factors.selectAll()
    qtbot.keyClicks(factors, "head")
    assert factors.property("invalid")
    assert "not NAME=NUMBER" in factors.toolTip()
    qtbot.keyClicks(factors, "=2, stem: 0.5")
    qtbot.keyClick(factors, Qt.Key.Key_Return)
    assert edits == [("freeze", ("!head",)), ("lr_factors", {"head": 2.0, "stem": 0.5})]


def test_augmentations_are_added_and_removed_with_their_options(form: TrainingForm, edits: Edits) -> None:
    form.show_settings(Training(augment=(ExtensionRef("flip"), ExtensionRef("erasing", {"probability": 0.1}))))
    form.headings["Augmentation"].set_open(True)
    probability = form.fields["augment.erasing.probability"]
    assert isinstance(probability, NumberField)
    assert probability.value == 0.1
    assert form.title("augment.erasing.probability") == "Random erasing: Probability"
    adder = next(each for each in form.findChildren(QToolButton, "add augment") if each.isVisible())
    actions = {action.text(): action for action in adder.menu().actions()}
    assert "Flip" not in actions
    actions["MixUp"].trigger()
    remove = next(
        each for each in form.findChildren(QToolButton) if each.isVisible() and each.toolTip() == "Remove: Flip"
    )
    remove.click()
    erasing = {"name": "erasing", "probability": 0.1}
    assert edits == [("augment", ["flip", erasing, "mixup"]), ("augment", [erasing])]


def test_a_recipe_is_selected_while_its_settings_are_followed(form: TrainingForm, qtbot: QtBot) -> None:
    recipe = presets()["swin"]
    form.show_settings(recipe.apply(Training()))
    assert form.choice("recipe") == "swin"
    assert form.source.isVisible()
    assert form.source.text() == recipe.source
    form.show_settings(Training())
    assert form.choice("recipe") == ""
    assert not form.source.isVisible()
    field = form.fields["recipe"]
    assert isinstance(field, QComboBox)
    with qtbot.waitSignal(form.recipe_chosen) as signal:
        field.setCurrentIndex(field.findData("deit"))
        field.activated.emit(field.currentIndex())
    assert signal.args == ["deit"]
    assert form.choice("recipe") == ""  # until the design has its settings
