"""The augmentations of a recipe on the batches of an epoch, against kornia's modules for the same.

kornia applies the same operations of RandAugment to all images of a batch; here each image has its own.
"""

from typing import Any

import torch
from torch import Tensor

from composer.core.graph import ExtensionRef, Training
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit
from tests.benchmarks.measure import Row, compare

RECIPE = ("flip", "crop", "rand_augment", "erasing")
SIDE, COUNT, BATCH = 64, 512, 64
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


def images() -> LoadedDataset:
    """Return random images of 8 bits, as a dataset in memory."""
    form = ImageFormat((3, SIDE, SIDE), MEAN, STD)
    pixels = torch.randint(256, (COUNT, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    split = MemorySplit({"image": pixels, "label": torch.arange(COUNT) % 10}, form)
    return LoadedDataset(name="noise", train=split, val=split, classes=tuple("0123456789"), image=form)


def kornia_modules() -> list[Any]:
    """Return kornia's modules for the recipe, which take pixels in [0, 1]."""
    from kornia import augmentation as kornia

    return [
        kornia.RandomHorizontalFlip(p=0.5),
        kornia.RandomResizedCrop((SIDE, SIDE), scale=(0.35, 1.0), ratio=(0.75, 4 / 3)),
        kornia.auto.RandAugment(n=2, m=9),
        kornia.RandomErasing(p=0.25),
    ]


def run() -> list[Row]:
    """Compare both on one thread."""
    data, modules = images(), kornia_modules()
    augmenter = make_augmenter(Training(augment=tuple(map(ExtensionRef, RECIPE))), data, ("image",))
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (MEAN, STD))

    def ours() -> None:
        for _ in epoch_batches(data.train, BATCH, 0, 1, augmenter):
            pass

    def kornia() -> None:
        for batch in epoch_batches(data.train, BATCH, 0, 1, None):
            pixels: Tensor = batch["image"] * std + mean
            for module in modules:
                pixels = module(pixels)
            torch.sub(pixels, mean).div_(std)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        note = f"{', '.join(RECIPE)} of {COUNT} images of {SIDE} x {SIDE}, one thread"
        return [compare("augmentation of an epoch / kornia's", ours, kornia, rounds=5, note=note)]
    finally:
        torch.set_num_threads(before)
