"""Measure the best weights of a run on a part of its data, or on data of another source."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from composer.core import edits, training_settings
from composer.core.confusion import Predictions
from composer.core.errors import UserError
from composer.core.graph import Design, ExtensionRef
from composer.core.run_records import Head, declared_head
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.codegen.build import build
from composer.engine.device import choose
from composer.engine.evaluation.classes import class_numbers
from composer.engine.inference.infer import Inferrer
from composer.engine.training.data.batches import ordered_batches
from composer.engine.training.data.inputs import NamedInputs, check_fields, load_for
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import Batch, Split
from composer.engine.training.objectives import make_objective
from composer.engine.training.predictions import PredictionCollector, archive
from composer.engine.training.setup import check_output, make_fabric
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.weights import load_weights
from composer.engine.training.validation import VAL_FACTOR, measure

ALL = "all"


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Args:
        run: name of the run.
        epoch: the epoch of its best weights; 0 if it is not recorded.
        data: the source of the samples.
        part: the part of it.
        samples: number of samples.
        device: label of the device.
        head: the metrics of the objective.
        metrics: loss and metrics by name.
        predictions: the predictions; None if the objective has no scores per class.
        notes: what the user should know.
        collector: everything that the objective stores of each sample.
    """

    run: str
    epoch: int
    data: str
    part: str
    samples: int
    device: str
    head: Head
    metrics: Mapping[str, float]
    predictions: Predictions | None
    notes: tuple[str, ...]
    collector: PredictionCollector = field(repr=False)
    names: tuple[str, ...] = field(repr=False, default=())
    classes: tuple[str, ...] = ()

    def archive(self) -> bytes:
        """Return the content of a predictions file; see `composer.engine.training.predictions`."""
        return archive(self.collector, part=self.part, epoch=self.epoch, classes=self.classes, names=self.names)


def evaluate(
    path: Path,
    *,
    data: ExtensionRef | None = None,
    part: str | None = None,
    device: str = "auto",
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measure the best weights of a run.

    Args:
        path: the run.
        data: another source of samples, whose classes have the names of the run's; None for the run's own.
        part: a part of the data, or ``all``; by default ``test`` of the own data, or ``val`` if it has no test part,
            and all samples of other data.
        device: see `choose`.
        force: whether weights of a changed design or of changed blocks are taken.
        progress: receives the number of measured samples and of all.

    Raises:
        UserError: if run, data and network do not fit together.
    """
    run, target = Run.open(path), choose(device)
    settings = training_settings.from_plain(run.settings().get("training", {}))
    own_design = edits.set_training(run.design(), settings)
    design = own_design if data is None else edits.set_training(own_design, replace(settings, data=data))
    inferrer = Inferrer()
    # 1. The network with the best weights, in the precision of the run.
    weights = load_weights(run.path, design, inferrer.catalog, force=force)
    network = build(design, inferrer=inferrer)
    weights.load_into(network)
    fabric = make_fabric(target, settings.precision)
    # 2. The samples, in the form and with the class numbers of the run's data.
    loaded = load_for(design, streamed=True)
    check_fields(design, loaded.train)
    source = _TrainedData.of(run, own_design, loaded, is_own=data is None)
    is_own = data is None or (bool(source.digest) and source.digest == loaded.facts.digest)
    notes, adapt = source.adapt(loaded)
    part, splits = _select(loaded, part, is_own=is_own)
    samples = sum(len(split) for split in splits)
    if not samples:
        raise UserError(f"the part {part} of {loaded.name} has no samples; choose another one with --part")
    # 3. One pass.
    objective = make_objective(settings.objective, replace(loaded, classes=source.classes))
    model = fabric.setup_module(NamedInputs.of(network, design))
    splits = [split.to(fabric.device) for split in splits]
    check_output(model, objective, splits[0])
    collector = PredictionCollector(samples)
    batches = _batches(splits, VAL_FACTOR * settings.batch_size, adapt, progress, samples)
    metrics = measure(model, batches, objective, fabric.device, collector)
    names = tuple(split.name(index) for split in splits for index in range(len(split)))
    return Evaluation(
        run=run.path.name,
        epoch=_best_epoch(run),
        data=loaded.facts.source or loaded.name,
        part=part,
        samples=samples,
        device=target.label,
        head=declared_head(settings.objective.name),
        metrics=metrics,
        predictions=collector.predictions(source.classes, names),
        notes=(*weights.remarks, *notes),
        collector=collector,
        names=names,
        classes=source.classes,
    )


Adapt = Callable[[Batch], Batch]


@dataclass(frozen=True)
class _TrainedData:
    """What a run recorded of the data it was trained on.

    Args:
        classes: names of its classes.
        image: how a picture became its field ``image``; None if it has none.
        digest: of its samples; empty if it is not recorded.
    """

    classes: tuple[str, ...]
    image: ImageFormat | None
    digest: str

    @classmethod
    def of(cls, run: Run, design: Design, loaded: LoadedDataset, *, is_own: bool) -> "_TrainedData":
        """Read the record of a run; early runs have none, so their data is loaded instead."""
        record = run.settings().get("data")
        if not isinstance(record, Mapping) or not record.get("classes"):
            own = loaded if is_own else load_for(design, streamed=True)
            return cls(own.classes, own.image, own.facts.digest)
        image = None
        if loaded.image is not None and record.get("mean") and record.get("std"):
            mean, std = tuple(record["mean"]), tuple(record["std"])
            image = ImageFormat(loaded.image.shape, mean, std, record.get("fit") or loaded.image.fit)
        return cls(tuple(record["classes"]), image, str(record.get("digest") or ""))

    def adapt(self, loaded: LoadedDataset) -> tuple[list[str], Adapt]:
        """Return notes, and the function that gives a batch of a dataset the form that the network was trained with.

        Raises:
            UserError: if it has classes that the run does not know.
        """
        notes: list[str] = []
        numbers: Tensor | None = None
        if loaded.classes != self.classes:
            numbers = torch.tensor(class_numbers(self.classes, loaded.classes, loaded.facts.source or loaded.name))
            if missing := len(self.classes) - len(set(loaded.classes)):
                notes.append(f"{missing} of the {len(self.classes)} classes of the run do not occur in this data")
        image, other = self.image, loaded.image
        same = image is None or other is None or (image.mean, image.std) == (other.mean, other.std)
        if image is not None and other is not None and image.fit != other.fit:
            notes.append(f"images are fitted by {other.fit}, those of the training were by {image.fit}")

        def apply(batch: Batch) -> Batch:
            changed = dict(batch)
            if numbers is not None and LABEL in changed:
                changed[LABEL] = numbers.to(changed[LABEL].device)[changed[LABEL]]
            if not same and IMAGE in changed and image is not None and other is not None:
                # The network expects the statistics of its training data, not those of this data.
                changed[IMAGE] = image.normalize(other.denormalize(changed[IMAGE]))
            return changed

        return notes, apply


def _select(loaded: LoadedDataset, part: str | None, *, is_own: bool) -> tuple[str, list[Split]]:
    """Return the name of the part to measure, and its splits.

    Raises:
        UserError: if the data has no such part.
    """
    parts = loaded.parts()
    if part is None:
        part = ALL if not is_own else "test" if "test" in parts else "val"
    if part == ALL:
        return part, list(parts.values())
    if part not in parts:
        raise UserError(f"{loaded.name} has no part {part}; it has: {', '.join(parts)}")
    return part, [parts[part]]


def _batches(
    splits: list[Split], size: int, adapt: Adapt, progress: Callable[[int, int], None] | None, samples: int
) -> Iterator[Batch]:
    done = 0
    for split in splits:
        for batch in ordered_batches(split, size):
            yield adapt(batch)
            done = min(samples, done + size)
            if progress is not None:
                progress(done, samples)


def _best_epoch(run: Run) -> int:
    best: Any = run.state().get("best")
    return int(best.get("epoch") or 0) if isinstance(best, Mapping) else 0
