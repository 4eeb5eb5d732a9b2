"""Objectives and datasets as extensions: one new file each, of another kind than the bundled ones."""

import contextlib
import re
from pathlib import Path

import pytest
import torch

from composer.core import training_extensions
from composer.core.declarations import read_declarations
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.run_records import LOSS
from composer.engine.training import datasets, objectives
from composer.engine.training.datasets import LoadedDataset, load, load_facts
from composer.engine.training.loop import train
from composer.engine.training.objectives import Objective, make_objective
from tests.engine.designs import tiny

BRIGHTNESS = '''
"""Regression of the mean brightness of an image: targets are not labels, and less is better."""

import torch

from composer.engine.training.objectives import Metrics, Objective, objective


@objective(title="Brightness", metrics={"error": {"title": "Mean error", "direction": "min"}}, primary="error")
class Brightness(Objective):
    """Learn the mean of the pixels.

    Args:
        scale: factor of the target.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def prepare(self, data):
        pass

    def check(self, outputs, batch):
        pass

    def loss(self, model, batch, step):
        predicted = model(batch)[:, 0]
        target = self.scale * batch["image"].flatten(1).mean(1)
        return (predicted - target).square().mean(), (predicted, target)

    def metrics(self):
        return MeanError()


class MeanError(Metrics):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(()))
        self.register_buffer("count", torch.zeros(()))

    def update(self, outputs, batch):
        predicted, target = outputs
        self.total += (predicted - target).detach().abs().sum()
        self.count += len(target)

    def compute(self):
        return {"error": float(self.total / self.count)}
'''
NOISE = '''
"""Random images with a second input field."""

import torch

from composer.engine.training.datasets import Dataset, LoadedDataset, dataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit


@dataset(title="Noise", fields=("image", "context", "label"))
class Noise(Dataset):
    """Random images whose class is in the field ``context``.

    Args:
        count: number of samples.
    """

    def __init__(self, count: int = 512) -> None:
        self.count = count

    def load(self, shapes):
        torch.manual_seed(0)
        labels = torch.arange(self.count) % 2
        context = torch.nn.functional.one_hot(labels, shapes["context"][0]).float()
        train, val = (
            MemorySplit({"image": torch.rand(self.count, *shapes["image"]), "context": context, "label": labels})
            for _ in range(2)
        )
        form = ImageFormat(shapes["image"], (0.5,), (0.3,))
        return LoadedDataset(name="noise", train=train, val=val, classes=("even", "odd"), image=form)
'''
TWO_INPUTS = (
    ("  image: {shape: [1, 8, 8]}\n", "  image: {shape: [1, 8, 8]}\n  context: {shape: [4]}\n"),
    ("num_classes: 10, pooling: avg}}\n", "num_classes: 2, pooling: avg}}\n  sum: {block: Add}\n"),
    ("  attn: {block", "  wide: {block: Linear, params: {out_features: 2}}\n  attn: {block"),
    ("  - head -> logits\n", "  - head -> sum\n  - context -> wide\n  - wide -> sum\n  - sum -> logits\n"),
)


@pytest.fixture
def extensions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of extensions beside that of the program."""
    for package, decorator, schema, name, text in (
        (objectives, "objective", training_extensions.OBJECTIVE, "brightness", BRIGHTNESS),
        (datasets, "dataset", training_extensions.DATASET, "noise", NOISE),
    ):
        folder = tmp_path / decorator
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        setting = "data" if decorator == "dataset" else "objective"
        known = {**training_extensions.EXTENSIONS[setting](), **read_declarations(folder, decorator, schema)}
        monkeypatch.setitem(training_extensions.EXTENSIONS, setting, lambda known=known: known)
        monkeypatch.setattr(package, f"{decorator}s", lambda known=known: known)
    everything = training_extensions.EXTENSIONS
    monkeypatch.setattr("composer.core.run_records.objectives", everything["objective"])
    monkeypatch.setattr("composer.core.dataset_file.datasets", everything["data"])


@pytest.mark.usefixtures("extensions")
def test_an_objective_without_labels_whose_metric_falls(tmp_path: Path) -> None:
    objective = {"name": "brightness", "scale": 2.0}
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=3, objective=objective)
    head, *rows = run.metrics()
    assert (head["objective"], head["primary"]) == ("brightness", "error")
    errors = [row["metrics"]["val"]["error"] for row in rows if row["kind"] == "epoch"]
    assert len(errors) == 3
    assert errors[-1] < errors[0]
    best = run.state()["best"]
    assert best["metric"]["direction"] == "min"
    assert best["value"] == min(errors)
    assert run.settings()["training"]["objective"] == objective


@pytest.mark.usefixtures("extensions")
def test_fields_of_a_batch_fill_several_inputs_by_name(tmp_path: Path) -> None:
    run = train(tiny(*TWO_INPUTS), tmp_path / "run", device="cpu", epochs=4, data="noise", lr=0.05)
    last = [row for row in run.metrics() if row["kind"] == "epoch"][-1]
    assert last["metrics"]["val"]["accuracy"] > 0.9  # new images: the class is in the second input alone


def fitting(name: str, candidates: list[LoadedDataset]) -> Objective:
    """The objective, prepared for the first dataset that it can learn from."""
    for data in candidates:
        with contextlib.suppress(UserError):
            return make_objective(ExtensionRef(name), data)
    raise AssertionError(f"no dataset fits {name}")


def test_every_file_of_the_folders_declares_an_extension_that_can_be_made() -> None:
    candidates = []
    for name, declaration in training_extensions.datasets().items():
        assert not declaration.problem
        if any(option.required for option in declaration.options):
            continue  # a folder, for example
        fields = load_facts(ExtensionRef(name)).fields
        usual = {"image": (1, 32, 32), "tokens": (12,), "vector": (10,)}
        data = load(ExtensionRef(name), {key: item.shape or usual.get(item.kind, ()) for key, item in fields.items()})
        assert set(data.train.fields) == set(declaration.values["fields"])
        candidates.append(data)
    for name, declaration in training_extensions.objectives().items():
        assert not declaration.problem
        objective = fitting(name, candidates)
        # The loss is measured for every objective, and may be described by it.
        declared = set(declaration.values["metrics"]) - {"loss"}
        measured = objective.metrics().measured()
        assert objective.metrics().compute().keys() == declared if measured is None else set(measured) <= declared


def test_options_reach_the_constructor_and_unknown_ones_are_refused() -> None:
    data = load(ExtensionRef("digits"), {"image": (1, 8, 8)})
    smooth = make_objective(ExtensionRef("classification", {"label_smoothing": 0.5}), data)
    plain = make_objective(ExtensionRef("classification"), data)
    batch = {"label": torch.tensor([1, 2])}
    logits = 9 * torch.eye(10)[[1, 2]]
    assert smooth.loss(lambda _: logits, batch, 0)[0] > 1 > plain.loss(lambda _: logits, batch, 0)[0]
    assert smooth.loss(lambda _: logits, batch, None)[0] == plain.loss(lambda _: logits, batch, None)[0]
    with pytest.raises(UserError, match="has no option 'classes'"):
        make_objective(ExtensionRef("classification", {"classes": 3}), data)


def test_only_the_file_of_an_objective_names_its_metrics() -> None:
    folder = training_extensions.FOLDER / "objectives"
    names = {
        name
        for declaration in training_extensions.objectives().values()
        for name in declaration.values["metrics"]
        if name != LOSS
    }
    assert names
    others = [path for path in training_extensions.FOLDER.parents[1].rglob("*.py") if path.parent != folder]
    assert len(others) > 100
    # Accuracy is also a term of confusion matrices; as a key of records it is known to the objective alone.
    key = re.compile(rf"""["'](\w*_)?({"|".join(map(re.escape, sorted(names)))})(_\w*)?["']""")
    texts = {path: path.read_text("utf-8").lower() for path in others if path.name != "confusion.py"}
    assert [path for path, text in texts.items() if key.search(text)] == []
    assert key.search('record["val_accuracy"]')
