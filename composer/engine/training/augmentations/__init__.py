"""Augmentations: one file each, found by walking this folder.

::

    @augmentation(title="Flip", order=10, stage="geometry")
    class Flip(ImageAugmentation):
        # The docstring describes the options under ``Args``.

        def __init__(self, horizontal: float = 0.5) -> None: ...

        def apply(self, images: Tensor, draws: Tensor) -> Tensor: ...

They run on the device of the data, on whole batches. Their random numbers depend on (seed, epoch, batch) alone and are
drawn beside the random state of torch, so dropout sees the same numbers with and without augmentation.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import torch
from torch import Tensor

from composer.engine.training.datasets.image_format import Shape

T = TypeVar("T")
Stage = Literal["geometry", "pixels", "batch", "mix"]


@dataclass(frozen=True)
class ImageStatistics:
    """What an augmentation may need of the images.

    Args:
        shape: channels, height, width.
        mean: of each channel of pixels in [0, 1]; a single value holds for all channels.
        std: of each channel.
        classes: number of classes; 0 if the samples have none.
    """

    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.shape[1:]


class Augmentation(ABC):
    """Changes samples of training; the parameters of the constructor are its options.

    Attributes:
        statistics: what may be needed of the images; set before anything else is called.
    """

    statistics: ImageStatistics


class ImageAugmentation(Augmentation):
    """Changes each image on its own.

    Attributes:
        numbers: random numbers in [0, 1) per sample.
        once_per_epoch: whether they are drawn for all samples of an epoch together, after its order.
        keeps_boxes: whether everything stays where it is in the image.
        is_crop: whether the draws are left, top, width and height of a part as shares of the image (count, 4), which
            `apply` enlarges; where it comes first, a split that reads files takes that part from the file instead.
    """

    numbers: ClassVar[int] = 1
    once_per_epoch: ClassVar[bool] = False
    keeps_boxes: ClassVar[bool] = False
    is_crop: ClassVar[bool] = False

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw everything random for some samples.

        Args:
            count: number of samples.
            generator: source of randomness on the CPU, so that every device sees the same.

        Returns:
            The draws (count, ...).
        """
        return torch.rand(count, self.numbers, generator=generator)

    @abstractmethod
    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the changed images.

        Args:
            images: (N, C, H, W); pixels in [0, 1] in the stage ``pixels``, otherwise normalized.
            draws: result of `draw` for these samples, on the CPU.
        """

    def move_boxes(self, boxes: Tensor, draws: Tensor) -> Tensor | None:
        """Return the boxes of the changed images; None if they cannot be stated.

        Args:
            boxes: left, top, right, bottom (N, 4) as shares of the image.
            draws: result of `draw` for these samples, on the CPU.
        """
        return None


class BatchAugmentation(Augmentation):
    """Changes the normalized samples of one batch, which may depend on each other."""

    @abstractmethod
    def apply(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the changed batch; the tensors of `batch` stay as they are.

        Args:
            batch: the fields of one batch.
            generator: source of randomness on the CPU.
        """


def augmentation(*, title: str, order: int, stage: Stage, colour: bool = False) -> Callable[[type[T]], type[T]]:
    """Mark the class that an augmentation file declares.

    Args:
        title: name for people.
        order: position among the augmentations of a batch; a design lists them in any order.
        stage: ``geometry`` moves pixels, whatever their scale; ``pixels`` works on pixels in [0, 1]; ``batch`` works on
            the normalized samples of a batch; of those in stage ``mix``, each batch uses one, drawn at random.
        colour: whether it needs images that are grey or RGB.
    """
    arguments: tuple[Any, ...] = (title, order, stage, colour)
    del arguments  # read from the source by `core.training_extensions`, so that they are known without torch
    return lambda marked: marked
