"""Random changes of brightness, contrast, saturation and hue: colour jitter.

Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012; in the form of
Howard, "Some Improvements on Deep Convolutional Neural Network Based Image Classification", 2013, arXiv:1312.5402.
"""

from typing import Annotated, ClassVar

from torch import Tensor

from composer.engine.training.augmentations import ImageAugmentation, augmentation
from composer.engine.training.augmentations import colour_operations as colours
from composer.engine.training.augmentations.subsets import apply_where


@augmentation(title="Colour jitter", order=40, stage="pixels", colour=True)
class Color(ImageAugmentation):
    """Change brightness, contrast, saturation and hue of each image, in this order.

    Args:
        brightness: largest relative change; 0.4 multiplies by 0.6 to 1.4.
        contrast: largest relative change of the distance from the mean grey.
        saturation: largest relative change of the distance from the grey image; grey images stay as they are.
        hue: largest turn of the circle of colours, in either direction; 0.5 reaches every hue.
        probability: share of the images that are changed.
    """

    numbers: ClassVar[int] = 5
    keeps_boxes: ClassVar[bool] = True

    def __init__(
        self,
        brightness: Annotated[float, (0.0, 1.0)] = 0.4,
        contrast: Annotated[float, (0.0, 1.0)] = 0.4,
        saturation: Annotated[float, (0.0, 1.0)] = 0.4,
        hue: Annotated[float, (0.0, 0.5)] = 0.0,
        probability: Annotated[float, (0.0, 1.0)] = 1.0,
    ) -> None:
        self.limits = (brightness, contrast, saturation, hue)
        self.probability = probability

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        """Return the changed images."""
        return apply_where(images, draws[:, 4] < self.probability, self._change, draws[:, :4] * 2 - 1)

    def _change(self, images: Tensor, amounts: Tensor) -> Tensor:
        """Change all images by amounts (N, 4) in -1 to 1."""
        operations = (colours.brightness, colours.contrast, colours.saturation, colours.hue)
        neutral = (1.0, 1.0, 1.0, 0.0)
        for operation, limit, amount, start in zip(operations, self.limits, amounts.unbind(1), neutral, strict=True):
            if limit > 0:
                images = operation(images, start + limit * amount)
        return images
