"""Turn some images grey."""

from typing import Annotated, ClassVar

from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations.colour_operations import to_grey
from composer.engine.training.augmentations.transfer import to_device


@augmentation(title="Greyscale", order=50, stage="pixels", colour=True)
class Grayscale(ImageAugmentation):
    """Turn some of the images grey, in as many channels as before.

    Args:
        probability: share of the images that become grey.
    """

    keeps_boxes: ClassVar[bool] = True

    def __init__(self, probability: Annotated[float, (0.0, 1.0)] = 0.2) -> None:
        self.probability = probability

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the images, some of them grey."""
        changed = to_device(draws < self.probability, images).view(-1, 1, 1, 1)
        return images.where(~changed, to_grey(images))
