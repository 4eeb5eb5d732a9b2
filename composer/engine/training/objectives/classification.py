"""Classification: cross entropy with label smoothing; the metric is accuracy.

Label smoothing: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
arXiv:1512.00567.
"""

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.core.errors import UserError
from composer.core.training_inputs import LABEL
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.splits import Batch
from composer.engine.training.objectives import Metrics, Model, Objective, objective
from composer.engine.training.predictions import LABELS, LOGITS


@objective(
    title="Classification",
    metrics={
        "loss": {"title": "Loss", "unit": "nats", "direction": "min"},
        "accuracy": {"title": "Accuracy", "unit": "%", "direction": "max"},
    },
    primary="accuracy",
    scores_per_class=True,
    soft_labels=True,
)
class Classification(Objective):
    """Learn the class of each sample from one score per class.

    Args:
        label_smoothing: share of the target that is spread over all classes.
    """

    def __init__(self, label_smoothing: Annotated[float, (0, 0.9)] = 0.0) -> None:
        self.label_smoothing = label_smoothing
        self.data = ""
        self.classes: tuple[str, ...] = ()

    def prepare(self, data: LoadedDataset) -> None:
        """Take over the classes of the dataset."""
        if LABEL not in data.train.fields or not data.classes:
            raise UserError(f"{data.name} has no classes to learn; choose another objective or another dataset")
        self.data, self.classes = data.name, data.classes

    def check(self, outputs: Any, batch: Batch) -> None:
        """Refuse outputs other than one score per class."""
        if not isinstance(outputs, Tensor):
            raise UserError(
                f"the design has several outputs, but {self.data} trains exactly one: logits (N, {len(self.classes)})"
            )
        if outputs.ndim != 2 or outputs.shape[1] != len(self.classes):
            sizes = tuple(outputs.shape[1:])
            raise UserError(
                f"the output has shape {sizes} for each image, but {self.data} has {len(self.classes)} classes; "
                f"end the design with a classifier head with num_classes {len(self.classes)}"
            )

    def loss(self, model: Model, batch: Batch, step: int | None) -> tuple[Tensor, Tensor]:
        """Return the mean cross entropy and the logits (N, classes)."""
        logits: Tensor = model(batch)
        if step is None:
            logits = logits.float()
        smoothing = self.label_smoothing if step is not None else 0.0
        return F.cross_entropy(logits, batch[LABEL], label_smoothing=smoothing), logits

    def metrics(self) -> "Accuracy":
        """Return a fresh accuracy."""
        return Accuracy(len(self.classes))

    def per_sample(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the logits and the right classes."""
        return {LOGITS: outputs, LABELS: batch[LABEL]}


class Accuracy(Metrics):
    """The share of samples whose highest score is that of the right class.

    Args:
        classes: number of classes.

    Attributes:
        confusion: samples by true class (rows) and predicted class (columns), flattened.
    """

    confusion: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("confusion", torch.zeros(classes * classes, dtype=torch.int64))

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Count the predictions of a batch; a mixed sample counts for the class with the largest part in it."""
        labels = batch[LABEL] if batch[LABEL].ndim == 1 else batch[LABEL].argmax(1)
        cells = labels * self.classes + outputs.argmax(1)
        # scatter_add_, because bincount would wait for the device to learn the largest value.
        self.confusion.scatter_add_(0, cells, torch.ones_like(cells))

    def compute(self) -> dict[str, float]:
        """Return the accuracy in [0, 1]."""
        table = self.confusion.view(self.classes, self.classes)
        return {"accuracy": float(table.trace() / table.sum().clamp_min(1))}
