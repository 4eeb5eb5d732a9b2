"""Data sets as tensors: a registry of loaders, a fixed split, and pictures prepared the way the training images were.

A loader is a function from the design's input shape to a `DataSet`, marked with `@dataset("name")`; later sets are one such
function each. Everything is held in memory, so the training loop can keep it on the device and needs no worker processes.
"""

import base64
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from composer.core.errors import DesignError, UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.graph import Design

Shape = tuple[int, int, int]
SPLIT_SEED = 0
RESIZED_BYTES = 2**28  # a resized data set up to this size is kept; a larger one is resized batch by batch
MAX_PIXELS = 100_000_000  # a photograph has some 50 million; far larger files are mistakes or attacks


@dataclass(frozen=True)
class Split:
    """Images and class numbers.

    Args:
        images: normalised float32 (N, c, h, w), at their final size or, where that would fill the memory, at their own.
        labels: class numbers (N,).
        shape: channels, height and width that `take` gives.
    """

    images: Tensor
    labels: Tensor
    shape: Shape

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor | slice) -> Tensor:
        """Some of the images at their final size (n, C, H, W)."""
        images = self.images[index]
        return images if images.shape[1:] == self.shape else resize(images, self.shape)

    def to(self, device: torch.device) -> "Split":
        """The same on a device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))


@dataclass(frozen=True)
class DataSet:
    """A data set at the size a design wants.

    Args:
        name: registered name.
        classes: label texts by class number.
        train: what is learned from.
        val: what accuracy is measured on; never trained on.
        mean: subtracted from pixels in [0, 1].
        std: what they are divided by.
        frame: cuts the interesting part out of a picture of the user's, so that it looks like the training images.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    val: Split
    mean: float
    std: float
    frame: Callable[[Image.Image], Image.Image]

    @property
    def shape(self) -> Shape:
        """Channels, height, width."""
        return self.train.shape

    def prepare(self, picture: Image.Image) -> Tensor:
        """A picture of any size and mode as a network input (1, C, H, W)."""
        channels, height, width = self.shape
        framed = (
            self.frame(picture)
            .convert("L" if channels == 1 else "RGB")
            .resize((width, height), Image.Resampling.BICUBIC)
        )
        pixels = (
            torch.from_numpy(np.asarray(framed, dtype=np.float32) / 255).reshape(height, width, -1).permute(2, 0, 1)
        )
        return ((pixels - self.mean) / self.std)[:channels].expand(channels, -1, -1)[None].contiguous()

    def picture(self, image: Tensor, size: int | None = None) -> Image.Image:
        """A network input (C, H, W) as a picture, its longer side enlarged to about `size` pixels."""
        pixels = (image.detach().cpu() * self.std + self.mean).clamp(0, 1)
        pixels = pixels[:3] if len(pixels) >= 3 else pixels[:1].expand(3, -1, -1)
        picture = Image.fromarray((pixels.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy())
        factor = max(1, round(size / max(picture.size))) if size else 1
        # Whole pixels stay whole: the viewer should see what the network sees.
        return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


_LOADERS: dict[str, Callable[[Shape], DataSet]] = {}


def dataset(name: str) -> Callable[[Callable[[Shape], DataSet]], Callable[[Shape], DataSet]]:
    """Register a loader under a name."""

    def register(loader: Callable[[Shape], DataSet]) -> Callable[[Shape], DataSet]:
        _LOADERS[name] = loader
        return loader

    return register


def names() -> list[str]:
    """The registered data sets."""
    return sorted(_LOADERS)


@lru_cache(maxsize=2)
def load(name: str, shape: Shape) -> DataSet:
    """Load a data set at a size.

    Args:
        name: registered name.
        shape: channels, height, width.

    Raises:
        UserError: if there is no such data set.
    """
    if name not in _LOADERS:
        raise UserError(f"data {name!r} is not known; choose one of: {', '.join(names())}")
    return _LOADERS[name](shape)


def resize(images: Tensor, shape: Shape) -> Tensor:
    """Images (N, c, h, w) at another size, one channel repeated where more are wanted."""
    if images.shape[2:] != shape[1:]:
        low, high = float(images.min()), float(images.max())  # bicubic curves overshoot at edges
        images = F.interpolate(images, size=shape[1:], mode="bicubic", align_corners=False).clamp_(low, high)
    return images.expand(-1, shape[0], -1, -1).contiguous()


def input_shape(design: Design) -> Shape:
    """Channels, height and width of the one image a design takes.

    Raises:
        DesignError: if the design has no input, several, or one that is not an image.
    """
    inputs = list(design.main.inputs.values())
    if len(inputs) != 1:
        found = ", ".join(item.id for item in inputs) or "none"
        raise DesignError(f"the design has {len(inputs)} inputs ({found}), but image data fills exactly one")
    variables = resolve_variables(design.variables)
    sizes = tuple(resolve(size, variables) for size in inputs[0].shape)
    if (
        len(sizes) != 3
        or not all(isinstance(size, int) and size > 0 for size in sizes)
        or not inputs[0].dtype.startswith("float")
    ):
        raise DesignError(
            f"input {inputs[0].id!r} is {list(sizes)} {inputs[0].dtype}, expected an image [channels, height, width] of float32",
            inputs[0].id,
        )
    channels, height, width = (int(str(size)) for size in sizes)
    return channels, height, width


def read_picture(path: str | Path) -> Image.Image:
    """Open an image file of the user's, upright, as RGB or grey.

    Raises:
        UserError: if it is no readable image, or far too large.
    """
    path = Path(path)
    try:
        with Image.open(path) as file:
            if file.width * file.height > MAX_PIXELS:
                raise UserError(
                    f"{path.name}: {file.width} x {file.height} pixels are too many, expected at most {MAX_PIXELS // 10**6} million"
                )
            upright = ImageOps.exif_transpose(file)
            if upright.mode in ("RGBA", "LA", "PA", "P"):
                upright = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
            # 16-bit and float greys are clipped by convert("L"): bring them to 0..255 by their own range.
            if upright.mode.startswith(("I", "F")):
                values = np.asarray(upright, dtype=np.float64)
                spread = max(float(np.ptp(values)), 1e-12)
                return Image.fromarray(((values - values.min()) / spread * 255).astype(np.uint8))
            return upright.convert("L" if upright.mode in ("1", "L") else "RGB")
    except FileNotFoundError:
        raise UserError(f"{path}: file not found") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path.name}: too many pixels, expected at most {MAX_PIXELS // 10**6} million") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(
            f"{path.name}: cannot be read as an image ({error}); expected a PNG, JPEG, WebP, BMP, GIF or TIFF file"
        ) from None


def png_base64(picture: Image.Image) -> str:
    """A picture as PNG bytes in base64, for the pipe."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def stratified_split(
    labels: NDArray[np.int64], share: float = 0.2, seed: int = SPLIT_SEED
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split so that every class gives the same share to validation.

    Args:
        labels: class numbers (N,).
        share: part of each class that is held out.
        seed: seed of the shuffle; the same everywhere, so that runs can be compared.

    Returns:
        Sorted indices of the training part and of the validation part.
    """
    shuffle = np.random.RandomState(
        seed
    )  # its stream is frozen by numpy's compatibility promise, unlike default_rng's methods
    held: list[NDArray[np.int64]] = []
    for number in np.unique(labels):
        members = np.flatnonzero(labels == number)
        held.append(shuffle.permutation(members)[: round(len(members) * share)])
    val = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(labels)), val), val


@dataset("digits")
def digits(shape: Shape) -> DataSet:
    """The 1,797 handwritten digits that scikit-learn bundles (8 x 8, from the UCI Optical Recognition of Handwritten Digits set).

    Source: E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, 1998, doi:10.24432/C50P49.
    """
    from sklearn.datasets import load_digits  # seconds to import, and only needed here

    bunch = load_digits()
    mean, std = 0.305, 0.376  # of the 8 x 8 training pixels
    pixels = torch.from_numpy(bunch.images.astype(np.float32) / 16)[:, None]
    images = (pixels - mean) / std
    if len(images) * math.prod(shape) * 4 <= RESIZED_BYTES:
        images = resize(images, shape)
    labels = torch.from_numpy(bunch.target.astype(np.int64))
    train, val = (torch.from_numpy(part) for part in stratified_split(labels.numpy()))
    return DataSet(
        name="digits",
        classes=tuple(str(number) for number in range(10)),
        train=Split(images[train], labels[train], shape),
        val=Split(images[val], labels[val], shape),
        mean=mean,
        std=std,
        frame=frame_digit,
    )


def frame_digit(picture: Image.Image) -> Image.Image:
    """Bright ink on black, cut to the ink and centred in a square: how the digits of the data set were recorded."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    ink = np.abs(grey - paper)
    if (peak := float(ink.max())) < 8:  # an empty page has no ink to cut to
        return Image.fromarray(np.zeros_like(grey, dtype=np.uint8))
    ink = ink / peak
    rows, columns = (np.flatnonzero((ink > 0.4).any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    square = np.zeros((side, side), np.float32)
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return Image.fromarray((square * 255).astype(np.uint8))
