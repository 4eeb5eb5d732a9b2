"""The 1,797 handwritten digits that scikit-learn bundles: 8 x 8 grey pixels, ten classes.

E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
doi:10.24432/C50P49.
"""

import gzip
import importlib.util
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.facts import facts_of
from composer.engine.training.datasets.image_format import ImageFormat, channel_statistics, resize, to_bytes
from composer.engine.training.datasets.splits import MemorySplit, stratified_split

SIDE = 8
FILE = "datasets/data/digits.csv.gz"  # in the folder of scikit-learn
MAX_RESIZED_BYTES = 2**26  # a resized dataset up to this size is stored; a larger one is resized batch by batch


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
        pixels, labels = read_digits()
        channels, height, width = shapes["image"]
        train, val = (torch.from_numpy(part) for part in stratified_split(labels.numpy(), seed=self.split_seed))
        mean, std = channel_statistics(pixels[train])
        image = ImageFormat((channels, height, width), mean, std, fit="ink")
        stored = (height, width) if len(pixels) * height * width <= MAX_RESIZED_BYTES else (SIDE, SIDE)
        images = to_bytes(resize(pixels, stored))
        train_split, val_split = (
            MemorySplit({"image": images[part], "label": labels[part]}, image, name)
            for name, part in (("train", train), ("val", val))
        )
        classes = tuple(str(number) for number in range(10))
        parts = {"train": train_split, "val": val_split}
        return LoadedDataset(
            name="digits",
            train=train_split,
            val=val_split,
            classes=classes,
            image=image,
            facts=facts_of(parts, classes, image, channels=1, sizes=((SIDE, SIDE),) * 3),
        )

    def facts(self) -> DataFacts:
        """Return the facts of the digits at their own size."""
        return self.load({"image": (1, SIDE, SIDE)}).facts


@cache
def read_digits() -> tuple[Tensor, Tensor]:
    """Return the images (N, 1, 8, 8) in [0, 1] and the labels (N,).

    Raises:
        UserError: if scikit-learn is not installed.
    """
    # The file itself, because importing scikit-learn takes half as long as importing torch.
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise UserError(
            "data digits: scikit-learn, which brings the digits, is not installed: pip install scikit-learn"
        )
    with gzip.open(Path(spec.origin).parent / FILE, "rt") as file:
        table = np.array(file.read().replace("\n", ",").rstrip(",").split(","), dtype=np.float32).reshape(
            -1, SIDE**2 + 1
        )
    pixels = torch.from_numpy(table[:, :-1] / 16).view(-1, 1, SIDE, SIDE)
    return pixels, torch.from_numpy(table[:, -1].astype(np.int64))
