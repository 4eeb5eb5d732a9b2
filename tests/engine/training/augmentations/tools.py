"""Images whose changes can be computed by hand, and augmentations that are ready for them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from composer.engine.training.augmentations import Augmentation, ImageStatistics


def ready(augmentation: Any, shape: tuple[int, int, int] = (3, 12, 16), classes: int = 10) -> Any:
    """Return an augmentation that has been prepared for images of a shape."""
    assert isinstance(augmentation, Augmentation)
    augmentation.statistics = ImageStatistics(shape, (0.5,) * shape[0], (0.25,) * shape[0], classes)
    return augmentation


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(count: int, shape: tuple[int, int, int] = (3, 12, 16)) -> Tensor:
    """Images of all 256 levels, as pixels in [0, 1]."""
    return torch.randint(256, (count, *shape), generator=stream(7)) / 255


def photo(seed: int = 0) -> Tensor:
    """A smooth colourful image (1, 3, 24, 32) that is not gray anywhere near its centre."""
    rows, columns = np.mgrid[0:24, 0:32]
    planes = [(np.sin((rows * a + columns * b + seed) / 9) + 1) * 110 + 20 for a, b in ((1, 2), (2, -1), (-1, 1))]
    return torch.from_numpy(np.stack(planes).round().astype(np.float32))[None] / 255


def to_pillow(image: Tensor) -> Image.Image:
    pixels = (image * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])


def from_pillow(image: Image.Image) -> NDArray[np.float32]:
    pixels = np.asarray(image, dtype=np.float32) / 255
    return pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None]
