"""MixUp: blend each image with another one, and their labels too.

Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, arXiv:1710.09412.
"""

from typing import Annotated

import torch
from torch import Tensor

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.augmentations import BatchAugmentation, augmentation
from composer.engine.training.augmentations.label_mixing import mix_labels, random_share


@augmentation(title="MixUp", order=90, stage="mix")
class MixUp(BatchAugmentation):
    """Blend the images of a batch with those in reverse order; together with CutMix, each batch uses one of the two.

    Args:
        alpha: of the Beta distribution of the share: 0.2 mostly keeps one image, 1 makes all shares equally likely.
        probability: share of the batches that are mixed.
    """

    def __init__(
        self, alpha: Annotated[float, (0.001, 100.0)] = 0.8, probability: Annotated[float, (0.0, 1.0)] = 1.0
    ) -> None:
        self.alpha = alpha
        self.probability = probability

    def apply(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the batch with blended images, and class probabilities as labels."""
        if float(torch.rand((), generator=generator)) >= self.probability:
            return batch
        share = random_share(self.alpha, generator)
        images = batch[IMAGE]
        mixed = torch.lerp(images.flip(0), images, share)
        return {**batch, IMAGE: mixed, LABEL: mix_labels(batch[LABEL], self.statistics.classes, share)}
