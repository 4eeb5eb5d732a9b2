"""Parts of a dataset, their samples in memory or elsewhere, and the fixed division into training and validation."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets.image_format import ImageFormat

Batch = Mapping[str, Tensor]
SPLIT_SEED = 0
# Left, top, width and height of parts of images (n, 4), as shares of what the network would see of them.
PartsOf = Callable[[int], Tensor]


class Split(ABC):
    """A part of a dataset: samples that are taken as batches of named fields, in the form that a network takes."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    @abstractmethod
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of a batch."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the batches are."""

    @property
    @abstractmethod
    def labels(self) -> Tensor | None:
        """The class of each sample (N,) as int64 on the CPU; None if the samples have no classes."""

    @abstractmethod
    def take(self, index: Tensor | slice) -> dict[str, Tensor]:
        """Return some of the samples as a batch.

        Args:
            index: numbers of samples (n,), on any device.
        """

    @abstractmethod
    def name(self, index: int) -> str:
        """Return the name of a sample for people: its file, or ``train 17``."""

    @abstractmethod
    def to(self, device: torch.device) -> "Split":
        """Return the same samples as batches on a device."""

    def batches(self, order: Tensor, bounds: Sequence[tuple[int, int]]) -> Iterator[dict[str, Tensor]]:
        """Yield a batch for each pair of bounds; a split may prepare the next ones meanwhile.

        Args:
            order: numbers of samples.
            bounds: first and last+1 position in `order` of each batch.
        """
        for low, high in bounds:
            yield self.take(order[low:high])

    def with_parts(self, parts: PartsOf) -> "Split | None":
        """Return the samples with a part of each image in its place; None if there is no more of it than the image.

        Args:
            parts: returns the parts for a batch of `batches`, from its first position in the order.
        """
        return None

    def sample_bytes(self) -> int:
        """Return the size of one sample in a batch."""
        return sum(math.prod(part.shape) * part.element_size() for part in self.take(slice(1)).values())

    def class_counts(self, classes: int) -> tuple[int, ...]:
        """Return the number of samples of each class; empty if there are no classes."""
        return tuple(torch.bincount(self.labels, minlength=classes).tolist()) if self.labels is not None else ()


@dataclass(frozen=True)
class MemorySplit(Split):
    """Samples as tensors, which move to the device as a whole.

    Args:
        tensors: tensors (N, ...) by field name. Images may be of 8 bits, a quarter of the memory of float32.
        image: brings the field ``image`` into the form of the network when a batch is taken, from pixels (N, c, h, w)
            of uint8 or in [0, 1]; None if the images have that form.
        part: ``train``, ``val`` or ``test``, for the names of samples.
        names: names of the samples, where they have any.
    """

    tensors: Batch
    image: ImageFormat | None = None
    part: str = "sample"
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of a batch."""
        return tuple(self.tensors)

    @property
    def device(self) -> torch.device:
        """The device of the tensors."""
        return next(iter(self.tensors.values())).device

    @property
    def labels(self) -> Tensor | None:
        """The class of each sample (N,), on the CPU."""
        labels = self.tensors.get(LABEL)
        return labels.cpu() if labels is not None and labels.dtype == torch.int64 and labels.ndim == 1 else None

    def take(self, index: Tensor | slice) -> dict[str, Tensor]:
        """Return some of the samples as a batch."""
        if isinstance(index, Tensor):
            index = index.to(self.device)
        batch = {name: tensor[index] for name, tensor in self.tensors.items()}
        if self.image is not None and IMAGE in batch:
            batch[IMAGE] = self.image.to_input(batch[IMAGE])
        return batch

    def batches(self, order: Tensor, bounds: Sequence[tuple[int, int]]) -> Iterator[dict[str, Tensor]]:
        """Yield a batch for each pair of bounds; the order moves to the device once."""
        return super().batches(order.to(self.device), bounds)

    def name(self, index: int) -> str:
        """Return the name of a sample."""
        return self.names[index] if self.names else f"{self.part} {index}"

    def to(self, device: torch.device) -> "MemorySplit":
        """Return the same samples on a device."""
        return replace(self, tensors={name: tensor.to(device) for name, tensor in self.tensors.items()})

    def digest(self) -> str:
        """Return a digest of the samples."""
        digest = hashlib.blake2b(digest_size=8)
        for name, tensor in self.tensors.items():
            array = tensor.detach().cpu().contiguous().numpy()
            digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
            digest.update(array.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


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
    held_out: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for number in np.unique(labels):
        members = np.flatnonzero(labels == number)
        count = round(len(members) * share)
        if share and len(members) > 1:  # a class of two is learned and measured, too
            count = min(max(count, 1), len(members) - 1)
        held_out.append(shuffle.permutation(members)[:count])
    val = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), val), val
