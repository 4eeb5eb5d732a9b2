"""The parts of a training, built before anything is written: whatever can be refused is refused here."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from composer.core import edits
from composer.core.data_facts import DataFacts
from composer.core.files.run_folder import SOURCE
from composer.core.graph import Design, Training
from composer.core.run_records import declared_head
from composer.core.training_extensions import optimizers
from composer.core.training_inputs import input_fields
from composer.engine.codegen.build import import_source
from composer.engine.codegen.probe import model_class
from composer.engine.device import Device
from composer.engine.library import catalog
from composer.engine.training.data.augmenter import Augmenter, make_augmenter
from composer.engine.training.data.batches import batch_bounds
from composer.engine.training.data.data_check import fitting_data
from composer.engine.training.data.inputs import NamedInputs, check_fields, load_for, to_channels_last
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import Split
from composer.engine.training.monitoring.gradient_norms import GradientNorms
from composer.engine.training.monitoring.health import HealthMonitor, health_batch
from composer.engine.training.objectives import Metrics, Objective, make_objective
from composer.engine.training.optimization.freezing import freeze
from composer.engine.training.optimization.optimizer import make_optimizer
from composer.engine.training.optimization.weight_average import WeightAverage
from composer.engine.training.setup import check_output, make_fabric
from composer.engine.training.storage.initial_weights import InitialWeights, load_initial
from composer.engine.training.storage.records import Plan, now
from composer.engine.training.training_step import TrainingStep


@dataclass
class Preparation:
    """What a training consists of.

    Args:
        design: what is trained, with the settings of the run.
        fabric: places the run on its device.
        network: the network itself, whose weights are named by the nodes.
        model: the network as Fabric wraps it; takes a batch.
        bare_optimizer: the optimizer itself.
        optimizer: the optimizer as Fabric wraps it.
        objective: what the network learns.
        metrics: the metrics of the training batches of an epoch.
        train_split: the training samples, on the device.
        val_split: the validation samples, on the device.
        test_split: the test samples, on the device; None if there are none.
        data_facts: what is known of the data.
        inputs: the network with the fields of a batch that it takes.
        initial: the weights it starts from; None for random ones.
        augmenter: the augmentations of the training samples; None for none.
        average: the average of the weights; None for none.
        step: makes the optimizer steps.
        gradient_norms: measures the gradients of the steps.
        health: measures the nodes after an epoch.
        image: how an image becomes an input, and back; None without images.
        plan: what does not change during the run.
    """

    design: Design
    fabric: Fabric
    network: nn.Module
    model: nn.Module
    bare_optimizer: torch.optim.Optimizer
    optimizer: torch.optim.Optimizer
    objective: Objective
    metrics: Metrics
    train_split: Split
    val_split: Split
    test_split: Split | None
    data_facts: DataFacts
    inputs: NamedInputs
    initial: InitialWeights | None
    augmenter: Augmenter | None
    average: WeightAverage | None
    step: TrainingStep
    gradient_norms: GradientNorms
    health: HealthMonitor
    image: ImageFormat | None
    plan: Plan

    def checkpoint_bytes(self) -> tuple[int, int]:
        """Return about how large the weights are, and a checkpoint with the states of the optimizer."""
        weights = sum(tensor.nbytes for tensor in self.network.state_dict().values())
        trained = sum(parameter.nbytes for parameter in self.network.parameters() if parameter.requires_grad)
        states = int(optimizers()[self.plan.settings.optimizer.name].values["states"])
        average = weights if self.average is not None else 0
        return weights, weights + states * trained + average


def prepare(
    design: Design, settings: Training, text: str, folder: Path, target: Device, *, resumed: bool = False
) -> Preparation:
    """Build network, data, objective and optimizer, and run the network once.

    Args:
        design: what is trained.
        settings: how.
        text: its generated source.
        folder: the folder of the run, which need not exist; tracebacks name the source in it.
        target: the device.
        resumed: whether a checkpoint will replace the weights.

    Raises:
        UserError: if the design, the settings, the data or the device do not fit together.
    """
    # 1. The network, with weights drawn from the run's seed, and the data in the shapes of its inputs.
    fabric = make_fabric(target, settings.precision)
    torch.manual_seed(settings.seed)
    network: nn.Module = model_class(import_source(text, folder / SOURCE))()
    design = edits.set_training(design, settings)
    with fitting_data(settings):
        data = load_for(design)
    train_split, val_split = data.train.to(fabric.device), data.val.to(fabric.device)
    test_split = data.test.to(fabric.device) if data.test is not None else None
    check_fields(design, train_split)
    objective = make_objective(settings.objective, data)
    augmenter = make_augmenter(settings, data, input_fields(design))
    metrics = objective.metrics().to(fabric.device)

    # 2. The optimizer. `network` stays beside Fabric's wrapper, because its weights are named by the nodes.
    initial = load_initial(network, settings.init, design, catalog()) if settings.init and not resumed else None
    if settings.channels_last:
        to_channels_last(network)
    freeze(network, settings.freeze)
    bare_optimizer = make_optimizer(network, settings, design, catalog())
    inputs = NamedInputs.of(network, design, channels_last=settings.channels_last)
    model, optimizer = fabric.setup(inputs, bare_optimizer)
    with fitting_data(settings):
        check_output(model, objective, train_split)
    plan = Plan(
        settings=settings,
        head=declared_head(settings.objective.name, metrics.measured()),
        steps_per_epoch=ceil(len(batch_bounds(len(train_split), settings.batch_size)) / settings.accumulate),
        samples=len(train_split),
        device=fabric.device.type,
        device_label=target.label,
        started=now(),
    )
    average = WeightAverage(network, settings.ema) if settings.ema else None
    gradient_norms = GradientNorms(design, network, fabric)
    return Preparation(
        design=design,
        fabric=fabric,
        network=network,
        model=model,
        bare_optimizer=bare_optimizer,
        optimizer=optimizer,
        objective=objective,
        metrics=metrics,
        train_split=train_split,
        val_split=val_split,
        test_split=test_split,
        inputs=inputs,
        initial=initial,
        augmenter=augmenter,
        average=average,
        step=TrainingStep(
            fabric, model, objective, bare_optimizer, optimizer, settings.clip_norm, average, gradient_norms
        ),
        gradient_norms=gradient_norms,
        health=HealthMonitor(design, inputs, fabric, health_batch(val_split, len(train_split))),
        image=data.image,
        data_facts=data.facts,
        plan=plan,
    )
