"""The command that reproduces a run."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from composer.core import training_overrides
from composer.core.errors import UserError
from composer.core.files.design_file import design_hash, save
from composer.core.graph import Training
from composer.core.run_command import branch_settings, reproducing_command, set_words
from composer.core.training_settings import from_plain, to_plain
from tests.gui.tiny import tiny

CHANGES = (
    {},
    {"lr": 0.02, "seed": 7, "epochs": 9, "schedule": "constant"},
    {"data": {"name": "images", "folder": "/a folder/with 'quotes'"}},
    {"objective": {"name": "classification", "label_smoothing": 0.1}, "optimizer": "sgd"},
    {"optimizer": {"name": "sgd", "momentum": 0.5}, "augment": []},
    {"augment": ["flip", {"name": "erasing", "probability": 0.5}], "weight_decay": 0.0},
)


@pytest.mark.parametrize("changes", CHANGES)
def test_the_words_turn_the_settings_of_the_design_into_those_of_the_run(changes: dict[str, object]) -> None:
    before = Training()
    after = from_plain({**to_plain(before), **changes})
    words = set_words(before, after)
    assert len(words) == len(changes)
    assert training_overrides.apply(before, training_overrides.read_assignments(words)) == after


def test_every_setting_can_be_written(tmp_path: Path) -> None:
    """Whatever a design has set, a run with the defaults is reproduced, and the other way round."""
    default = Training()
    for name, value in to_plain(default).items():
        other = {bool: not value, int: 3, float: 0.25, str: "1"}.get(type(value), value)
        if isinstance(value, str) or other == value:
            continue
        changed = replace(default, **{name: other})
        for before, after in ((default, changed), (changed, default)):
            words = training_overrides.read_assignments(set_words(before, after))
            assert training_overrides.apply(before, words) == after, name


def run_folder(folder: Path) -> Path:
    folder.mkdir()
    design = tiny()
    save(design, folder / "design.yaml")
    values = {"training": {**to_plain(design.training), "lr": 0.5}, "device": "cpu", "design_hash": design_hash(design)}
    (folder / "settings.json").write_text(json.dumps(values))
    return folder


def test_the_command_names_design_device_and_differing_settings(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "a run")
    words = shlex.split(reproducing_command(folder))
    design = str(folder / "design.yaml")
    expected = ["netcomposer", "train", design, "--out", "a run-again", "--device", "cpu", "--set", "lr=0.5"]
    assert words == expected


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "settings.json").write_text('{"training": 3}')
    with pytest.raises(UserError, match="its settings are damaged, so no command reproduces it"):
        reproducing_command(folder)


def test_a_branch_has_the_settings_of_the_run_and_its_weights(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    training = branch_settings(folder, "best")
    assert (training.lr, training.init) == (0.5, f"{folder}@best")
    (folder / "settings.json").write_text('{"training": 3}')
    with pytest.raises(UserError, match="no training can start from it"):
        branch_settings(folder, "best")
