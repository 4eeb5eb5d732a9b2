"""Folders of small images."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int = 0, width: int = 12, height: int = 10, mode: str = "RGB") -> Image.Image:
    """Random pixels."""
    pixels = np.random.RandomState(seed).randint(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def write(root: Path, names: Iterable[str]) -> Path:
    """Write an image under each name, with its folders."""
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        picture(seed).save(root / name)
    return root


def pets(root: Path, count: int = 10) -> Path:
    """Two classes of as many images."""
    return write(root, (f"{name}/{number:02d}.png" for name in ("cat", "dog") for number in range(count)))
