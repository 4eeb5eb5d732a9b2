"""An epoch of batches from a folder of photographs that are decoded when needed, against a bare PyTorch DataLoader."""

import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from composer.core.graph import ExtensionRef
from composer.engine.device import cpu_cores
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import load
from composer.engine.training.datasets.image_folder.file_split import FileSplit
from tests.benchmarks.measure import Row, compare

COUNT = 2000
SIDE, INPUT = 500, 224
BATCH = 64


class BareImages(Dataset[tuple[torch.Tensor, int]]):
    """The same files and transforms, as short as a script has them.

    Args:
        split: the split to copy.
    """

    def __init__(self, split: FileSplit) -> None:
        self.paths = [str(split.root / path) for path in split.paths]
        self.labels = split.labels.tolist()
        self.mean = torch.tensor(split.image.mean).view(-1, 1, 1)
        self.std = torch.tensor(split.image.std).view(-1, 1, 1)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Decode, crop to the centre, resize and normalize one file."""
        with Image.open(self.paths[index]) as file:
            image = file.convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side)).resize((INPUT, INPUT), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float() / 255
        return (pixels - self.mean) / self.std, self.labels[index]


def write_photos(root: Path) -> None:
    """Write images with the spectrum of photographs, large areas and some noise: about 100 kB each."""
    draw = np.random.RandomState(0)
    for number in range(COUNT):
        areas = draw.randint(0, 256, (SIDE // 20, SIDE // 15, 3), dtype=np.uint8)
        image = Image.fromarray(areas).resize((SIDE * 4 // 3, SIDE), Image.Resampling.BICUBIC)
        noise = Image.effect_noise(image.size, 40).convert("RGB")
        path = root / f"class_{number % 4}" / f"{number:05d}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.blend(image, noise, 0.2).save(path, quality=85)


def run() -> list[Row]:
    """Compare one epoch of training batches."""
    with tempfile.TemporaryDirectory() as folder:
        write_photos(Path(folder))
        workers = cpu_cores()
        options = {"folder": folder, "cache": "files", "workers": workers, "val_share": 0.01}
        split = load(ExtensionRef("images", options), {"image": (3, INPUT, INPUT)}).train
        assert isinstance(split, FileSplit)
        loader = DataLoader(BareImages(split), BATCH, shuffle=True, num_workers=workers, persistent_workers=True)
        epochs = count(1)

        def ours() -> None:
            for batch in epoch_batches(split, BATCH, 0, next(epochs), None):
                batch["image"].shape  # noqa: B018

        def bare() -> None:
            for images, _ in loader:
                images.shape  # noqa: B018

        result = compare(
            "images from a folder / bare DataLoader", ours, bare, rounds=3, target=1 / 0.95, note=f"{workers} workers"
        )
        speeds = [len(split) / seconds * 1000 for seconds in (result.ours, result.reference)]
        note = f"{speeds[0]:,.0f} images/s against {speeds[1]:,.0f} with {workers} workers: {speeds[0] / speeds[1]:.2f}"
        return [Row(result.name, result.ours, result.reference, result.unit, result.target, result.spread, note)]
