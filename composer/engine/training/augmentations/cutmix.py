"""CutMix: replace a rectangle of each image by that of another one; labels are mixed by area.

Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019,
arXiv:1905.04899.
"""

import math
from typing import Annotated

import torch
from torch import Tensor

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.augmentations import BatchAugmentation, augmentation
from composer.engine.training.augmentations.label_mixing import mix_labels, random_share


@augmentation(title="CutMix", order=91, stage="mix")
class CutMix(BatchAugmentation):
    """Paste a rectangle of the images in reverse order; together with MixUp, each batch uses one of the two.

    Args:
        alpha: of the Beta distribution of the area that stays: 1 makes all areas equally likely.
        probability: share of the batches that are mixed.
    """

    def __init__(
        self, alpha: Annotated[float, (0.001, 100.0)] = 1.0, probability: Annotated[float, (0.0, 1.0)] = 1.0
    ) -> None:
        self.alpha = alpha
        self.probability = probability

    def rectangle(self, size: tuple[int, int], generator: torch.Generator) -> tuple[int, int, int, int]:
        """Draw top, bottom, left and right of the rectangle in an image of a size (height, width)."""
        side_share = math.sqrt(1 - random_share(self.alpha, generator))
        centre = torch.rand(2, generator=generator).tolist()
        edges: list[int] = []
        for side, position in zip(size, centre, strict=True):
            half, middle = int(side * side_share) // 2, int(side * position)
            # Beyond the border nothing is pasted, so the area is smaller than drawn.
            edges += [max(middle - half, 0), min(middle + half, side)]
        return edges[0], edges[1], edges[2], edges[3]

    def apply(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the batch with pasted images, and class probabilities as labels."""
        if float(torch.rand((), generator=generator)) >= self.probability:
            return batch
        images = batch[IMAGE]
        height, width = images.shape[2:]
        top, bottom, left, right = self.rectangle((height, width), generator)
        mixed = images.clone()
        mixed[:, :, top:bottom, left:right] = images.flip(0)[:, :, top:bottom, left:right]
        share = 1 - (bottom - top) * (right - left) / (height * width)
        return {**batch, IMAGE: mixed, LABEL: mix_labels(batch[LABEL], self.statistics.classes, share)}
