"""Sequences: cross entropy of the right token at each position; padding is not learned.

Sutskever, Vinyals, Le, "Sequence to Sequence Learning with Neural Networks", NeurIPS 2014, arXiv:1409.3215.
"""

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from composer.core.errors import UserError
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.splits import Batch
from composer.engine.training.objectives import Metrics, Model, Objective, objective

TARGET = "target"


@objective(
    title="Sequence",
    metrics={
        "loss": {"title": "Loss", "unit": "nats", "direction": "min"},
        "token_accuracy": {"title": "Token accuracy", "unit": "%", "direction": "max"},
        "exact_match": {"title": "Exact match", "unit": "%", "direction": "max"},
    },
    primary="token_accuracy",
)
class Sequence(Objective):
    """Learn the token at each position of the target, from one score per token of the vocabulary.

    A decoder that reads the field ``previous`` is measured with the right previous tokens, not with its own.

    Args:
        label_smoothing: share of the target that is spread over all tokens.
        padding_token: the token that fills sequences up.
    """

    def __init__(
        self, label_smoothing: Annotated[float, (0, 0.9)] = 0.0, padding_token: Annotated[int, (0, 1_000_000)] = 0
    ) -> None:
        self.label_smoothing = label_smoothing
        self.padding_token = padding_token
        self.data = ""
        self.highest_token = 0

    def prepare(self, data: LoadedDataset) -> None:
        """Refuse datasets without a target."""
        if TARGET not in data.train.fields:
            raise UserError(
                f"{data.name} has no field {TARGET!r} to learn, such as sequences has; choose another objective or "
                "another dataset"
            )
        self.data = data.name
        self.highest_token = int(data.train.take(slice(None))[TARGET].max())

    def check(self, outputs: Any, batch: Batch) -> None:
        """Refuse outputs other than one score per token of the vocabulary at each position."""
        positions = batch[TARGET].shape[1]
        expected = f"({positions}, V) with V > {self.highest_token}, a score for each token at each position"
        if not isinstance(outputs, Tensor):
            raise UserError(f"the design has several outputs, but {self.data} trains exactly one: {expected}")
        if outputs.ndim != 3 or outputs.shape[1] != positions or outputs.shape[2] <= self.highest_token:
            sizes = tuple(outputs.shape[1:])
            raise UserError(
                f"the output has shape {sizes} for each sequence, but {self.data} needs {expected}; end the design "
                "with a GeneratorHead or a Linear layer of that width"
            )

    def loss(self, model: Model, batch: Batch, step: int | None) -> tuple[Tensor, Tensor]:
        """Return the mean cross entropy of the tokens that are no padding, and the scores (N, n, V)."""
        scores: Tensor = model(batch)
        if step is None:
            scores = scores.float()
        smoothing = self.label_smoothing if step is not None else 0.0
        loss = F.cross_entropy(
            scores.flatten(0, 1), batch[TARGET].flatten(), ignore_index=self.padding_token, label_smoothing=smoothing
        )
        return loss, scores

    def metrics(self) -> "SequenceAccuracy":
        """Return a fresh accuracy."""
        return SequenceAccuracy(self.padding_token)


class SequenceAccuracy(Metrics):
    """The share of right tokens, and the share of sequences without a wrong one.

    Args:
        padding_token: the token that is not counted.

    Attributes:
        counts: right tokens, tokens, right sequences, sequences.
    """

    counts: Tensor

    def __init__(self, padding_token: int) -> None:
        super().__init__()
        self.padding_token = padding_token
        self.register_buffer("counts", torch.zeros(4, dtype=torch.int64))

    def update(self, outputs: Tensor, batch: Batch) -> None:
        """Count the predictions of a batch."""
        target = batch[TARGET]
        counted = target != self.padding_token
        right = (outputs.argmax(-1) == target) & counted
        whole = (right == counted).all(1)
        self.counts += torch.stack([right.sum(), counted.sum(), whole.sum(), torch.full_like(whole.sum(), len(target))])

    def compute(self) -> dict[str, float]:
        """Return both shares in [0, 1]."""
        right, tokens, whole, sequences = self.counts.tolist()
        return {"token_accuracy": right / max(1, tokens), "exact_match": whole / max(1, sequences)}
