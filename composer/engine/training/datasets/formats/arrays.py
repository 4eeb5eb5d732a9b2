"""Arrays of images and labels in the forms that people save them in, brought to one form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from composer.core.errors import UserError

Layout = Literal["auto", "channels_last", "channels_first"]
CHANNELS = (1, 3)
SHAPES = "(N, H, W), (N, H, W, C) or (N, C, H, W) with 1 or 3 channels"


def to_channels_last(images: NDArray[Any], where: str, layout: Layout = "auto") -> NDArray[Any]:
    """Return images as (N, H, W, C).

    Args:
        images: (N, H, W), (N, H, W, C) or (N, C, H, W).
        where: what they are, for messages.
        layout: the order of the axes; ``auto`` recognizes it by the number of channels.

    Raises:
        UserError: if the shape is another one, or both orders are possible.
    """
    shape = " x ".join(str(size) for size in images.shape)
    if images.ndim not in (3, 4):
        hint = "; reshape the rows to images before saving" if images.ndim == 2 else ""
        raise UserError(f"{where} is {shape}, expected images {SHAPES}{hint}")
    if 0 in images.shape:
        raise UserError(f"{where} is {shape}, expected at least one image")
    if images.ndim == 3:
        return images[..., None]
    last, first = images.shape[3] in CHANNELS, images.shape[1] in CHANNELS
    if layout == "auto" and last and first:
        raise UserError(
            f"{where} is {shape}, where the channels may be the second or the last axis; "
            "choose layout: channels_first or channels_last"
        )
    order = layout if layout != "auto" else "channels_first" if first else "channels_last"
    if not (first if order == "channels_first" else last):
        raise UserError(f"{where} is {shape}, expected images {SHAPES}")
    return images.transpose(0, 2, 3, 1) if order == "channels_first" else images


def require_finite(values: NDArray[Any], where: str) -> None:
    """Refuse numbers that are not finite.

    Raises:
        UserError: with how many there are, and the first sample that has one.
    """
    if values.dtype.kind != "f":
        return
    bad = ~np.isfinite(values)
    if bad.any():
        first = int(np.flatnonzero(bad.reshape(len(values), -1).any(1))[0])
        kind = "NaN" if np.isnan(values[first]).any() else "infinity"
        count = int(bad.sum())
        verb = "is no finite number" if count == 1 else "are no finite numbers"
        raise UserError(
            f"{where}: {count:,} of {values.size:,} values {verb}, the first is {kind} in sample {first}; "
            "replace them before saving"
        )


@dataclass(frozen=True)
class PixelRange:
    """How numbers become pixels of 8 bits.

    Args:
        low: what becomes black.
        high: what becomes white.
        note: what the user should know; empty if nothing is lost.
    """

    low: float
    high: float
    note: str = ""

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return numbers as pixels; what is out of the range becomes black or white."""
        if values.dtype == np.uint8 and (self.low, self.high) == (0, 255):
            return values
        # Divided by the larger magnitude first, so that the range of two huge numbers of opposite sign stays finite.
        unit = max(abs(self.low), abs(self.high)) or 1.0
        spread = (self.high / unit - self.low / unit) or 1.0
        scaled = (values.astype(np.float64) / unit - self.low / unit) / spread
        pixels: NDArray[np.uint8] = np.rint(scaled.clip(0, 1) * 255).astype(np.uint8)
        return pixels


def pixel_range(values: NDArray[Any], where: str) -> PixelRange:
    """Return the range of numbers that become pixels; that of the training part holds for all parts.

    Numbers of 8 bits and shares from 0 to 1 are taken as they are, others by their smallest and largest value.

    Raises:
        UserError: if they are no numbers, or not finite.
    """
    if values.dtype.kind not in "buif":
        raise UserError(f"{where} holds {values.dtype}, expected numbers")
    require_finite(values, where)
    if values.dtype == np.uint8:
        return PixelRange(0, 255)
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "b" or (values.dtype.kind == "f" and low >= 0 and high <= 1):
        return PixelRange(0, 1)
    if low >= 0 and high <= 255 and (values.dtype.kind in "iu" or bool((values == np.rint(values)).all())):
        return PixelRange(0, 255)
    return PixelRange(low, high, f"{where}: values from {low:g} to {high:g} are scaled to black and white")


def number_labels(
    parts: Sequence[NDArray[Any]], where: str, names: Sequence[str] = ()
) -> tuple[list[NDArray[np.int64]], tuple[str, ...]]:
    """Return the labels of all parts as class numbers, and the names of the classes.

    Args:
        parts: integers or texts, (N,) or (N, 1).
        where: what they are, for messages.
        names: names of the classes 0, 1, ...; without them a class is named by its label.

    Raises:
        UserError: if they are no labels, or a label has no name.
    """
    flat = [part[:, 0] if part.ndim == 2 and part.shape[1] == 1 else part for part in parts]
    for part in flat:
        if part.ndim != 1:
            shape = " x ".join(str(size) for size in part.shape)
            raise UserError(f"{where}: labels are {shape}, expected one number or text for each sample (N)")
        if part.dtype.kind not in "biufSUO":
            raise UserError(f"{where}: labels are {part.dtype}, expected integers or texts")
        if part.dtype.kind == "f":
            require_finite(part, f"{where}: labels")
            if bool((part != np.rint(part)).any()):
                raise UserError(f"{where}: labels have fractions, expected integers or texts")
    if len({"text" if part.dtype.kind in "SUO" else "number" for part in flat}) > 1:
        raise UserError(f"{where}: labels are texts in one part and numbers in another; save all in one form")
    if flat[0].dtype.kind in "SUO":
        return _number_texts(flat)
    numbers = [part.astype(np.int64) for part in flat]
    distinct = np.unique(np.concatenate(numbers))
    if names:
        outside = [int(label) for label in distinct if not 0 <= label < len(names)]
        if outside:
            raise UserError(f"{where}: the label {outside[0]} has no name: {len(names)} classes are named, from 0 on")
        return numbers, tuple(names)
    # Labels may start at 1, as those of EMNIST Letters do, or leave out numbers.
    return [np.searchsorted(distinct, part).astype(np.int64) for part in numbers], tuple(map(str, distinct.tolist()))


def _number_texts(parts: Sequence[NDArray[Any]]) -> tuple[list[NDArray[np.int64]], tuple[str, ...]]:
    """Number texts in alphabetical order."""
    texts = [
        np.array([entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in part])
        for part in parts
    ]
    distinct = np.unique(np.concatenate(texts))
    return [np.searchsorted(distinct, part).astype(np.int64) for part in texts], tuple(map(str, distinct.tolist()))
