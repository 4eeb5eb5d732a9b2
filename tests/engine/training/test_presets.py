"""Every preset trains: one step of its own recipe on small images."""

from pathlib import Path

import pytest

from composer.core.recipes import presets
from composer.core.training_overrides import merge
from composer.engine.training.loop import train
from tests.engine.designs import tiny

# Table 2 of "ResNet strikes back": epochs, learning rate, weight decay, label smoothing, RandAugment, MixUp.
A1_TO_A3 = {
    "resnet_a1": (600, 5e-3, 0.01, 0.1, 7, 0.2),
    "resnet_a2": (300, 5e-3, 0.02, 0.0, 7, 0.1),
    "resnet_a3": (100, 8e-3, 0.02, 0.0, 6, 0.1),
}


@pytest.mark.parametrize("name", presets())
def test_a_preset_trains_a_step(name: str, tmp_path: Path) -> None:
    recipe = presets()[name]
    run = train(tiny(), tmp_path / "run", device="cpu", **merge(recipe.settings, {"epochs": 1, "batch_size": 600}))
    state = run.state()
    assert (state["state"], state["step"]) == ("done", 1 if recipe.settings["accumulate"] > 2 else 2)
    settings = run.settings()["training"]
    assert settings["lr"] == recipe.settings["lr"]
    assert len(settings["augment"]) == len(recipe.settings["augment"])


@pytest.mark.parametrize(("name", "row"), A1_TO_A3.items())
def test_the_procedures_of_resnet_are_those_of_the_table(name: str, row: tuple[float, ...]) -> None:
    settings = presets()[name].settings
    augment = {entry["name"]: entry for entry in settings["augment"]}
    assert row == (
        settings["epochs"],
        settings["lr"],
        settings["weight_decay"],
        settings["objective.label_smoothing"],
        augment["rand_augment"]["magnitude"],
        augment["mixup"]["alpha"],
    )
    assert settings["batch_size"] * settings["accumulate"] == 2048
    assert settings["warmup_epochs"] == 5
    assert settings["objective.loss"] == "binary"
