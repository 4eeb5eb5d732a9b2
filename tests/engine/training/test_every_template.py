"""Every template trains a step, unchanged, on a source that fits its inputs and its output."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from composer.core import edits
from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.core.fitting_source import fitting_training
from composer.core.graph import ExtensionRef
from composer.core.training_check import training_obstacle
from composer.engine.codegen.generate import source
from composer.engine.device import Device
from composer.engine.inference.infer import Inferrer
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import load_facts
from composer.engine.training.preparation import prepare
from composer.paths import TEMPLATES

INFERRER = Inferrer()
NAMES = sorted(path.stem for path in TEMPLATES.glob("*.yaml"))
# Two batches of two are enough for a step.
FEW = {"shapes": {"count": 4}, "sequences": {"count": 20}}


@pytest.mark.parametrize("name", NAMES)
def test_it_trains_a_step(name: str, tmp_path: Path) -> None:
    design = load(template(name))
    facts = INFERRER.infer(design).facts
    training = fitting_training(design, facts)
    data = ExtensionRef(training.data.name, {**training.data.options, **FEW.get(training.data.name, {})})
    training = replace(training, data=data, batch_size=2, augment=(), optimizer=ExtensionRef("sgd"))
    trained = edits.set_training(design, training)
    assert training_obstacle(trained, facts, INFERRER.catalog, load_facts(data)) is None
    text = source(design, inferrer=INFERRER)
    prepared = prepare(design, training, text, tmp_path, Device("cpu", "CPU"))
    prepared.model.train()
    before = [float(parameter.detach().abs().sum()) for parameter in prepared.network.parameters()]
    batches = epoch_batches(prepared.train_split, 2, 0, 0, None)
    loss = prepared.step.run(batches, [(0, 2)], step=0, rate=1e-3).loss
    after = [float(parameter.detach().abs().sum()) for parameter in prepared.network.parameters()]
    assert math.isfinite(float(loss)) and all(map(math.isfinite, after))
    assert after != before
