"""Recipes, flags and ``--set`` in place of a design's settings."""

import pytest

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.training_overrides import SettingText, apply, merge, read_assignments


def after(*texts: str, training: Training | None = None) -> Training:
    return apply(training or Training(), merge(read_assignments(texts)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=1e-3", Training(lr=1e-3)),
        ("batch-size = 32", Training(batch_size=32)),
        ("optimizer=sgd", Training(optimizer=ExtensionRef("sgd"))),
        ("optimizer.betas=0.9, 0.95", Training(optimizer=ExtensionRef("adamw", {"betas": (0.9, 0.95)}))),
        ("optimizer.betas=[0.9, 0.999]", Training()),  # the default is not written out
        ("optimizer={name: sgd, momentum: 0.8}", Training(optimizer=ExtensionRef("sgd", {"momentum": 0.8}))),
        ("data.split_seed=3", Training(data=ExtensionRef("digits", {"split_seed": 3}))),
        ("augment=none", Training(augment=())),
        ("augment=affine", Training()),
        ("freeze=stem, *norm*", Training(freeze=("stem", "*norm*"))),
        ("lr_factors.stage1.conv=0.1", Training(lr_factors={"stage1.conv": 0.1})),
        ("lr_factors=head=10, stem=0.5", Training(lr_factors={"head": 10.0, "stem": 0.5})),
        ("min_lr=1e-5", Training(min_lr=1e-5)),
        ("min_lr=none", Training()),
        ("compile=yes", Training(compile=True)),
        ("init=runs/a=b", Training(init="runs/a=b")),
        ("init=", Training()),
        ("optimizer=sgd:0.8", Training(optimizer=ExtensionRef("sgd", {"momentum": 0.8}))),
    ],
)
def test_an_assignment_is_read_by_the_type_of_its_setting(text: str, expected: Training) -> None:
    assert after(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr", "is not NAME=VALUE"),
        ("lrr=1", "no setting 'lrr'; did you mean lr?"),
        ("colour=1", "no setting 'colour'; it has: data, objective"),
        ("optimizer.beta=1", "optimizer adamw has no option 'beta'; did you mean betas?"),
        ("lr.x=1", "lr has no options"),
        ("augment.mixup.alpha=1", "does not contain 'mixup'; it contains affine"),
        ("lr=fast", "lr is 'fast', expected a number from 1e-09"),
        ("epochs=1.5", "epochs is '1.5', expected an integer from 1"),
        ("lr_factors=head=ten", "lr_factors.head is 'ten', expected a number"),
        ("optimizer.betas=a, b", "optimizer.betas is 'a, b', expected a list of 2 numbers"),
        ("compile=perhaps", "compile is 'perhaps', expected true or false"),
        ("augment=[affine", "cannot be read as a list"),
    ],
)
def test_a_wrong_assignment_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(UserError) as refusal:
        after(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_later_layers_win_and_another_extension_drops_the_options_of_the_one_before() -> None:
    recipe = {"optimizer.momentum": 0.5, "optimizer": "sgd", "lr": 0.1}
    assert apply(Training(), merge(recipe)) == Training(optimizer=ExtensionRef("sgd", {"momentum": 0.5}), lr=0.1)
    layers = merge(recipe, {"optimizer": "adam"}, {"lr": SettingText("0.2"), "optimizer.eps": SettingText("1e-6")})
    assert apply(Training(), layers) == Training(optimizer=ExtensionRef("adam", {"eps": 1e-6}), lr=0.2)


def test_a_list_keeps_the_options_of_what_stays_in_it() -> None:
    training = Training(augment=(ExtensionRef("affine", {"x": 1}), ExtensionRef("flip")))
    assert training_settings.set_value(training, "augment", ("flip", "affine")).augment == training.augment[::-1]
    assert training_settings.get_value(training, "augment") == ("affine", "flip")
    assert training_settings.get_value(training, "augment.affine.x") == 1
    changed = training_settings.set_value(training, "augment.affine.x", 2)
    assert changed.augment == (ExtensionRef("affine", {"x": 2}), ExtensionRef("flip"))


def test_a_minimum_above_the_peak_is_a_problem() -> None:
    assert training_settings.problems(Training(lr=0.01, min_lr=0.01)) == []
    (message,) = training_settings.problems(Training(lr=0.01, min_lr=0.02))
    assert message == "training min_lr is 0.02, expected at most the peak learning rate, 0.01"


def test_designs_of_earlier_versions_are_read() -> None:
    old = {"optimizer": "sgd", "schedule": "constant", "augment": True, "lr": 0.1}
    assert training_settings.from_plain(old).augment == (ExtensionRef("affine"),)
    assert training_settings.from_plain({"augment": False}).augment == ()
    assert training_settings.from_plain(old).optimizer == ExtensionRef("sgd")
    assert training_settings.problems(training_settings.from_plain(old)) == []


def test_problems_name_entries_of_lists_and_mappings() -> None:
    training = Training(
        augment=(ExtensionRef("affine"), ExtensionRef("affine"), ExtensionRef("smudge")),
        lr_factors={"head": -1.0},
        optimizer=ExtensionRef("adamw", {"betas": (0.9, 1.5)}),
    )
    messages = "; ".join(training_settings.problems(training))
    for part in (
        "augment contains affine 2 times, expected once",
        "augment 'smudge' is unknown",
        "lr_factors.head is -1.0, expected a number from 0",
        "optimizer.betas is (0.9, 1.5), expected a list of 2 numbers from 0",
    ):
        assert part in messages
