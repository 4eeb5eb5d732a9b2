"""The 1,797 handwritten digits that scikit-learn bundles: 8 x 8 grey pixels, ten classes.

E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
doi:10.24432/C50P49.
"""

import math
from functools import partial
from typing import Annotated

import numpy as np
import torch

from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.images import ImageFormat, Shape, channel_statistics, resize
from composer.engine.training.datasets.splits import Split, stratified_split

MAX_RESIZED_BYTES = 2**28  # a resized dataset up to this size is stored; a larger one is resized batch by batch


@dataset(title="Digits", fields=("image", "label"), classes=10)
class Digits(Dataset):
    """Handwritten digits at any size; a fifth of each class is held out for validation.

    Args:
        split_seed: seed of the division into training and validation; runs with other seeds cannot be compared.
    """

    def __init__(self, split_seed: Annotated[int, (0, 2147483647)] = 0) -> None:
        self.split_seed = split_seed

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Load the digits and resize them to the shape of the field ``image``."""
        from sklearn.datasets import load_digits  # takes seconds to import, and is only needed here

        bunch = load_digits()
        channels, height, width = shapes["image"]
        shape: Shape = (channels, height, width)
        pixels = torch.from_numpy(bunch.images.astype(np.float32) / 16)[:, None]
        labels = torch.from_numpy(bunch.target.astype(np.int64))
        train, val = (torch.from_numpy(part) for part in stratified_split(labels.numpy(), seed=self.split_seed))
        mean, std = channel_statistics(pixels[train])
        image = ImageFormat(shape, mean, std, fit="ink")
        images = image.normalize(pixels)
        finish = {}
        if len(images) * math.prod(shape) * images.element_size() <= MAX_RESIZED_BYTES:
            images = resize(images, shape)
        else:
            finish["image"] = partial(resize, shape=shape)
        return LoadedDataset(
            name="digits",
            train=Split({"image": images[train], "label": labels[train]}, finish),
            val=Split({"image": images[val], "label": labels[val]}, finish),
            classes=tuple(str(number) for number in range(10)),
            image=image,
        )
