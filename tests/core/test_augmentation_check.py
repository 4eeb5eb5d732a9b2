from dataclasses import replace

import pytest

from composer.core import edits
from composer.core.augmentation_check import augmentation_problem
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.training_extensions import EXTENSIONS, augmentations


def training(*names: str) -> Training:
    return Training(augment=tuple(ExtensionRef(name) for name in names))


def test_what_fits_has_no_problem() -> None:
    everything = training(*augmentations())
    for channels in (1, 3, None):
        for classes in (2, 1000, None):
            assert augmentation_problem(everything, ("image",), channels, classes) is None
    # Without images nothing is augmented.
    assert augmentation_problem(everything, ("tokens",), 7, 0) is None


@pytest.mark.parametrize(
    ("name", "inputs", "channels", "classes", "message"),
    [
        ("rand_augment", ("image",), 4, 10, "needs 1 or 3 channels, but the images have 4"),
        ("mixup", ("image",), 3, 0, "mixes classes, but the data has none"),
        ("cutmix", ("image", "context"), 3, 10, "mixes images and labels, but the design also takes in context"),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(name, inputs, channels, classes, message) -> None:
    problem = augmentation_problem(training("flip", name), inputs, channels, classes)
    assert problem is not None
    assert problem.name == name
    assert message in problem.message
    assert problem.message.endswith(f"remove {name} from augment")
    repaired = edits.remove_augmentation(Design(training=training("flip", name)), name)
    assert repaired.training == training("flip")


def test_objectives_state_whether_they_learn_from_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = EXTENSIONS["objective"]()
    hard = replace(declared["classification"], values={"title": "Hard"})
    monkeypatch.setattr("composer.core.augmentation_check.objectives", lambda: {"classification": hard})
    problem = augmentation_problem(training("mixup"), ("image",), 3, 10)
    assert problem is not None
    assert "objective classification cannot learn from" in problem.message
    assert augmentation_problem(training("flip"), ("image",), 3, 10) is None
