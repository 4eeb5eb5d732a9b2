"""Images as tensors: reading the user's files, resizing, and normalization with statistics per channel."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from composer.core.errors import UserError

Shape = tuple[int, int, int]
MAX_PIXELS = 100_000_000  # a photograph has some 50 million; far larger files are mistakes or attacks


@dataclass(frozen=True)
class ImageFormat:
    """How an image becomes the input of a network.

    Args:
        shape: channels, height, width.
        mean: of each channel, subtracted from pixels in [0, 1]; a single value holds for all channels.
        std: of each channel; what the pixels are divided by.
        frame: cuts the relevant part out of a user's image, so that it resembles the training images; by default the
            whole image is used.
    """

    shape: Shape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    frame: Callable[[Image.Image], Image.Image] = lambda image: image

    def normalize(self, pixels: Tensor) -> Tensor:
        """Return pixels (..., C, H, W) in [0, 1] as the network takes them."""
        return (pixels - per_channel(self.mean, pixels)) / per_channel(self.std, pixels)

    def denormalize(self, image: Tensor) -> Tensor:
        """Return the pixels (..., C, H, W) in [0, 1] of a network input."""
        return (image * per_channel(self.std, image) + per_channel(self.mean, image)).clamp(0, 1)

    def prepare(self, image: Image.Image) -> Tensor:
        """Return an image of any size and mode as a network input (1, C, H, W)."""
        channels, height, width = self.shape
        framed = self.frame(image).convert("L" if channels == 1 else "RGB")
        framed = framed.resize((width, height), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(framed, dtype=np.float32) / 255).reshape(height, width, -1)
        return self.normalize(pixels.permute(2, 0, 1)[:channels].expand(channels, -1, -1))[None].contiguous()

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
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(-1, 1, 1)


def channel_statistics(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel of images (N, C, H, W)."""
    pixels = images.transpose(0, 1).flatten(1).double()
    return tuple(pixels.mean(1).tolist()), tuple(pixels.std(1, correction=0).clamp_min(1e-6).tolist())


def resize(images: Tensor, shape: Shape) -> Tensor:
    """Return images (N, c, h, w) at another size, a single channel repeated where more are wanted."""
    if images.shape[2:] != shape[1:]:
        low, high = float(images.min()), float(images.max())  # bicubic curves overshoot at edges
        images = F.interpolate(images, size=shape[1:], mode="bicubic", align_corners=False).clamp_(low, high)
    return images.expand(-1, shape[0], -1, -1).contiguous()


def read_image(path: str | Path) -> Image.Image:
    """Open an image file of the user's, upright, as RGB or grey.

    Raises:
        UserError: if it is not a readable image, or far too large.
    """
    path = Path(path)
    limit = f"expected at most {MAX_PIXELS // 10**6} million"
    try:
        with Image.open(path) as file:
            if file.width * file.height > MAX_PIXELS:
                raise UserError(f"{path.name}: {file.width} x {file.height} pixels are too many, {limit}")
            return _to_rgb_or_grey(ImageOps.exif_transpose(file))
    except FileNotFoundError:
        raise UserError(f"{path}: file not found") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path.name}: too many pixels, {limit}") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(
            f"{path.name}: cannot be read as an image ({error}); expected a PNG, JPEG, WebP, BMP, GIF or TIFF file"
        ) from None


def _to_rgb_or_grey(image: Image.Image) -> Image.Image:
    """Return an image of any mode as RGB or 8-bit grey; transparent parts become white."""
    if image.mode in ("RGBA", "LA", "PA", "P"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    # convert("L") would clip 16-bit and float greys: scale them by their own range instead.
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float64)
        spread = max(float(np.ptp(values)), 1e-12)
        return Image.fromarray(((values - values.min()) / spread * 255).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def png_base64(image: Image.Image) -> str:
    """Return an image as PNG bytes in base64, for the pipe."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
