"""Recipes: presets and files of the user."""

from pathlib import Path

import pytest

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.recipes import find_recipe, presets, read_recipe


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text)
    return path


def test_every_preset_names_its_source_and_fits_the_table() -> None:
    for recipe in presets().values():
        assert recipe.title
        assert recipe.source
        assert training_settings.problems(recipe.apply(Training())) == []


def test_a_recipe_is_a_mapping_of_settings_with_or_without_a_title(tmp_path: Path) -> None:
    plain = read_recipe(write(tmp_path, "lr: 1e-3\noptimizer: {name: sgd, momentum: 0.8}\n"))
    titled = read_recipe(write(tmp_path, "title: Own\nsettings: {lr: 1e-3, optimizer: {name: sgd, momentum: 0.8}}\n"))
    expected = Training(lr=1e-3, optimizer=ExtensionRef("sgd", {"momentum": 0.8}))
    assert plain.apply(Training()) == titled.apply(Training()) == expected
    assert (titled.title, titled.name) == ("Own", "own")
    assert find_recipe(str(tmp_path / "own.yaml")) == titled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lrr: 1", "did you mean lr?"),
        ("settings: 3", "settings is 3, expected a mapping"),
        ("settings: {}\nauthor: me", "a recipe has no 'author'"),
        ("- 1", "own.yaml"),
        ("lr: fast", "lr is 'fast', expected a number"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_recipe(write(tmp_path, text))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_unknown_name_is_no_recipe() -> None:
    with pytest.raises(UserError, match="neither a preset nor a YAML file"):
        find_recipe("nothing")
    with pytest.raises(UserError, match="file not found"):
        find_recipe("nothing.yaml")
