"""Classification: cross entropy, or binary cross entropy, with label smoothing; the metric is accuracy.

Label smoothing: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
arXiv:1512.00567. Binary cross entropy: Wightman et al., "ResNet strikes back", 2021, arXiv:2110.00476.
"""

from typing import Annotated, Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.core.errors import UserError
from composer.core.training_inputs import LABEL
from composer.engine.training.auxiliary_loss import auxiliary_loss
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.splits import Batch
from composer.engine.training.objectives import Metrics, Model, Objective, objective
from composer.engine.training.predictions import LABELS, LOGITS

# With fewer classes, the right one is among the five most likely by chance too often to tell anything.
MIN_CLASSES_OF_TOP5 = 20
# Where validation has about the same number of samples of each class, balanced accuracy is accuracy.
BALANCED_RATIO = 1.5


@objective(
    title="Classification",
    metrics={
        "loss": {"title": "Loss", "unit": "nats", "direction": "min"},
        "accuracy": {"title": "Accuracy", "unit": "%", "direction": "max"},
        "balanced_accuracy": {"title": "Balanced accuracy", "unit": "%", "direction": "max"},
        "top5_accuracy": {"title": "Top-5 accuracy", "unit": "%", "direction": "max"},
    },
    primary="accuracy",
    scores_per_class=True,
    soft_labels=True,
)
class Classification(Objective):
    """Learn the class of each sample from one score per class.

    Args:
        label_smoothing: share of the target that is spread over all classes.
        loss: cross entropy of one class against all others, or binary cross entropy of each class on its own.
        target_threshold: with binary cross entropy, a class whose smoothed part of a mixed sample is larger than this
            is wholly present, and others are not; 0 learns the parts themselves.
        class_weights: balanced gives rare classes as much weight as frequent ones; only training is weighted.
        aux_loss: factor of the losses that blocks add, such as the balance of a mixture of experts.
    """

    def __init__(
        self,
        label_smoothing: Annotated[float, (0, 0.9)] = 0.0,
        loss: Literal["cross_entropy", "binary"] = "cross_entropy",
        target_threshold: Annotated[float, (0, 0.9)] = 0.0,
        class_weights: Literal["none", "balanced"] = "none",
        aux_loss: Annotated[float, (0, 10)] = 0.01,
    ) -> None:
        self.label_smoothing = label_smoothing
        self.binary = loss == "binary"
        self.target_threshold = target_threshold
        self.balanced = class_weights == "balanced"
        self.aux_loss = aux_loss
        self.data = ""
        self.classes: tuple[str, ...] = ()
        self.uneven = False
        self.weights: Tensor | None = None

    def prepare(self, data: LoadedDataset) -> None:
        """Take over the classes of the dataset, and how often each occurs."""
        if LABEL not in data.train.fields or not data.classes:
            raise UserError(f"{data.name} has no classes to learn; choose another objective or another dataset")
        self.data, self.classes = data.name, data.classes
        counts = data.val.class_counts(len(data.classes))
        self.uneven = bool(counts) and max(counts) > BALANCED_RATIO * min(counts)
        if self.balanced and (train_counts := data.train.class_counts(len(data.classes))):
            self.weights = balanced_weights(train_counts)

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
        """Return the mean loss, with the auxiliary losses of the blocks in training, and the logits (N, classes)."""
        logits: Tensor = model(batch)
        labels = batch[LABEL]
        if step is None:
            logits = logits.float()
            return self._loss(logits, labels, 0.0, None), logits
        if self.weights is not None:
            self.weights = self.weights.to(logits)  # moves once; later steps find it there
        loss = self._loss(logits, labels, self.label_smoothing, self.weights)
        auxiliary = auxiliary_loss(model) if self.aux_loss else None
        return (loss if auxiliary is None else loss + self.aux_loss * auxiliary), logits

    def _loss(self, logits: Tensor, labels: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
        """Return the mean loss of logits against class numbers (N) or probabilities (N, classes)."""
        if labels.is_floating_point():
            labels = labels.to(logits)
        if not self.binary:
            return F.cross_entropy(logits, labels, weights, label_smoothing=smoothing)
        targets = F.one_hot(labels, len(self.classes)).to(logits) if labels.ndim == 1 else labels
        targets = targets * (1 - smoothing) + smoothing / len(self.classes)
        if self.target_threshold > 0:
            targets = (targets > self.target_threshold).to(logits)
        return F.binary_cross_entropy_with_logits(logits, targets, weights)

    def metrics(self) -> "Accuracy":
        """Return a fresh accuracy."""
        return Accuracy(len(self.classes), balanced=self.uneven, top5=len(self.classes) >= MIN_CLASSES_OF_TOP5)

    def per_sample(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the logits and the right classes."""
        return {LOGITS: outputs, LABELS: batch[LABEL]}


def balanced_weights(counts: tuple[int, ...]) -> Tensor:
    """Return a weight for each class that is inverse to its number of samples; their mean over the samples is 1."""
    samples = torch.tensor(counts, dtype=torch.float32).clamp_min(1)
    return samples.sum() / (len(counts) * samples)


class Accuracy(Metrics):
    """The share of samples whose highest score is that of the right class.

    Args:
        classes: number of classes.
        balanced: whether the mean of this share over the classes is measured too.
        top5: whether the share of samples whose right class is among the five highest scores is measured too.

    Attributes:
        confusion: samples by true class (rows) and predicted class (columns), flattened.
        hits: samples whose right class is among the five highest scores.
    """

    confusion: Tensor
    hits: Tensor

    def __init__(self, classes: int, *, balanced: bool = False, top5: bool = False) -> None:
        super().__init__()
        self.classes, self.balanced, self.top5 = classes, balanced, top5
        self.register_buffer("confusion", torch.zeros(classes * classes, dtype=torch.int64))
        if top5:
            self.register_buffer("hits", torch.zeros((), dtype=torch.int64))

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Count the predictions of a batch; a mixed sample counts for the class with the largest part in it."""
        labels = batch[LABEL] if batch[LABEL].ndim == 1 else batch[LABEL].argmax(1)
        cells = torch.add(outputs.argmax(1), labels, alpha=self.classes)
        # scatter_add_, because bincount would wait for the device to learn the largest value.
        self.confusion.scatter_add_(0, cells, torch.ones_like(cells))
        if self.top5:
            self.hits += (outputs.topk(5, dim=1).indices == labels[:, None]).sum()

    def measured(self) -> tuple[str, ...]:
        """Return the names of the metrics."""
        extra = {"balanced_accuracy": self.balanced, "top5_accuracy": self.top5}
        return ("accuracy", *(name for name, present in extra.items() if present))

    def compute(self) -> dict[str, float]:
        """Return the shares in [0, 1]."""
        table = self.confusion.view(self.classes, self.classes)
        total = table.sum().clamp_min(1)
        values = {"accuracy": float(table.trace() / total)}
        if self.balanced:
            counts = table.sum(1)
            shares = table.diagonal() / counts.clamp_min(1)
            values["balanced_accuracy"] = float(shares.sum() / (counts > 0).sum().clamp_min(1))
        if self.top5:
            values["top5_accuracy"] = float(self.hits / total)
        return values
