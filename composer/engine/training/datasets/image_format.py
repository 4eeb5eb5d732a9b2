"""How an image becomes the input of a network: resizing, normalization per channel, and back to an image."""

import base64
import io
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from composer.engine.training.datasets.image_file import UserImage
from composer.engine.training.datasets.image_fit import Fit, fit_image

Shape = tuple[int, int, int]
# Values that are converted together on a CPU: half a megabyte of float32.
BLOCK = 2**17


@dataclass(frozen=True)
class Prepared:
    """An image of the user's as a network takes it.

    Args:
        tensor: the network input (1, C, H, W).
        notes: what was done to the image, for the user.
    """

    tensor: Tensor
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageFormat:
    """How an image becomes the input of a network.

    Args:
        shape: channels, height, width.
        mean: of each channel, subtracted from pixels in [0, 1]; a single value holds for all channels.
        std: of each channel; what the pixels are divided by.
        fit: how an image of other proportions meets the input, see `image_fit.fit_image`.
    """

    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fit: Fit = "crop"

    def normalize(self, pixels: Tensor) -> Tensor:
        """Return pixels (..., C, H, W) in [0, 1] as the network takes them."""
        return (pixels - per_channel(self.mean, pixels)) / per_channel(self.std, pixels)

    def to_input(self, pixels: Tensor) -> Tensor:
        """Return stored pixels as the network takes them: resized, normalized, grey or repeated channels.

        Args:
            pixels: images (N, c, h, w) of 1 or 3 channels, of uint8 or in [0, 1], or of as many as the network takes.
        """
        step = max(1, BLOCK // max(1, math.prod(pixels.shape[1:])))
        if pixels.device.type != "cpu" or len(pixels) <= step:
            return self._convert(pixels).expand(-1, self.shape[0], -1, -1).contiguous()
        # In pieces that fit the cache of a core: a batch of photographs in one piece takes several times as long.
        images = torch.empty(len(pixels), *self.shape)
        for low in range(0, len(pixels), step):
            images[low : low + step] = self._convert(pixels[low : low + step])
        return images

    def _convert(self, pixels: Tensor) -> Tensor:
        """Return stored pixels normalized and at the size of the input; a single channel is not yet repeated."""
        pixels = pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels
        if pixels.shape[1] == 3 and self.shape[0] != 3:
            pixels = to_grey(pixels)
        return self.normalize(resize(pixels, (self.shape[1], self.shape[2])))

    def normalize_bytes(self, pixels: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write pixels (H, W, C) of the size of the input as the network takes them (C, H, W).

        It is `to_input` without torch, whose own threads would stand in the way of those that decode; the results are
        equal to the bit.
        """
        np.divide(pixels.transpose(2, 0, 1), np.float32(255), out=out, casting="unsafe", dtype=np.float32)
        np.subtract(out, np.asarray(self.mean, np.float32)[:, None, None], out=out)
        np.divide(out, np.asarray(self.std, np.float32)[:, None, None], out=out)

    def denormalize(self, image: Tensor) -> Tensor:
        """Return the pixels (..., C, H, W) in [0, 1] of a network input."""
        return (image * per_channel(self.std, image) + per_channel(self.mean, image)).clamp(0, 1)

    def prepare(self, image: UserImage) -> Prepared:
        """Return an image of any size as a network input; channels are those that training would make of it."""
        channels, height, width = self.shape
        fitted, notes = fit_image(image.pixels, (width, height), self.fit)
        if channels != 3 and fitted.mode == "RGB":
            notes += ("its colours become grey" + (f", repeated in {channels} channels" if channels > 1 else ""),)
        pixels = np.asarray(fitted.convert("RGB" if channels == 3 else "L"), dtype=np.float32) / 255
        planes = torch.from_numpy(pixels).reshape(height, width, -1).permute(2, 0, 1)
        # As in training, a single channel is repeated where the network takes more.
        tensor = self.normalize(planes.expand(channels, -1, -1))[None].contiguous()
        return Prepared(tensor, (*image.notes, *notes))

    def to_image(self, tensor: Tensor, size: int | None = None) -> Image.Image:
        """Return a network input (C, H, W) as an image, its longer side enlarged to about `size` pixels."""
        pixels = self.denormalize(tensor.detach().cpu())
        pixels = pixels[:3] if len(pixels) >= 3 else pixels[:1].expand(3, -1, -1)
        image = Image.fromarray((pixels.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy())
        factor = max(1, round(size / max(image.size))) if size else 1
        # Pixels stay sharp squares: the viewer should see what the network sees.
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def per_channel(values: tuple[float, ...], like: Tensor) -> Tensor:
    """Return statistics as a tensor (C, 1, 1) that broadcasts over images (..., C, H, W)."""
    return _constant(tuple(values), like.dtype, like.device)


@lru_cache(maxsize=64)
def _constant(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a number per channel, copied once to each device: a copy waits until the device has done its work."""
    with torch.inference_mode(False):  # otherwise gradients could not pass through what it is multiplied with
        return torch.tensor(values, dtype=dtype, device=device).view(-1, 1, 1)


def channel_statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel of images (N, C, H, W) of uint8 or in [0, 1]."""
    if images.dtype == torch.uint8:
        counts = [torch.bincount(channel.reshape(-1), minlength=256).double() for channel in images.unbind(1)]
        return histogram_statistics(torch.stack(counts))
    pixels = images.transpose(0, 1).flatten(1).double()
    return tuple(pixels.mean(1).tolist()), tuple(pixels.std(1, correction=0).clamp_min(1e-6).tolist())


def histogram_statistics(counts: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel from how often it has each value of 8 bits (C, 256)."""
    values = torch.arange(256, dtype=torch.float64) / 255
    shares = counts / counts.sum(1, keepdim=True).clamp_min(1)
    mean = (shares * values).sum(1, keepdim=True)
    variance = (shares * (values - mean) ** 2).sum(1)
    return tuple(mean[:, 0].tolist()), tuple(variance.sqrt().clamp_min(1e-6).tolist())


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return images (N, c, h, w) in [0, 1] at another height and width."""
    if images.shape[2:] == size:
        return images
    # Bicubic curves overshoot at edges, and without filtering a small copy would alias.
    smaller = size[0] < images.shape[2] or size[1] < images.shape[3]
    return F.interpolate(images, size=size, mode="bicubic", align_corners=False, antialias=smaller).clamp_(0, 1)


def to_grey(images: Tensor) -> Tensor:
    """Return the luminance (N, 1, h, w) of colour images (N, 3, h, w), as Pillow computes it (ITU-R BT.601)."""
    return (images * images.new_tensor([0.299, 0.587, 0.114]).view(-1, 1, 1)).sum(1, keepdim=True)


def to_bytes(pixels: Tensor) -> Tensor:
    """Return pixels in [0, 1] as uint8."""
    return (pixels * 255).round().to(torch.uint8)


def png_base64(image: Image.Image) -> str:
    """Return an image as PNG bytes in base64, for the pipe."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
