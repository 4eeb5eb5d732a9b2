"""The one reader of the user's image files: any mode and bit depth, upright, as 8-bit grey or RGB, with notes.

Whatever the reader has to decide about a file (a range of values, a ground under transparent parts, a missing number,
one of several frames) is a note for the user.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from composer.core.errors import UserError

MAX_PIXELS = 100_000_000  # a photograph has some 50 million; far larger files are mistakes or attacks
# Formats that pixels are decoded from; others would run programs (EPS starts Ghostscript) or hold no image.
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "DIB", "GIF", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "ICO", "QOI")
EXPECTED = "expected a PNG, JPEG, WebP, BMP, GIF or TIFF file"
# Values of the Exif orientation that swap width and height.
SIDEWAYS = (5, 6, 7, 8)
# Grounds for transparent images, in the order in which they are preferred: white, black, grey.
GROUNDS = (255, 0, 128)
# A ground is chosen by how much all but this share of the visible pixels contrasts with it.
FAINT_SHARE = 0.1


@dataclass(frozen=True)
class UserImage:
    """An image of the user's.

    Args:
        pixels: the image, of mode ``L`` or ``RGB``.
        notes: what was decided while reading it, for the user.
        size: width and height of the upright image in the file; that of `pixels` unless it was decoded smaller.
    """

    pixels: Image.Image
    notes: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.size == (0, 0):
            object.__setattr__(self, "size", self.pixels.size)


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image file that is in memory, such as the cell of a table.

    Args:
        name: its name for people.
        content: the bytes of the file.
    """

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name


ImageSource = Path | EncodedImage


def ignore_pillow_warnings() -> None:
    """Silence Pillow's warnings in this process: `warnings.catch_warnings` is of no use in threads."""
    warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: str | Path, at_least: int = 0) -> UserImage:
    """Read an image file of the user's.

    Args:
        path: the file.
        at_least: pixels of the shorter side that suffice; a JPEG whose shorter side is several times as long is decoded
            at a half, a quarter or an eighth of its size, which takes a fraction of the time. 0 decodes the full size.

    Returns:
        Its first frame, upright, as 8-bit grey or RGB.

    Raises:
        UserError: if it is not a readable image, or far too large.
    """
    # Pillow warns of sizes and damaged metadata on stderr: an image is read or refused, and notes tell the rest.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return decode_image(Path(path), at_least)


def decode_image(path: ImageSource, at_least: int = 0) -> UserImage:
    """Do the work of `read_image`, in any thread; the caller has silenced Pillow."""
    limit = f"expected at most {MAX_PIXELS // 10**6} million"
    if isinstance(path, Path) and path.exists() and not path.is_file():  # a pipe would never end
        raise UserError(f"{path}: is not a file; {EXPECTED}")
    try:
        stream = path if isinstance(path, Path) else io.BytesIO(path.content)
        with Image.open(stream, formats=_formats()) as file:
            if file.width * file.height > MAX_PIXELS:
                raise UserError(f"{path.name}: {file.width} x {file.height} pixels are too many, {limit}")
            frames = getattr(file, "n_frames", 1)
            notes = [f"only the first of {frames} frames is used"] if frames > 1 else []
            size = file.size
            if at_least and file.format == "JPEG":
                file.draft(None, (at_least, at_least))
            if file.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS:
                size = (size[1], size[0])
            ImageOps.exif_transpose(file, in_place=True)
            image = _to_eight_bits(path, file, notes)
            return UserImage(image.pixels, image.notes, size)
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"{path}: file not found") from None
    except Image.DecompressionBombError:
        raise UserError(f"{path.name}: too many pixels, {limit}") from None
    except UnidentifiedImageError:
        raise UserError(f"{path.name}: cannot be read as an image; {EXPECTED}") from None
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise errors of every type for damaged files
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path.name}: cannot be read as an image ({reason:.200}); {EXPECTED}") from None


@cache
def _formats() -> list[str]:
    """Return those of `FORMATS` that the installed Pillow knows."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _to_eight_bits(path: ImageSource, image: Image.Image, notes: list[str]) -> UserImage:
    """Return an image of any mode as grey or RGB of 8 bits."""
    if image.mode.startswith(("I", "F")):
        return UserImage(_scale_range(path, image, notes), tuple(notes))
    if image.has_transparency_data:
        image = _lay_on_ground(image.convert("RGBA"), notes)
    if image.mode == "LAB":  # Pillow converts it by colour profiles only
        raise UserError(f"{path.name}: its colours are Lab; save it as RGB")
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    image.load()
    return UserImage(image if image.mode == mode else image.convert(mode), tuple(notes))


def _scale_range(path: ImageSource, image: Image.Image, notes: list[str]) -> Image.Image:
    """Return greys of 16 bits, 32 bits or floating point, scaled by their own range: 8 bits would clip them."""
    values: NDArray[np.float64] = np.asarray(image).astype(np.float64)
    finite = np.isfinite(values)
    missing = values.size - int(finite.sum())
    if missing == values.size:
        raise UserError(f"{path.name}: none of its {values.size:,} pixels is a finite number")
    low, high = float(values[finite].min()), float(values[finite].max())
    if missing:
        notes.append(
            f"{missing:,} of {values.size:,} pixels {'is' if missing == 1 else 'are'} not a finite number: "
            "the range is that of the others, NaN is drawn as its lower end"
        )
    notes.append(f"values from {low:g} to {high:g} are scaled to black and white")
    # Divided by the largest magnitude first, so that the range of two huge numbers of opposite sign stays finite.
    unit = max(abs(low), abs(high)) or 1.0
    spread = high / unit - low / unit
    scaled = np.nan_to_num((values / unit - low / unit) / (spread or 1.0), nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1)
    return Image.fromarray((scaled * 255).astype(np.uint8))


def _lay_on_ground(image: Image.Image, notes: list[str]) -> Image.Image:
    """Lay an RGBA image on the ground that contrasts with its visible parts: white, else black, else grey."""
    alpha = np.asarray(image.getchannel("A"))
    if alpha.min() == 255:
        return image.convert("RGB")
    grey = np.asarray(image.convert("RGB").convert("L")).astype(np.int16)[alpha > 0]
    ground = GROUNDS[0]
    if grey.size:
        contrasts = [float(np.quantile(np.abs(grey - candidate), FAINT_SHARE)) for candidate in GROUNDS]
        # White is what people expect: another ground has to show clearly more.
        if max(contrasts) > 2 * contrasts[0]:
            ground = GROUNDS[contrasts.index(max(contrasts))]
    else:
        notes.append("the image is wholly transparent")
    name = {255: "white", 0: "black", 128: "grey"}[ground]
    notes.append(f"transparent parts are laid on {name}")
    return Image.alpha_composite(Image.new("RGBA", image.size, (ground, ground, ground, 255)), image).convert("RGB")
