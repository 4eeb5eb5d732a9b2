"""Parts of a dataset that are held in memory, and the fixed division into training and validation."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Batch = Mapping[str, Tensor]
SPLIT_SEED = 0


@dataclass(frozen=True)
class Split:
    """Samples as tensors.

    Args:
        fields: tensors (N, ...) by field name.
        finish: functions by field name that bring a batch of a field to its final form, if the whole field would fill
            the memory.
    """

    fields: Batch
    finish: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return next(iter(self.fields.values())).device

    def take(self, index: Tensor | slice) -> dict[str, Tensor]:
        """Return some of the samples as a batch."""
        batch = {name: tensor[index] for name, tensor in self.fields.items()}
        return {name: self.finish[name](part) if name in self.finish else part for name, part in batch.items()}

    def sample_bytes(self) -> int:
        """Return the size of one finished sample."""
        return sum(math.prod(part.shape) * part.element_size() for part in self.take(slice(1)).values())

    def to(self, device: torch.device) -> "Split":
        """Return the same samples on a device."""
        return replace(self, fields={name: tensor.to(device) for name, tensor in self.fields.items()})


def batch_size(batch: Batch) -> int:
    """Return the number of samples in a batch."""
    return len(next(iter(batch.values())))


def stratified_split(
    labels: NDArray[np.int64], share: float = 0.2, seed: int = SPLIT_SEED
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split samples so that every class contributes the same share to validation.

    Args:
        labels: class numbers (N,).
        share: part of each class that is held out.
        seed: seed of the shuffle; the same everywhere, so that runs can be compared.

    Returns:
        Sorted indices of the training part and of the validation part.
    """
    # RandomState: numpy promises that its stream never changes, unlike that of default_rng's methods.
    shuffle = np.random.RandomState(seed)
    held_out: list[NDArray[np.int64]] = []
    for number in np.unique(labels):
        members = np.flatnonzero(labels == number)
        held_out.append(shuffle.permutation(members)[: round(len(members) * share)])
    val = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), val), val
